"""Converse and ConverseStream in the conventions' words, through real boto3 and the emulator."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from outcrop.normalised.span import normalise
from outcrop.testing import (
    BedrockEmulator,
    Reasoning,
    Reply,
    StreamFailure,
    Throttling,
    ToolUse,
    Usage,
)
from outcrop.testing.traces import CapturedTraces
from sdk.tests.normalised.conftest import Newest, sent
from sdk.tests.normalised.schema import check_messages, check_system_instructions, check_tools

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
PICTURE = b"\x89PNG\r\n\x1a\n0000"
WEATHER: dict[str, Any] = {
    "toolSpec": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
}
CONVERSATION: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"text": "Is it warm?"},
            {"image": {"format": "png", "source": {"bytes": PICTURE}}},
            {
                "document": {
                    "format": "pdf",
                    "name": "report",
                    "source": {"s3Location": {"uri": "s3://bucket/report.pdf"}},
                }
            },
            {"cachePoint": {"type": "default"}},
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"reasoningContent": {"reasoningText": {"text": "Ask the tool.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": b"hidden"}},
            {"toolUse": {"toolUseId": "a", "name": "get_weather", "input": {"city": "Oslo"}}},
        ],
    },
    {
        "role": "user",
        "content": [{"toolResult": {"toolUseId": "a", "content": [{"json": {"degrees": 7}}]}}],
    },
]
ASKED: dict[str, Any] = {
    "modelId": MODEL,
    "messages": CONVERSATION,
    "system": [{"text": "Be brief."}],
    "toolConfig": {"tools": [WEATHER, {"cachePoint": {"type": "default"}}]},
    "inferenceConfig": {"maxTokens": 300, "temperature": 1, "topP": 0.5, "stopSequences": ["END"]},
    "additionalModelRequestFields": {"top_k": 40},
}
HELLO: dict[str, Any] = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Hello?"}]}]}
REPLY = Reply(
    Reasoning("Seven is cold.", signature="c2ln"),
    "No.",
    ToolUse("get_weather", {"city": "Bergen"}, tool_use_id="b"),
    usage=Usage(10, 5, cache_read=100, cache_write=7),
)


def _read(client: Any, is_stream: bool, asked: dict[str, Any]) -> None:
    if is_stream:
        list(client.converse_stream(**asked)["stream"])
    else:
        client.converse(**asked)


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_conversation_is_written_in_the_conventions_schema(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest, is_stream: bool
) -> None:
    bedrock_emulator.script(MODEL, REPLY)
    _read(client, is_stream, ASKED)
    span = newest()
    assert span.name == f"chat {MODEL}"
    user, assistant, tool = check_messages(span.attributes["gen_ai.input.messages"])
    assert user["role"] == "user"
    text, image, document, cache_point = user["parts"]
    assert text == {"type": "text", "content": "Is it warm?"}
    assert (image["type"], image["modality"], image["mime_type"]) == ("blob", "image", "image/png")
    assert base64.b64decode(image["content"]) == PICTURE
    assert document == {
        "type": "uri",
        "modality": "document",
        "mime_type": "application/pdf",
        "uri": "s3://bucket/report.pdf",
        "name": "report",
    }
    assert cache_point == {"type": "generic", "generic_type": "cachePoint", "value": {"type": "default"}}
    thought, hidden, call = assistant["parts"]
    assert (thought["type"], thought["content"]) == ("reasoning", "Ask the tool.")
    assert (hidden["type"], hidden["content"]) == ("reasoning", "")
    assert base64.b64decode(hidden["redacted"]) == b"hidden"
    assert call == {"type": "tool_call", "id": "a", "name": "get_weather", "arguments": {"city": "Oslo"}}
    assert tool["role"] == "tool"
    assert tool["parts"] == [{"type": "tool_call_response", "id": "a", "response": {"degrees": 7}}]

    (answer,) = check_messages(span.attributes["gen_ai.output.messages"], is_output=True)
    assert (answer["role"], answer["finish_reason"]) == ("assistant", "tool_call")
    assert [part["type"] for part in answer["parts"]] == ["reasoning", "text", "tool_call"]
    assert answer["parts"][2]["arguments"] == {"city": "Bergen"}
    system = check_system_instructions(span.attributes["gen_ai.system_instructions"])
    assert system == [{"type": "text", "content": "Be brief."}]
    function, point = check_tools(span.attributes["gen_ai.tool.definitions"])
    assert function == {
        "type": "function",
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": WEATHER["toolSpec"]["inputSchema"]["json"],
    }
    assert point == {"type": "generic", "name": "cachePoint"}


@pytest.mark.parametrize("is_stream", [False, True])
def test_scalars_have_the_conventions_names_and_types(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest, is_stream: bool
) -> None:
    bedrock_emulator.script(MODEL, REPLY)
    _read(client, is_stream, ASKED)
    attributes = newest().attributes
    expected: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": MODEL,
        "gen_ai.request.max_tokens": 300,
        "gen_ai.request.temperature": 1.0,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.top_k": 40,
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.usage.input_tokens": 117,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 100,
        "gen_ai.usage.cache_write.input_tokens": 7,
        "gen_ai.response.finish_reasons": ["tool_call"],
        "outcrop.response.finish_reasons": ["tool_use"],
        "openinference.span.kind": "LLM",
        "llm.model_name": MODEL,
        "llm.token_count.prompt": 117,
        "llm.token_count.completion": 5,
        "llm.token_count.total": 122,
    }
    assert {name: attributes.get(name) for name in expected} == expected
    assert attributes.get("gen_ai.request.stream") is (True if is_stream else None)
    assert ("gen_ai.response.time_to_first_chunk" in attributes) is is_stream
    # Whatever has no name in the conventions is here.
    parameters = json.loads(attributes["llm.invocation_parameters"])
    assert parameters["additionalModelRequestFields"] == {"top_k": 40}
    # Langfuse would show these in place of the conversation.
    assert not {"input.value", "output.value"} & attributes.keys()


@pytest.mark.parametrize("is_stream", [False, True])
def test_the_raw_exchange_is_left_out_unless_it_is_asked_for(
    client: Any, traces: CapturedTraces, is_stream: bool
) -> None:
    _read(client, is_stream, HELLO)
    (record,) = traces.records()
    before = dict(record.attributes)
    gone = before.keys() - normalise(record).attributes.keys()
    binary = "outcrop.stream.chunks" if is_stream else "outcrop.response.body"
    assert {"outcrop.request.body", binary, "outcrop.request.params"} <= gone
    assert normalise(record, keeps_exchange=True).attributes.items() >= before.items()
    assert record.attributes == before


def test_the_pieces_of_a_stream_become_events_when_asked_for(client: Any, traces: CapturedTraces) -> None:
    events = list(client.converse_stream(**HELLO)["stream"])
    (record,) = traces.records()
    assert not [e for e in normalise(record).events if e.name.startswith("outcrop.chunk.")]
    shown = [
        e for e in normalise(record, adds_chunk_events=True).events if e.name.startswith("outcrop.chunk")
    ]
    assert [event.name for event in shown] == [f"outcrop.chunk.{next(iter(event))}" for event in events]
    assert [event.attributes["index"] for event in shown] == list(range(len(events)))
    assert json.loads(shown[0].attributes["data"]) == events[0]["messageStart"]
    assert all(record.start_ns <= event.time_ns <= record.end_ns for event in shown)


def test_a_throttled_call_keeps_its_question_and_its_error(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    bedrock_emulator.script(MODEL, Throttling())
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(**HELLO)
    span = newest()
    assert span.status_code == 2
    assert span.attributes["error.type"] == "ThrottlingException"
    assert check_messages(span.attributes["gen_ai.input.messages"])[0]["parts"][0]["content"] == "Hello?"
    assert "gen_ai.output.messages" not in span.attributes
    assert "gen_ai.response.finish_reasons" not in span.attributes


def test_a_call_that_botocore_refuses_keeps_what_was_asked(client: Any, newest: Newest) -> None:
    with pytest.raises(Exception, match="Parameter validation failed"):
        client.converse(modelId=MODEL, messages=[{"role": "user", "content": "Hello?"}])
    span = newest()
    assert span.attributes["error.type"] == "ParamValidationError"
    (message,) = check_messages(span.attributes["gen_ai.input.messages"])
    assert message["parts"] == [{"type": "text", "content": "Hello?"}]


def test_a_stream_that_breaks_keeps_the_text_that_came_and_says_error(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    reply = Reply("One two three four five six.", failure=StreamFailure(message="Lost.", after_events=4))
    bedrock_emulator.script(MODEL, reply)
    with pytest.raises(Exception, match="Lost"):
        list(client.converse_stream(**HELLO)["stream"])
    span = newest()
    (answer,) = check_messages(span.attributes["gen_ai.output.messages"], is_output=True)
    assert answer["parts"][0]["content"].startswith("One two")
    assert answer["finish_reason"] == "error"
    assert span.attributes["gen_ai.response.finish_reasons"] == ["error"]
    assert "outcrop.response.finish_reasons" not in span.attributes
    assert span.attributes["error.type"]


def test_a_stream_that_its_reader_leaves_is_cut_off_and_no_error(client: Any, newest: Newest) -> None:
    stream = client.converse_stream(**HELLO)["stream"]
    for event in stream:
        if "contentBlockDelta" in event:
            break
    stream.close()
    span = newest()
    assert span.status_code == 1
    assert span.attributes["outcrop.stream.outcome"] == "cancelled"
    assert span.attributes["gen_ai.response.finish_reasons"] == ["error"]
    assert check_messages(span.attributes["gen_ai.output.messages"], is_output=True)


def test_a_guardrail_is_named_and_its_stop_is_a_content_filter(
    bedrock_emulator: BedrockEmulator, client: Any, newest: Newest
) -> None:
    bedrock_emulator.script(MODEL, Reply("No.", stop_reason="guardrail_intervened"))
    guardrail = {"guardrailIdentifier": "gr1", "guardrailVersion": "1"}
    client.converse(**HELLO, guardrailConfig=guardrail)
    attributes = newest().attributes
    assert attributes["aws.bedrock.guardrail.id"] == "gr1"
    assert attributes["gen_ai.response.finish_reasons"] == ["content_filter"]


def test_json_that_was_asked_for_is_the_output_type(client: Any, traces: CapturedTraces) -> None:
    client.converse(**HELLO)
    (record,) = traces.records()
    # An older botocore has no member for it; the wire is what is read.
    body = json.loads(record.attributes["outcrop.request.body"])
    body["outputConfig"] = {"textFormat": {"type": "json_schema"}, "effort": "high"}
    record.attributes["outcrop.request.body"] = json.dumps(body).encode()
    attributes = sent(record).attributes
    assert attributes["gen_ai.output.type"] == "json"
    assert attributes["gen_ai.request.reasoning.level"] == "high"
