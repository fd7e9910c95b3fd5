"""The words of a call, read quickly, are those of its conversation: on calls that Hypothesis makes up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outcrop.bedrock.words import words_at
from outcrop.genai.content import content_of_view
from outcrop.json_reading import parse_json
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import listed_attributes, read_span, read_words

Strategy = st.SearchStrategy[Any]
_TEXTS: Strategy = st.sampled_from(["", " ", "Hello.", "Two\nlines", "日本語 " * 90, "QUJD" * 400, "7"])
_ODD: Strategy = st.sampled_from([None, 7, "words", [], {}, ["words"], {"text": 7}, {"text": "a", "more": 1}])
_JSON: Strategy = st.recursive(
    st.one_of(_TEXTS, st.integers(0, 9), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_TEXTS, inner, max_size=2)),
    max_leaves=4,
)
_RESULTS: Strategy = st.one_of(
    _TEXTS.map(lambda text: {"text": text}), _JSON.map(lambda value: {"json": value}), _ODD
)
_IMAGE = {"image": {"format": "png", "source": {"bytes": "aGk="}}}
_PDF = {"document": {"format": "pdf", "name": "Terms", "source": {"s3Location": {"uri": "s3://a/b.pdf"}}}}
_BLOCKS: Strategy = st.one_of(
    _TEXTS.map(lambda text: {"text": text}),
    _JSON.map(lambda value: {"toolUse": {"toolUseId": "1", "name": "find", "input": value}}),
    st.lists(_RESULTS, max_size=2).map(lambda all_of_it: {"toolResult": {"content": all_of_it}}),
    _TEXTS.map(lambda text: {"guardContent": {"text": {"text": text, "qualifiers": ["query"]}}}),
    _TEXTS.map(lambda text: {"citationsContent": {"content": [{"text": text}], "citations": [{"a": text}]}}),
    _TEXTS.map(lambda text: {"reasoningContent": {"reasoningText": {"text": text, "signature": "no word"}}}),
    st.sampled_from([_IMAGE, _PDF, {"cachePoint": {"type": "default"}}]),
    _JSON.map(lambda value: {"somethingNew": value}),
    _ODD,
)
_CONTENT: Strategy = st.one_of(st.lists(_BLOCKS, max_size=3), _ODD)
_MESSAGES: Strategy = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", None])}, optional={"content": _CONTENT}
    ),
    _ODD,
)
_CONFIGURED = {
    "inferenceConfig": st.sampled_from([{"maxTokens": 9, "stopSequences": ["a"]}, 7]),
    "guardrailConfig": st.sampled_from([{"guardrailIdentifier": "g", "guardrailVersion": "1"}, "g"]),
    "performanceConfig": st.just({"latency": "optimized"}),
}
_REQUESTS: Strategy = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.one_of(st.lists(_MESSAGES, max_size=4), _ODD),
        "system": _CONTENT,
        **_CONFIGURED,
    },
)
_ANSWERS: Strategy = st.fixed_dictionaries(
    {},
    optional={
        "output": st.one_of(_MESSAGES.map(lambda message: {"message": message}), _ODD),
        "usage": st.sampled_from([{"inputTokens": 3, "outputTokens": 2, "cacheReadInputTokens": 1}, 7, {}]),
        "stopReason": st.sampled_from(["end_turn", "guardrail_intervened", 7]),
        "trace": st.sampled_from([{"promptRouter": {"invokedModelId": "amazon.nova-lite-v1:0"}}, 7]),
    },
)
_PARAMS: Strategy = st.fixed_dictionaries(
    {"modelId": st.just("x")}, optional={"messages": _CONTENT, "system": _CONTENT, **_CONFIGURED}
)
_HELLO = {"messages": [{"role": "user", "content": [{"text": "Hello."}]}]}
_HI = {"output": {"message": {"role": "assistant", "content": [{"text": "Hi."}]}}, "stopReason": "end_turn"}


def _attributes(request: Any, answer: Any, params: Any) -> dict[str, Any]:
    return {
        names.AWS_OPERATION: "Converse",
        gen_ai.REQUEST_MODEL: "us.amazon.nova-pro-v1:0",
        names.REQUEST_PARAMS: json.dumps(params),
        names.REQUEST_BODY: json.dumps(request).encode(),
        names.RESPONSE_BODY: json.dumps(answer).encode(),
        "tag": "own",
    }


def _compare(attributes: dict[str, Any]) -> None:
    view = read_span(attributes)
    words, listed = read_words(attributes)
    assert words == content_of_view(view)
    assert listed == listed_attributes(attributes, view)


@settings(max_examples=120)
@given(_REQUESTS, _ANSWERS, _PARAMS)
@example(_HELLO, _HI, {"system": [{"text": "From the arguments."}]})
@example({"system": [{"text": "No messages."}]}, _HI, {"messages": [{"content": [{"text": "Here."}]}]})
def test_they_are_those_of_the_conversation(request: Any, answer: Any, params: Any) -> None:
    _compare(_attributes(request, answer, params))


def test_a_plain_call_is_read_quickly_and_in_its_order() -> None:
    request = {"system": [{"text": "Be kind."}], **_HELLO}
    found = words_at(_attributes(request, _HI, {"modelId": "x"}), parse_json)
    assert found is not None
    assert found[1] == ["Be kind.", "Hello.", "Hi."]


@pytest.mark.parametrize(
    "changed",
    [
        {names.RESPONSE_BODY: None},
        {names.RESPONSE_BODY: b"no JSON"},
        {names.RESPONSE_BODY: b"{}"},
        {names.REQUEST_BODY: b"[1]"},
        {names.REQUEST_BODY: json.dumps(_HELLO)},
        {names.REQUEST_PARAMS: None},
        {names.REQUEST_PARAMS: "no JSON"},
        {names.CONTENT: "metadata", gen_ai.USAGE_INPUT_TOKENS: 5},
        {names.CUT: ["outcrop.request.body"]},
        {gen_ai.REQUEST_STREAM: True, names.STREAM_OUTCOME: "complete"},
        {names.AWS_OPERATION: "InvokeModel"},
        {names.AWS_OPERATION: None},
    ],
)
def test_of_another_kind_they_are_those_of_the_whole_reader(changed: dict[str, Any]) -> None:
    plain = _attributes(_HELLO, _HI, {"modelId": "x"})
    _compare({name: value for name, value in {**plain, **changed}.items() if value is not None})
