"""A glance sees what the whole reader sees: on calls that Hypothesis makes up, plain and odd ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outcrop.bedrock.chunks import Pieces
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.testing.event_stream import encode_event
from outcrop.views import glance_span, read_span

Strategy = st.SearchStrategy[Any]
# What a glance promises; of streams the outcome and the first chunk.
_SEEN = (
    "span_type",
    "usage",
    "request_model",
    "response_model",
    "finish_reason",
    "tool_calls",
    "attempts",
    "request_preview",
    "response_preview",
    "problem",
    "provider",
    "vendor",
    "model_family",
    "model_region_group",
    "model_arn_kind",
    "service_tier",
    "outputs",
)
_TEXTS: Strategy = st.sampled_from(["", " ", "Hello.", "Two\nlines  and\tmore", "日本語 " * 90, "x" * 500])
_ODD: Strategy = st.sampled_from([None, 7, "words", [], {}, ["words"], {"text": 7}, {"text": "a", "more": 1}])
_TOOL_USE: Strategy = st.fixed_dictionaries(
    {}, optional={"name": st.sampled_from(["a", "b"]), "input": st.just({})}
)
_IMAGE = {"image": {"format": "png", "source": {"bytes": "aGk="}}}
_BLOCKS: Strategy = st.one_of(
    _TEXTS.map(lambda text: {"text": text}),
    _TOOL_USE.map(lambda use: {"toolUse": use}),
    _TEXTS.map(lambda text: {"toolResult": {"toolUseId": "1", "content": [{"text": text}]}}),
    _TEXTS.map(lambda text: {"guardContent": {"text": {"text": text}}}),
    _TEXTS.map(lambda text: {"citationsContent": {"content": [{"text": text}]}}),
    _TEXTS.map(lambda text: {"reasoningContent": {"reasoningText": {"text": text}}}),
    st.just(_IMAGE),
    st.just({"cachePoint": {"type": "default"}}),
    st.just({"somethingNew": {"text": "hidden"}}),
    _ODD,
)
_MESSAGES: Strategy = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "tool", None])},
        optional={"content": st.one_of(st.lists(_BLOCKS, max_size=3), _ODD)},
    ),
    _ODD,
)
_COUNTS: Strategy = st.one_of(st.integers(0, 9), st.sampled_from([None, "5", "many", True]))
_COUNTED = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
_USAGE: Strategy = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"), _COUNTS
    ),
)
_REQUESTS: Strategy = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.one_of(st.lists(_MESSAGES, max_size=4), _ODD),
        "performanceConfig": st.sampled_from([{"latency": "optimized"}, {"latency": "standard"}, 7]),
        "serviceTier": st.sampled_from([{"type": "flex"}, {"type": "default"}, "priority", None]),
    },
)
_ANSWERS: Strategy = st.fixed_dictionaries(
    {},
    optional={
        "output": st.one_of(_MESSAGES.map(lambda message: {"message": message}), _ODD),
        "usage": st.one_of(_USAGE, _ODD),
        "stopReason": st.sampled_from(["end_turn", "guardrail_intervened", None, 7]),
        "trace": st.sampled_from([{"promptRouter": {"invokedModelId": "amazon.nova-lite-v1:0"}}, {}, 7]),
        "serviceTier": st.just({"type": "priority"}),
    },
)
_MODELS: Strategy = st.sampled_from(
    ["anthropic.claude-3-haiku-20240307-v1:0", "us.amazon.nova-pro-v1:0", "arn:aws:bedrock:x", None]
)


def _compare(attributes: dict[str, Any]) -> None:
    whole, glance = read_span(attributes, attempts=2), glance_span(attributes, attempts=2)
    for name in _SEEN:
        assert getattr(glance, name) == getattr(whole, name), name
    assert (glance.stream is None) == (whole.stream is None)
    if glance.stream is not None and whole.stream is not None:
        assert glance.stream.outcome == whole.stream.outcome
        assert glance.stream.chunks == whole.stream.chunks[:1]
        assert glance.stream.time_to_first_chunk_ns == whole.stream.time_to_first_chunk_ns


def _attributes(request: Any, answer: Any, model: str | None) -> dict[str, Any]:
    found = {
        names.AWS_OPERATION: "Converse",
        names.SPAN_TYPE: "CHAT_MODEL",
        gen_ai.REQUEST_MODEL: model,
        names.REQUEST_PARAMS: json.dumps({"modelId": model}),
        names.REQUEST_BODY: json.dumps(request).encode(),
        names.RESPONSE_BODY: json.dumps(answer).encode(),
    }
    return {name: value for name, value in found.items() if value is not None}


def _asked(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@settings(max_examples=120)
@given(_REQUESTS, _ANSWERS, _MODELS)
@example({"messages": [7]}, {"output": {"message": {"content": "words"}}}, None)
@example(_asked({"text": "a"}, {"toolResult": {"content": []}}), {"stopReason": "end_turn"}, "x")
@example(
    _asked({"image": {"format": "png", "source": {"bytes": "aGk="}}}), {"usage": {"inputTokens": 1}}, "x"
)
def test_it_sees_what_the_whole_reader_sees_of_converse(request: Any, answer: Any, model: str | None) -> None:
    _compare(_attributes(request, answer, model))


@pytest.mark.parametrize(
    "changed",
    [
        {names.RESPONSE_BODY: None},
        {names.RESPONSE_BODY: b"no JSON"},
        {names.RESPONSE_BODY: b"[1]"},
        {names.RESPONSE_BODY: b"{}"},
        {names.REQUEST_BODY: None},
        {names.REQUEST_BODY: '{"messages": [{"role": "user", "content": [{"text": "as text"}]}]}'},
        {names.REQUEST_BODY: b"\xff"},
        {names.SPAN_TYPE: None},
        {names.MODEL_RESOLVED: "amazon.nova-lite-v1:0", gen_ai.REQUEST_MODEL: "arn:aws:bedrock:y"},
        {names.CONTENT: "metadata", gen_ai.USAGE_INPUT_TOKENS: 5, names.TOOL_CALLS: ["a"]},
        {names.CUT: ["outcrop.request.body"], names.RESPONSE_BODY: None, names.SERVICE_TIER: "flex"},
        {names.AWS_OPERATION: "CountTokens"},
        {names.AWS_OPERATION: "InvokeModel"},
        {names.AWS_OPERATION: None},
    ],
)
def test_it_goes_the_whole_way_where_a_span_is_of_another_kind(changed: dict[str, Any]) -> None:
    answer = {"output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}}, "usage": {}}
    plain = _attributes(_asked({"text": "Hello"}), answer, "us.amazon.nova-pro-v1:0")
    _compare({name: value for name, value in {**plain, **changed}.items() if value is not None})


def _stream(*events: tuple[str, dict[str, Any]]) -> bytes:
    pieces = Pieces()
    for kind, payload in events:
        pieces.add(encode_event(kind, payload))
    return pieces.packed(0.0)


def test_of_a_stream_it_keeps_the_first_chunk() -> None:
    packed = _stream(
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "lo"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}),
    )
    attributes = {
        **_attributes(_asked({"text": "Hello"}), {}, "us.amazon.nova-pro-v1:0"),
        names.AWS_OPERATION: "ConverseStream",
        names.STREAM_CHUNKS: packed,
        names.STREAM_OUTCOME: "complete",
        names.STREAM_END_REASON: "exhausted",
    }
    del attributes[names.RESPONSE_BODY]
    _compare(attributes)
    assert glance_span(attributes).response_preview == "Hello"
