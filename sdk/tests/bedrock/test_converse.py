"""Converse from boto3 over HTTP to the trace that a user reads."""

from __future__ import annotations

import copy
import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from botocore.stub import Stubber

from outcrop.entities import SpanType
from outcrop.testing import BedrockEmulator, Reasoning, Reply, Throttling, ToolUse, Usage, ValidationError
from outcrop.testing.traces import CapturedTraces

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]
WEATHER_TOOL = {
    "toolSpec": {
        "name": "get_weather",
        "description": "Weather of a city.",
        "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
}


def test_a_call_becomes_a_span_with_its_arguments_and_its_answer(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply("Hi there.", usage=Usage(12, 4)))
    arguments: dict[str, Any] = {
        "modelId": MODEL,
        "messages": HELLO,
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.25, "topP": 0.5},
    }
    response = client.converse(**arguments)

    trace = traces.last()
    (span,) = trace.data.spans
    assert span.name == f"chat {MODEL}"
    assert span.span_type == SpanType.CHAT_MODEL
    assert span.status.status_code == "OK"
    assert span.parent_id is None
    assert span.inputs == arguments
    assert span.outputs == {name: value for name, value in response.items() if name != "ResponseMetadata"}
    assert 0 < span.start_time_ns < span.end_time_ns
    assert trace.info.state == "OK"
    assert trace.info.token_usage == {"input_tokens": 12, "output_tokens": 4, "total_tokens": 16}
    assert trace.info.request_preview == "Hello?"
    assert trace.info.response_preview == "Hi there."


def test_a_span_carries_the_genai_conventions(client: Any, traces: CapturedTraces) -> None:
    response = client.converse(
        modelId=MODEL,
        messages=HELLO,
        inferenceConfig={"maxTokens": 50, "temperature": 0.25, "topP": 0.5, "stopSequences": ["END"]},
    )
    attributes = traces.last().data.spans[0].attributes
    expected: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": MODEL,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.temperature": 0.25,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.usage.input_tokens": response["usage"]["inputTokens"],
        "gen_ai.usage.output_tokens": response["usage"]["outputTokens"],
        "server.address": "127.0.0.1",
        "cloud.region": "us-east-1",
        "aws.request_id": response["ResponseMetadata"]["RequestId"],
    }
    assert {name: attributes[name] for name in expected} == expected


def test_no_http_header_reaches_the_span(client: Any, traces: CapturedTraces) -> None:
    client.converse(modelId=MODEL, messages=HELLO)
    kept = repr(traces.last()).lower()
    assert "authorization" not in kept
    assert "aws4-hmac" not in kept
    assert "x-amz-date" not in kept


def test_tools_and_reasoning_are_kept(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(
        MODEL,
        Reply(
            Reasoning("They ask for two cities.", signature="c2ln"),
            Reasoning(redacted=b"\x00hidden"),
            ToolUse("get_weather", {"city": "Oslo"}, tool_use_id="a"),
            ToolUse("get_weather", {"city": "Bergen"}, tool_use_id="b"),
        ),
    )
    client.converse(modelId=MODEL, messages=HELLO, toolConfig={"tools": [WEATHER_TOOL]})
    span = traces.last().data.spans[0]
    content = span.outputs["output"]["message"]["content"]
    assert content[0]["reasoningContent"]["reasoningText"]["signature"] == "c2ln"
    assert content[1] == {"reasoningContent": {"redactedContent": "AGhpZGRlbg=="}}
    assert [block["toolUse"]["input"]["city"] for block in content[2:]] == ["Oslo", "Bergen"]
    assert span.inputs["toolConfig"] == {"tools": [WEATHER_TOOL]}
    assert span.outputs["stopReason"] == "tool_use"


def test_cached_tokens_count_as_input(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply("Hi.", usage=Usage(10, 5, cache_read=100, cache_write=7)))
    client.converse(modelId=MODEL, messages=HELLO)
    assert traces.last().info.token_usage == {
        "input_tokens": 117,
        "output_tokens": 5,
        "total_tokens": 122,
        "cache_read_input_tokens": 100,
        "cache_write_input_tokens": 7,
    }


def test_each_span_shows_the_messages_as_they_were_at_its_own_call(
    client: Any, traces: CapturedTraces
) -> None:
    messages = copy.deepcopy(HELLO)
    answer = client.converse(modelId=MODEL, messages=messages)
    messages.append(answer["output"]["message"])
    messages.append({"role": "user", "content": [{"text": "And now?"}]})
    messages[0]["content"][0]["text"] = "changed"
    client.converse(modelId=MODEL, messages=messages)
    first, second = (trace.data.spans[0] for trace in traces.all())
    assert first.inputs["messages"] == HELLO
    assert second.inputs["messages"][0]["content"][0]["text"] == "changed"
    assert len(second.inputs["messages"]) == 3


def test_an_error_answer_keeps_code_message_and_request(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, ValidationError("The model needs more."))
    with pytest.raises(ClientError) as raised:
        client.converse(modelId=MODEL, messages=HELLO)
    assert raised.value.response.get("Error", {}).get("Code") == "ValidationException"
    trace = traces.last()
    (span,) = trace.data.spans
    assert trace.info.state == "ERROR"
    assert span.status.status_code == "ERROR"
    assert span.status.description == "The model needs more."
    assert span.attributes["error.type"] == "ValidationException"
    assert span.inputs["messages"] == HELLO
    exception = next(event for event in span.events if event.name == "exception")
    assert "ValidationException" in exception.attributes["exception.type"]
    assert "test_converse.py" not in exception.attributes["exception.message"]
    assert "_make_api_call" in exception.attributes["exception.stacktrace"]


def test_every_attempt_of_a_retried_call_is_an_event(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Throttling(), Throttling(), Reply("At last."))
    client = bedrock_emulator.client(config=Config(retries={"mode": "standard", "max_attempts": 3}))
    client.converse(modelId=MODEL, messages=HELLO)
    client.close()
    span = traces.last().data.spans[0]
    attempts = [event.attributes for event in span.events if event.name == "outcrop.attempt"]
    assert [attempt["http.response.status_code"] for attempt in attempts] == [429, 429, 200]
    assert [attempt.get("error.type") for attempt in attempts] == [
        "ThrottlingException",
        "ThrottlingException",
        None,
    ]
    assert len({attempt["aws.request_id"] for attempt in attempts}) == 3
    assert span.status.status_code == "OK"


def test_content_as_plain_text_is_an_error_trace_with_a_readable_message(
    client: Any, traces: CapturedTraces
) -> None:
    messages = [{"role": "user", "content": "Describe the weather."}]
    with pytest.raises(ParamValidationError):
        client.converse(modelId=MODEL, messages=messages)
    span = traces.last().data.spans[0]
    assert span.status.status_code == "ERROR"
    assert "Invalid type for parameter messages[0].content" in span.status.description
    assert span.attributes["error.type"] == "ParamValidationError"
    assert span.inputs == {"modelId": MODEL, "messages": messages}
    assert traces.last().info.request_preview == "Describe the weather."


def test_a_server_that_is_not_there_is_an_error_span_with_its_request(traces: CapturedTraces) -> None:
    untyped: Any = boto3  # its stubs read as unknown for services that are not installed
    client = untyped.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(EndpointConnectionError):
        client.converse(modelId=MODEL, messages=HELLO)
    client.close()
    span = traces.last().data.spans[0]
    assert span.attributes["error.type"] == "EndpointConnectionError"
    assert span.inputs["messages"] == HELLO


def test_a_stubbed_client_is_traced_from_its_objects(client: Any, traces: CapturedTraces) -> None:
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Stubbed."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 1},
    }
    with Stubber(client) as stubber:
        stubber.add_response("converse", answer)
        response = client.converse(modelId=MODEL, messages=HELLO)
    assert response == answer
    span = traces.last().data.spans[0]
    assert span.inputs == {"modelId": MODEL, "messages": HELLO}
    assert span.outputs == answer


def test_images_are_kept_as_the_wire_had_them(client: Any, traces: CapturedTraces) -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": [image, {"text": "What is it?"}]}])
    content = traces.last().data.spans[0].inputs["messages"][0]["content"]
    assert content[0]["image"]["source"]["bytes"] == "iVBORw=="
    json.dumps(content)
