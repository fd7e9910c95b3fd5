"""Content modes: what was said is gone, and what lists, costs and readers need is not."""

from __future__ import annotations

import copy
import json
from importlib.util import find_spec
from typing import Any

import pytest
from botocore.exceptions import ClientError

import outcrop
from outcrop.entities import Span
from outcrop.genai.stream import Chunk
from outcrop.kept_settings import KeptSettings
from outcrop.otlp.records import SpanRecord
from outcrop.policy.policy import Policy
from outcrop.testing import BedrockEmulator, RawBody, Reasoning, Reply, ToolUse, Usage, ValidationError
from outcrop.testing.traces import CapturedTraces
from outcrop.views import read_span

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
WORD = "Zanzibar"
ASKED: list[dict[str, Any]] = [
    {"role": "user", "content": [{"text": f"Where is {WORD}?"}]},
    {
        "role": "assistant",
        "content": [
            {"toolUse": {"toolUseId": "t0", "name": "look_up", "input": {WORD: WORD, "n": 7712377123}}}
        ],
    },
    {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "t0", "content": [{"json": {WORD: 7712377123}}, {"text": WORD}]}}
        ],
    },
]
TOOLS: dict[str, Any] = {
    "tools": [
        {
            "toolSpec": {
                "name": "look_up",
                "description": f"Looks up {WORD}",
                "inputSchema": {"json": {"type": "object", "properties": {"n": {"type": "integer"}}}},
            }
        }
    ]
}
ANTHROPIC: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 99,
    "system": WORD,
    "messages": [{"role": "user", "content": f"Where is {WORD}?"}],
}


def _reply(**more: Any) -> Reply:
    return Reply(
        Reasoning(f"Think of {WORD}.", signature="c2ln"),
        f"{WORD} is an island.",
        ToolUse("look_up", {"place": WORD, "n": 7712377123}, tool_use_id="t1"),
        usage=Usage(12, 7, cache_read=5),
        chunk_size=4,
        **more,
    )


def _calls(client: Any) -> None:
    common: dict[str, Any] = {"modelId": MODEL, "messages": ASKED, "toolConfig": TOOLS}
    client.converse(
        **common, system=[{"text": WORD}], inferenceConfig={"maxTokens": 99, "stopSequences": [WORD]}
    )
    list(client.converse_stream(**common)["stream"])
    client.invoke_model(modelId=MODEL, body=json.dumps(ANTHROPIC))["body"].read()
    list(client.invoke_model_with_response_stream(modelId=MODEL, body=json.dumps(ANTHROPIC))["body"])


def _spans(traces: CapturedTraces) -> list[Span]:
    return [span for trace in traces.all() for span in trace.data.spans]


def _facts(span: Span) -> dict[str, Any]:
    """What lists show of a call."""
    kept = ("gen_ai.usage", "gen_ai.response", "gen_ai.request.model", "gen_ai.request.max", "outcrop.model")
    facts = {name: value for name, value in span.attributes.items() if name.startswith(kept)}
    # The clock's, and other in every run.
    facts.pop("gen_ai.response.time_to_first_chunk", None)
    return {**facts, "type": span.span_type, "cost": span.cost, "status": span.status}


@pytest.mark.parametrize("mode", ["no_content", "metadata"])
def test_the_words_are_gone_and_the_facts_are_the_same(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces, mode: str
) -> None:
    bedrock_emulator.script(MODEL, _reply())
    _calls(client)
    everything = [_facts(span) for span in _spans(traces)]
    # The light installation knows no prices.
    assert all(facts["cost"] for facts in everything) == (find_spec("genai_prices") is not None)
    traces.clear()
    outcrop.configure(content=mode)
    _calls(client)
    spans = _spans(traces)
    assert [_facts(span) for span in spans] == everything
    assert WORD not in repr(traces.records())
    assert "7712377123" not in repr(traces.records())
    assert {span.attributes["outcrop.content"] for span in spans} == {mode}
    assert all("gen_ai.response.time_to_first_chunk" in span.attributes for span in spans[1::2])
    assert all(span.attributes["outcrop.response.tool_calls"] == ["look_up"] for span in spans)


def test_no_content_keeps_the_structure_of_a_conversation(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    outcrop.configure(content="no_content")
    bedrock_emulator.script(MODEL, _reply())
    _calls(client)
    plain, stream, invoked, invoked_stream = _spans(traces)
    assert plain.inputs["messages"] == [
        {"role": "user", "content": [{"text": "[no content: 18 characters]"}]},
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "t0", "name": "look_up", "input": "[no content: object of 2]"}}
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "toolResult": {
                        "toolUseId": "t0",
                        "content": [
                            {"json": "[no content: object of 1]"},
                            {"text": "[no content: 8 characters]"},
                        ],
                    }
                }
            ],
        },
    ]
    assert plain.inputs["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look_up"
    assert plain.inputs["inferenceConfig"]["maxTokens"] == 99
    for span in (plain, stream):
        reasoning, text, tool = span.outputs["output"]["message"]["content"]
        assert reasoning["reasoningContent"]["reasoningText"]["text"] == "[no content: 18 characters]"
        assert text == {"text": "[no content: 22 characters]"}
        assert (tool["toolUse"]["name"], tool["toolUse"]["toolUseId"]) == ("look_up", "t1")
        assert span.outputs["stopReason"] == "tool_use"
        assert span.outputs["usage"]["outputTokens"] == 7
    for span in (invoked, invoked_stream):
        kinds = [block["type"] for block in span.outputs["body"]["content"]]
        assert kinds == ["thinking", "text", "tool_use"]
        assert span.outputs["body"]["content"][2]["name"] == "look_up"


def test_no_content_keeps_number_size_and_time_of_a_streams_chunks(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, _reply())
    client_calls = (
        client.converse_stream(modelId=MODEL, messages=ASKED[:1])["stream"],
        client.invoke_model_with_response_stream(modelId=MODEL, body=json.dumps(ANTHROPIC))["body"],
    )
    for stream in client_calls:
        list(stream)
    for record in traces.records():
        chunks = _chunks(record)
        emptied = Policy(KeptSettings(content="no_content")).apply(copy.deepcopy(record), "no_content")
        kept = _chunks(emptied)
        assert [(c.type, c.kind, c.offset_ns) for c in kept] == [
            (c.type, c.kind, c.offset_ns) for c in chunks
        ]
        # A mark may be longer than the words that it stands for, and so makes its chunk longer.
        grown = [
            str(chunk.data)
            for chunk, before in zip(kept, chunks, strict=True)
            if chunk.size_bytes != before.size_bytes
        ]
        assert all("[no content" in data for data in grown)
        assert len(grown) < len(kept) / 3


def _chunks(record: SpanRecord) -> list[Chunk]:
    stream = read_span(record.attributes).stream
    assert stream is not None
    return stream.chunks


def test_functions_keep_their_counts_alone(traces: CapturedTraces) -> None:
    @outcrop.trace
    def look(place: str, count: int) -> list[str]:
        return [place] * count

    outcrop.configure(content="no_content")
    look(WORD, 3)
    outcrop.configure(content="metadata")
    look(WORD, 3)
    emptied, bare = _spans(traces)
    assert (emptied.inputs, emptied.outputs) == ("[no content: object of 2]", "[no content: list of 3]")
    assert (bare.inputs, bare.outputs) == (None, None)
    assert WORD not in repr(traces.records())


def test_vectors_and_other_words_attributes_are_content(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    model = "amazon.titan-embed-text-v2:0"
    outcrop.configure(content="no_content")
    bedrock_emulator.script(model, RawBody(b'{"embedding": [0.25, 0.5, -1], "inputTextTokenCount": 3}'))
    client.invoke_model(modelId=model, body=json.dumps({"inputText": WORD}))["body"].read()
    with outcrop.start_span("other", attributes={"gen_ai.prompt.0.content": WORD, "mine": "stays"}) as span:
        message = [{"role": "user", "parts": [{"type": "text", "content": WORD}]}]
        span.set_attribute("gen_ai.input.messages", json.dumps(message))
    embedding, other = _spans(traces)
    assert embedding.outputs["body"] == {"embedding": [0, 0, 0], "inputTextTokenCount": 3}
    assert embedding.span_type == "EMBEDDING"
    assert other.attributes["mine"] == "stays"
    assert json.loads(other.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "[no content: 8 characters]"}]}
    ]
    assert WORD not in repr(traces.records())


@pytest.mark.parametrize("mode", ["no_content", "metadata"])
def test_an_error_keeps_its_type_and_message(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces, mode: str
) -> None:
    outcrop.configure(content=mode)
    bedrock_emulator.script(MODEL, ValidationError("messages: too few"))
    with pytest.raises(ClientError):
        client.converse(modelId=MODEL, messages=ASKED[:1])
    (span,) = _spans(traces)
    assert span.attributes["error.type"] == "ValidationException"
    assert span.status.description == "messages: too few"
    assert [event.name for event in span.events] == ["outcrop.attempt", "exception"]
    assert WORD not in repr(traces.records())


def test_a_block_says_otherwise(
    client: Any, bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, _reply())
    with outcrop.keeping(content="metadata"):
        client.converse(modelId=MODEL, messages=ASKED[:1])
        with outcrop.keeping(content="everything"):
            client.converse(modelId=MODEL, messages=ASKED[:1])
        stream = client.converse_stream(modelId=MODEL, messages=ASKED[:1])["stream"]
    client.converse(modelId=MODEL, messages=ASKED[:1])
    list(stream)  # it began within the block
    modes = [span.attributes.get("outcrop.content") for span in _spans(traces)]
    assert modes == ["metadata", None, None, "metadata"]


def test_a_wrong_mode_is_refused_with_the_valid_ones() -> None:
    expected = "give one of everything, no_content, metadata"
    with pytest.raises(outcrop.ConfigurationError, match=expected):
        outcrop.configure(content="some")
    with pytest.raises(outcrop.ConfigurationError, match=expected), outcrop.keeping(content="some"):
        pass
