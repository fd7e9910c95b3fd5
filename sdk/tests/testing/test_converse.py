"""Converse through real boto3."""

from __future__ import annotations

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from outcrop.testing import (
    BedrockEmulator,
    Disconnect,
    RawBlock,
    RawBody,
    Reasoning,
    RecordedRequest,
    Reply,
    StreamFailure,
    Text,
    ToolUse,
    Usage,
)
from sdk.tests.testing.installed_botocore import needs_member

_MODEL = "anthropic.claude-sonnet-4-20250514-v1:0"
_HELLO = [{"role": "user", "content": [{"text": "Hello, how are you?"}]}]
_WEATHER_TOOL = {
    "tools": [
        {
            "toolSpec": {
                "name": "get_weather",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"city": {"type": "string"}},
                        "required": ["city"],
                    }
                },
            }
        }
    ]
}


def test_an_unscripted_model_answers_with_the_users_words(bedrock_emulator: BedrockEmulator) -> None:
    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO)

    message = answer["output"]["message"]
    assert message["role"] == "assistant"
    assert "Hello, how are you?" in message["content"][0]["text"]
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["inputTokens"] == 5
    assert usage["outputTokens"] > 0
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert answer["metrics"]["latencyMs"] >= 1


def test_an_unscripted_model_goes_through_a_whole_tool_turn(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    messages: list[object] = [{"role": "user", "content": [{"text": "What's the weather in New York?"}]}]

    first = client.converse(modelId=_MODEL, messages=messages, toolConfig=_WEATHER_TOOL)

    assert first["stopReason"] == "tool_use"
    [block] = first["output"]["message"]["content"]
    assert block["toolUse"]["name"] == "get_weather"
    assert block["toolUse"]["input"] == {"city": "New York"}

    result = {"toolUseId": block["toolUse"]["toolUseId"], "content": [{"text": "Sunny, 24 °C"}]}
    messages += [first["output"]["message"], {"role": "user", "content": [{"toolResult": result}]}]
    second = client.converse(modelId=_MODEL, messages=messages, toolConfig=_WEATHER_TOOL)

    assert second["stopReason"] == "end_turn"
    assert "Sunny, 24 °C" in second["output"]["message"]["content"][0]["text"]


def test_a_forced_tool_is_the_one_that_is_called(bedrock_emulator: BedrockEmulator) -> None:
    spec = {"name": "get_time", "inputSchema": {"json": {"type": "object"}}}
    tools = {
        "tools": [*_WEATHER_TOOL["tools"], {"toolSpec": spec}],
        "toolChoice": {"tool": {"name": "get_time"}},
    }

    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO, toolConfig=tools)

    assert answer["output"]["message"]["content"][0]["toolUse"]["name"] == "get_time"


@needs_member("ToolUseBlock", "type")
def test_parallel_tool_calls_have_ids_of_their_own(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(
        _MODEL,
        Reply(
            "Let me look.",
            ToolUse("get_weather", {"city": "Tokyo"}),
            ToolUse("get_weather", {"city": "Oslo"}),
            ToolUse("search", {"q": "x"}, tool_use_id="tooluse_mine", type="server_tool_use"),
        ),
    )

    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO)

    text, tokyo, oslo, search = answer["output"]["message"]["content"]
    assert text == {"text": "Let me look."}
    assert tokyo["toolUse"]["input"] == {"city": "Tokyo"}
    assert oslo["toolUse"]["input"] == {"city": "Oslo"}
    assert tokyo["toolUse"]["toolUseId"] != oslo["toolUse"]["toolUseId"]
    assert search["toolUse"]["toolUseId"] == "tooluse_mine"
    assert search["toolUse"]["type"] == "server_tool_use"
    assert answer["stopReason"] == "tool_use"


@needs_member("ContentBlock", "reasoningContent")
def test_reasoning_comes_with_its_signature_or_redacted(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(
        _MODEL, Reply(Reasoning("Hm.", signature="c2ln"), Reasoning(redacted=b"\x00\xff"), Text("42"))
    )

    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO)

    assert answer["output"]["message"]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": b"\x00\xff"}},
        {"text": "42"},
    ]


@needs_member("TokenUsage", "cacheDetails")
def test_every_further_member_of_a_reply_reaches_the_caller(bedrock_emulator: BedrockEmulator) -> None:
    trace = {"promptRouter": {"invokedModelId": "amazon.nova-micro-v1:0"}}
    bedrock_emulator.script(
        _MODEL,
        Reply(
            RawBlock({"image": {"format": "png", "source": {"bytes": b"PNG"}}}),
            stop_reason="max_tokens",
            usage=Usage(
                10, 5, cache_read=100, cache_write=20, cache_details=[{"ttl": "5m", "inputTokens": 20}]
            ),
            latency_s=0.05,
            additional_model_response_fields={"stop_sequence": "END"},
            trace=trace,
            performance_config={"latency": "optimized"},
            service_tier={"type": "priority"},
        ),
    )

    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO)

    assert answer["output"]["message"]["content"] == [
        {"image": {"format": "png", "source": {"bytes": b"PNG"}}}
    ]
    assert answer["stopReason"] == "max_tokens"
    assert answer["usage"] == {
        "inputTokens": 10,
        "outputTokens": 5,
        "totalTokens": 135,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 20,
        "cacheDetails": [{"ttl": "5m", "inputTokens": 20}],
    }
    assert answer["metrics"]["latencyMs"] >= 50
    assert answer["additionalModelResponseFields"] == {"stop_sequence": "END"}
    assert answer["trace"] == trace
    assert answer["performanceConfig"] == {"latency": "optimized"}
    assert answer["serviceTier"] == {"type": "priority"}


@pytest.mark.parametrize(
    "model_id",
    [
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
    ],
)
def test_a_model_id_arrives_as_it_was_written(bedrock_emulator: BedrockEmulator, model_id: str) -> None:
    bedrock_emulator.script(model_id, "scripted")

    answer = bedrock_emulator.client().converse(modelId=model_id, messages=_HELLO)

    assert answer["output"]["message"]["content"] == [{"text": "scripted"}]
    [request] = bedrock_emulator.requests
    assert request.model_id == model_id
    assert "/" not in request.path.removeprefix("/model/").removesuffix("/converse")


def test_a_callable_answers_from_the_conversation(bedrock_emulator: BedrockEmulator) -> None:
    def shout(request: RecordedRequest) -> Reply:
        return Reply(request.json["messages"][-1]["content"][0]["text"].upper())

    bedrock_emulator.script(_MODEL, shout)

    answer = bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO)

    assert answer["output"]["message"]["content"] == [{"text": "HELLO, HOW ARE YOU?"}]


def test_a_request_is_recorded_as_it_came(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.client().converse(modelId=_MODEL, messages=_HELLO, inferenceConfig={"maxTokens": 7})

    [request] = bedrock_emulator.requests
    assert request.operation == "Converse"
    assert request.json == {"messages": _HELLO, "inferenceConfig": {"maxTokens": 7}}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


def test_a_stream_failure_becomes_the_plain_error_of_the_same_name(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, Reply("x", failure=StreamFailure("modelTimeoutException", "too slow")))
    client = bedrock_emulator.client()

    with pytest.raises(client.exceptions.ModelTimeoutException, match="too slow"):
        client.converse(modelId=_MODEL, messages=_HELLO)


def test_a_disconnect_ends_a_plain_call_without_an_answer(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, Disconnect())
    client = bedrock_emulator.client(config=Config(retries={"total_max_attempts": 1}))

    with pytest.raises(ConnectionClosedError):
        client.converse(modelId=_MODEL, messages=_HELLO)


def test_a_raw_body_for_converse_says_what_to_use_instead(
    bedrock_emulator: BedrockEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    bedrock_emulator.script(_MODEL, RawBody(b"{}"))
    client = bedrock_emulator.client(config=Config(retries={"total_max_attempts": 1}))

    with pytest.raises(ClientError, match="Converse takes a Reply"):
        client.converse(modelId=_MODEL, messages=_HELLO)
    assert "could not answer POST" in caplog.text
