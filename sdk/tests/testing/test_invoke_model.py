"""InvokeModel and its stream through real boto3, in every body dialect."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from botocore.exceptions import EventStreamError

from outcrop.testing import (
    BedrockEmulator,
    RawBlock,
    RawBody,
    Reasoning,
    Reply,
    StreamFailure,
    ToolUse,
    Usage,
)
from sdk.tests.testing.installed_botocore import needs_member

_CLAUDE = "anthropic.claude-sonnet-4-20250514-v1:0"
_NOVA = "us.amazon.nova-lite-v1:0"
_TITAN = "amazon.titan-text-express-v1"
_LLAMA = "meta.llama3-1-8b-instruct-v1:0"
_MISTRAL = "mistral.mistral-large-2407-v1:0"
_OTHER = "openai.gpt-oss-120b-1:0"
_CHAT = {"messages": [{"role": "user", "content": "What's the time in Paris?"}]}
_BODIES: dict[str, dict[str, Any]] = {
    _CLAUDE: {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 100, **_CHAT},
    _NOVA: {"messages": [{"role": "user", "content": [{"text": "What's the time in Paris?"}]}]},
    _TITAN: {"inputText": "What's the time in Paris?"},
    _LLAMA: {"prompt": "What's the time in Paris?"},
    _MISTRAL: _CHAT,
    _OTHER: _CHAT,
}


def _invoke(emulator: BedrockEmulator, model_id: str, body: object = None) -> Any:
    response = emulator.client().invoke_model(modelId=model_id, body=json.dumps(body or _BODIES[model_id]))
    with response["body"] as stream:
        return json.loads(stream.read())


def _stream(emulator: BedrockEmulator, model_id: str, body: object = None) -> list[Any]:
    text = json.dumps(body or _BODIES[model_id])
    response = emulator.client().invoke_model_with_response_stream(modelId=model_id, body=text)
    assert response["contentType"] == "application/json"
    return [json.loads(event["chunk"]["bytes"]) for event in response["body"]]


@pytest.mark.parametrize("model_id", _BODIES)
def test_an_unscripted_model_answers_in_its_vendors_body(
    bedrock_emulator: BedrockEmulator, model_id: str
) -> None:
    assert "What's the time in Paris?" in json.dumps(_invoke(bedrock_emulator, model_id), ensure_ascii=False)


@pytest.mark.parametrize("model_id", _BODIES)
def test_the_last_chunk_of_every_dialect_carries_bedrocks_counts(
    bedrock_emulator: BedrockEmulator, model_id: str
) -> None:
    bedrock_emulator.script(model_id, Reply("abcdef", chunk_size=2, usage=Usage(9, 4, 3, 2)))

    *earlier, last = _stream(bedrock_emulator, model_id)

    metrics = last["amazon-bedrock-invocationMetrics"]
    assert metrics.pop("invocationLatency") >= metrics.pop("firstByteLatency") >= 1
    assert metrics == {
        "inputTokenCount": 9,
        "outputTokenCount": 4,
        "cacheReadInputTokenCount": 3,
        "cacheWriteInputTokenCount": 2,
    }
    assert not any("amazon-bedrock-invocationMetrics" in chunk for chunk in earlier)


@needs_member("InvokeModelResponse", "serviceTier")
def test_token_counts_and_the_mode_are_in_the_headers(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(
        _CLAUDE,
        Reply(
            "x",
            usage=Usage(9, 4, 3, 2),
            performance_config={"latency": "optimized"},
            service_tier={"type": "flex"},
        ),
    )

    response = bedrock_emulator.client().invoke_model(modelId=_CLAUDE, body=json.dumps(_BODIES[_CLAUDE]))
    response["body"].close()

    headers = response["ResponseMetadata"]["HTTPHeaders"]
    assert int(headers["x-amzn-bedrock-invocation-latency"]) >= 1
    assert headers["x-amzn-bedrock-input-token-count"] == "9"
    assert headers["x-amzn-bedrock-output-token-count"] == "4"
    assert headers["x-amzn-bedrock-cache-read-input-token-count"] == "3"
    assert headers["x-amzn-bedrock-cache-write-input-token-count"] == "2"
    assert response["contentType"] == "application/json"
    assert response["performanceConfigLatency"] == "optimized"
    assert response["serviceTier"] == "flex"


def test_claude_answers_with_typed_blocks(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(
        _CLAUDE,
        Reply(
            Reasoning("Hm", signature="c2ln"),
            Reasoning(redacted=b"\x01"),
            "Let me look.",
            ToolUse("get_time", {"city": "Paris"}, tool_use_id="toolu_1"),
            RawBlock({"type": "server_thing"}),
            usage=Usage(9, 4, cache_read=3),
        ),
    )

    body = _invoke(bedrock_emulator, _CLAUDE)

    assert body["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "AQ=="},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {"city": "Paris"}},
        {"type": "server_thing"},
    ]
    assert (body["type"], body["role"], body["stop_reason"]) == ("message", "assistant", "tool_use")
    assert body["model"] == "claude-sonnet-4-20250514-v1:0"
    assert body["usage"] == {
        "input_tokens": 9,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 3,
        "output_tokens": 4,
    }


def test_claude_streams_its_own_events(bedrock_emulator: BedrockEmulator) -> None:
    thought, secret = Reasoning("Hm", signature="c2ln"), Reasoning(redacted=b"\x01")
    call = ToolUse("t", {"a": 1}, tool_use_id="toolu_1")
    bedrock_emulator.script(_CLAUDE, Reply(thought, secret, "Hey", call, usage=Usage(9, 4)))

    chunks = _stream(bedrock_emulator, _CLAUDE)

    start, *middle, delta, stop = chunks
    assert start["type"] == "message_start"
    assert start["message"]["content"] == []
    assert start["message"]["usage"]["input_tokens"] == 9
    assert [chunk.get("content_block") or chunk.get("delta") for chunk in middle] == [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Hm"},
        {"type": "signature_delta", "signature": "c2ln"},
        None,
        {"type": "redacted_thinking", "data": "AQ=="},
        None,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Hey"},
        None,
        {"type": "tool_use", "id": "toolu_1", "name": "t", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"a":1}'},
        None,
    ]
    assert delta["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert delta["usage"] == {"output_tokens": 4}
    assert stop["type"] == "message_stop"


def test_claude_goes_through_a_whole_tool_turn_in_its_own_body(bedrock_emulator: BedrockEmulator) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    ask = {**_BODIES[_CLAUDE], "tools": [{"name": "get_time", "input_schema": schema}]}

    call = _invoke(bedrock_emulator, _CLAUDE, ask)["content"][0]
    assert (call["type"], call["name"], call["input"]) == ("tool_use", "get_time", {"city": "Paris"})

    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "Noon"}
    turn = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    answer = _invoke(bedrock_emulator, _CLAUDE, {**ask, "messages": ask["messages"] + turn})
    assert "Noon" in answer["content"][0]["text"]


def test_nova_answers_in_converses_shape(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_NOVA, Reply("Hi", usage=Usage(9, 4, cache_read=3)))

    assert _invoke(bedrock_emulator, _NOVA) == {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
        "stopReason": "end_turn",
        "usage": {
            "inputTokens": 9,
            "outputTokens": 4,
            "totalTokens": 16,
            "cacheReadInputTokenCount": 3,
            "cacheWriteInputTokenCount": 0,
        },
    }
    names = [next(iter(chunk)) for chunk in _stream(bedrock_emulator, _NOVA)]
    assert names == ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]


def test_titan_text_answers_with_results(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(
        _TITAN, Reply("Hi you", chunk_size=3, stop_reason="max_tokens", usage=Usage(9, 4))
    )

    assert _invoke(bedrock_emulator, _TITAN) == {
        "inputTextTokenCount": 9,
        "results": [{"tokenCount": 4, "outputText": "Hi you", "completionReason": "LENGTH"}],
    }
    first, last = _stream(bedrock_emulator, _TITAN)
    assert (first["outputText"], first["completionReason"]) == ("Hi ", None)
    assert (last["outputText"], last["completionReason"]) == ("you", "LENGTH")
    assert (last["inputTextTokenCount"], last["totalOutputTextTokenCount"]) == (9, 4)


def test_llama_answers_with_a_generation(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_LLAMA, Reply("Hi you", chunk_size=3, usage=Usage(9, 4)))

    assert _invoke(bedrock_emulator, _LLAMA) == {
        "generation": "Hi you",
        "prompt_token_count": 9,
        "generation_token_count": 4,
        "stop_reason": "stop",
    }
    first, second, last = _stream(bedrock_emulator, _LLAMA)
    assert (first["generation"], first["prompt_token_count"], first["stop_reason"]) == ("Hi ", 9, None)
    assert (second["generation"], second["prompt_token_count"]) == ("you", None)
    assert (last["generation"], last["generation_token_count"], last["stop_reason"]) == ("", 4, "stop")


def test_a_tool_call_of_a_text_model_is_its_json(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_LLAMA, Reply(ToolUse("t", {"a": 1})))

    generation = _invoke(bedrock_emulator, _LLAMA)["generation"]

    assert json.loads(generation) == {"name": "t", "parameters": {"a": 1}}


def test_mistral_answers_a_prompt_with_outputs_and_messages_with_choices(
    bedrock_emulator: BedrockEmulator,
) -> None:
    bedrock_emulator.script(_MISTRAL, Reply("Hi", ToolUse("t", {"a": 1}, tool_use_id="c1")))

    prompted = _invoke(bedrock_emulator, _MISTRAL, {"prompt": "x"})
    assert prompted["outputs"][0]["stop_reason"] == "tool_calls"
    [choice] = _invoke(bedrock_emulator, _MISTRAL)["choices"]
    assert choice["message"]["content"] == "Hi"
    [call] = choice["message"]["tool_calls"]
    assert (call["id"], call["function"]) == ("c1", {"name": "t", "arguments": '{"a":1}'})
    streamed = _stream(bedrock_emulator, _MISTRAL, {"prompt": "x"})
    assert "".join(chunk["outputs"][0]["text"] for chunk in streamed).startswith("Hi")


def test_another_vendor_speaks_the_chat_body(bedrock_emulator: BedrockEmulator) -> None:
    model_id = "qwen.qwen3-32b-v1:0"
    call = ToolUse("t", {"a": 1}, tool_use_id="c1")
    bedrock_emulator.script(model_id, Reply(Reasoning("Hm"), "Hi", call, usage=Usage(9, 4, cache_read=3)))

    body = _invoke(bedrock_emulator, model_id, _CHAT)
    assert body["choices"][0]["message"]["reasoning_content"] == "Hm"
    assert body["choices"][0]["finish_reason"] == "tool_calls"
    assert body["usage"] == {
        "prompt_tokens": 12,
        "completion_tokens": 4,
        "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 3},
    }
    deltas = [chunk["choices"][0]["delta"] for chunk in _stream(bedrock_emulator, model_id, _CHAT)]
    assert deltas[1:3] == [{"reasoning_content": "Hm"}, {"content": "Hi"}]
    assert deltas[3]["tool_calls"][0]["index"] == 0


def test_gpt_oss_writes_its_reasoning_before_the_text(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_OTHER, Reply(Reasoning("Hm"), "Hi", chunk_size=100))

    message = _invoke(bedrock_emulator, _OTHER)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "<reasoning>Hm</reasoning>Hi"}
    deltas = [chunk["choices"][0]["delta"] for chunk in _stream(bedrock_emulator, _OTHER)]
    assert deltas[1] == {"content": "<reasoning>Hm</reasoning>Hi"}


def test_a_chat_model_answers_after_the_tools_result(bedrock_emulator: BedrockEmulator) -> None:
    tool = {"type": "function", "function": {"name": "t", "parameters": {"type": "object"}}}
    ask = {**_CHAT, "tools": [tool]}

    first = _invoke(bedrock_emulator, _OTHER, ask)["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    result = {"role": "tool", "tool_call_id": "c1", "content": "Noon"}
    second = _invoke(bedrock_emulator, _OTHER, {**ask, "messages": [*_CHAT["messages"], result]})
    assert "Noon" in second["choices"][0]["message"]["content"]


def test_titan_embeddings_are_equal_for_equal_texts_and_do_not_stream(
    bedrock_emulator: BedrockEmulator,
) -> None:
    model_id = "amazon.titan-embed-text-v2:0"
    ask = {"inputText": "rock", "dimensions": 256, "embeddingTypes": ["binary"]}

    one, two = (_invoke(bedrock_emulator, model_id, ask) for _ in range(2))
    other = _invoke(bedrock_emulator, model_id, {**ask, "inputText": "stone"})

    assert one == two
    assert one["embedding"] != other["embedding"]
    assert len(one["embedding"]) == 256
    assert sum(number**2 for number in one["embedding"]) == pytest.approx(1.0)
    assert set(one["embeddingsByType"]["binary"]) <= {0, 1}
    assert one["inputTextTokenCount"] == 1
    client = bedrock_emulator.client()
    with pytest.raises(client.exceptions.ValidationException, match="unsupported for streaming"):
        client.invoke_model_with_response_stream(modelId=model_id, body=json.dumps(ask))


def test_an_arn_without_a_vendor_is_known_by_its_body(bedrock_emulator: BedrockEmulator) -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"

    assert _invoke(bedrock_emulator, arn, _BODIES[_CLAUDE])["type"] == "message"
    assert _invoke(bedrock_emulator, arn, _CHAT)["object"] == "chat.completion"


def test_a_raw_body_is_given_as_it_is(bedrock_emulator: BedrockEmulator) -> None:
    model_id = "stability.stable-image-core-v1:1"
    bedrock_emulator.script(model_id, RawBody(b"\x89PNG", "image/png", usage=Usage(1, 2)))

    response = bedrock_emulator.client().invoke_model(modelId=model_id, body='{"prompt": "a cat"}')

    assert response["contentType"] == "image/png"
    assert response["body"].read() == b"\x89PNG"
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-output-token-count"] == "2"


def test_a_raw_body_streams_its_chunks(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script("cohere.x", RawBody(b"{}", chunks=(b'{"a":1}', b'{"a":2}'), usage=Usage(1, 2)))

    one, two, metrics = _stream(bedrock_emulator, "cohere.x", {"prompt": "x"})

    assert (one, two) == ({"a": 1}, {"a": 2})
    assert metrics["amazon-bedrock-invocationMetrics"]["inputTokenCount"] == 1


def test_an_exception_in_mid_stream_is_raised_while_reading(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_LLAMA, StreamFailure("modelTimeoutException", "too slow", after_events=1))

    client = bedrock_emulator.client()
    answer = client.invoke_model_with_response_stream(modelId=_LLAMA, body=json.dumps(_BODIES[_LLAMA]))

    with contextlib.closing(answer["body"]), pytest.raises(EventStreamError, match="too slow"):
        list(answer["body"])


@pytest.mark.parametrize(
    ("model_id", "body", "words"),
    [
        (_CLAUDE, '{"max_tokens": 1, "messages": []}', r"required key \[anthropic_version\] not found"),
        (_LLAMA, "{}", r"required key \[prompt\] not found"),
        (_OTHER, "no json", "Malformed input request, please reformat"),
    ],
)
def test_a_malformed_body_is_refused_in_awss_words(
    bedrock_emulator: BedrockEmulator, model_id: str, body: str, words: str
) -> None:
    client = bedrock_emulator.client()

    with pytest.raises(client.exceptions.ValidationException, match=words):
        client.invoke_model(modelId=model_id, body=body)
