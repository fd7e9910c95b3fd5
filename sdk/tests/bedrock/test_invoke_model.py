"""InvokeModel and its stream: bodies as the caller reads them, and what the span keeps."""

from __future__ import annotations

import gc
import io
import json
from typing import Any

import pytest
from botocore.response import StreamingBody

from outcrop.entities import Span
from outcrop.testing import BedrockEmulator, RawBody, Reply, ToolUse, Usage
from outcrop.testing.traces import CapturedTraces

CLAUDE = "anthropic.claude-3-haiku-20240307-v1:0"
CLAUDE_BODY: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello?"}],
}
BODIES: dict[str, dict[str, Any]] = {
    CLAUDE: CLAUDE_BODY,
    "us.amazon.nova-lite-v1:0": {"messages": [{"role": "user", "content": [{"text": "Hello?"}]}]},
    "amazon.titan-text-express-v1": {"inputText": "Hello?"},
    "meta.llama3-8b-instruct-v1:0": {"prompt": "Hello?"},
    "mistral.mistral-7b-instruct-v0:2": {"prompt": "Hello?"},
}


def _only_span(traces: CapturedTraces) -> Span:
    (trace,) = traces.all()
    (span,) = trace.data.spans
    return span


@pytest.mark.parametrize("model", BODIES)
def test_a_plain_body_is_kept_and_understood(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces, model: str
) -> None:
    bedrock_emulator.script(model, Reply("Hi there.", usage=Usage(12, 4)))
    response = client.invoke_model(modelId=model, body=json.dumps(BODIES[model]))
    body = json.loads(response["body"].read())
    span = _only_span(traces)
    assert span.inputs == {"modelId": model, "body": BODIES[model]}
    assert span.outputs == {"contentType": "application/json", "body": body}
    assert span.status.status_code == "OK"
    info = traces.last().info
    assert info.request_preview == "Hello?"
    assert info.response_preview == "Hi there."
    assert info.token_usage is not None
    assert (info.token_usage["input_tokens"], info.token_usage["output_tokens"]) == (12, 4)


@pytest.mark.parametrize("model", BODIES)
def test_a_streamed_body_merges_into_the_plain_one(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces, model: str
) -> None:
    bedrock_emulator.script(model, Reply("Hi there, how are you?", usage=Usage(12, 4), chunk_size=4))
    response = client.invoke_model_with_response_stream(modelId=model, body=json.dumps(BODIES[model]))
    chunks = [json.loads(event["chunk"]["bytes"]) for event in response["body"]]
    span = _only_span(traces)
    info = traces.last().info
    assert info.response_preview == "Hi there, how are you?"
    assert info.token_usage is not None
    assert (info.token_usage["input_tokens"], info.token_usage["output_tokens"]) == (12, 4)
    kept = [e.attributes["data"] for e in span.events if e.name.startswith("outcrop.chunk.")]
    assert kept == chunks
    assert span.attributes["outcrop.stream.outcome"] == "complete"


def test_a_streamed_tool_call_is_parsed(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(CLAUDE, Reply("One moment.", ToolUse("find", {"a": [1, 2]}), chunk_size=2))
    response = client.invoke_model_with_response_stream(modelId=CLAUDE, body=json.dumps(CLAUDE_BODY))
    for _ in response["body"]:
        pass
    block = _only_span(traces).outputs["body"]["content"][1]
    assert (block["name"], block["input"]) == ("find", {"a": [1, 2]})


def test_the_body_stays_botocores_own_with_all_its_ways_of_reading(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    payload = b"first line\nsecond line\n" + b"x" * 5000
    bedrock_emulator.script(CLAUDE, RawBody(payload, "application/octet-stream"))

    def body() -> Any:
        return client.invoke_model(modelId=CLAUDE, body=json.dumps(CLAUDE_BODY))["body"]

    assert type(body()) is StreamingBody
    traces.clear()
    assert body().read() == payload
    assert b"".join(body().iter_chunks(100)) == payload
    assert list(body().iter_lines())[:2] == [b"first line", b"second line"]
    assert b"".join(iter(body())) == payload
    has_readinto = hasattr(StreamingBody, "readinto")  # botocore 1.35.20 has only IOBase's, which fails
    with body() as raw:
        assert raw.read(10) == payload[:10]
        assert raw.read() == payload[10:]
    if has_readinto:
        assert io.BufferedReader(body()).read() == payload
        buffer = bytearray(len(payload))
        whole = body()
        view = memoryview(buffer)
        while view and (count := whole.readinto(view)):
            view = view[count:]
        assert bytes(buffer) == payload
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert len(spans) == (7 if has_readinto else 5)
    assert {str(span.outputs["body"]) for span in spans} == {payload.decode()}


def test_half_a_body_and_close_gives_the_right_half(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(CLAUDE, RawBody(b"0123456789" * 1000, "text/plain"))
    body = client.invoke_model(modelId=CLAUDE, body=json.dumps(CLAUDE_BODY))["body"]
    assert body.read(15) == b"012345678901234"
    body.close()
    span = _only_span(traces)
    assert span.outputs["body"] == "012345678901234"
    assert span.status.status_code == "OK"
    assert span.attributes["outcrop.stream.outcome"] == "cancelled"
    assert span.attributes["outcrop.stream.end_reason"] == "closed"


# A connection that the caller drops half read warns when it is collected, with or without tracing.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_body_that_goes_with_a_cycle_was_collected_and_not_closed(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    """An exception's traceback makes such cycles; nothing calls the response's close then."""
    bedrock_emulator.script(CLAUDE, RawBody(b"0123456789" * 1000, "text/plain"))
    cycle = [client.invoke_model(modelId=CLAUDE, body=json.dumps(CLAUDE_BODY))["body"]]
    assert cycle[0].read(15) == b"012345678901234"
    cycle.append(cycle)
    del cycle
    gc.collect()
    span = _only_span(traces)
    assert span.outputs["body"] == "012345678901234"
    assert span.attributes["outcrop.stream.end_reason"] == "garbage_collected"


def test_a_body_that_is_never_read_is_said_to_be_so(client: Any, traces: CapturedTraces) -> None:
    client.invoke_model(modelId=CLAUDE, body=json.dumps(CLAUDE_BODY))
    span = _only_span(traces)
    assert span.attributes["outcrop.stream.outcome"] == "not_consumed"
    assert span.outputs == {"contentType": "application/json"}


def test_an_answer_that_is_no_json_is_no_error(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script("stability.sd3-large-v1:0", RawBody(b"\x89PNG\xff\xfe", "image/png"))
    response = client.invoke_model(modelId="stability.sd3-large-v1:0", body=json.dumps({"prompt": "A cat"}))
    assert response["body"].read() == b"\x89PNG\xff\xfe"
    span = _only_span(traces)
    assert span.status.status_code == "OK"
    assert span.outputs["body"] == {"$bytes": 6, "base64": "iVBOR//+"}


def test_guardrail_and_other_header_arguments_are_inputs(client: Any, traces: CapturedTraces) -> None:
    arguments: dict[str, Any] = {
        "modelId": CLAUDE,
        "contentType": "application/json",
        "accept": "application/json",
        "guardrailIdentifier": "gr-1",
        "guardrailVersion": "DRAFT",
        "trace": "ENABLED",
    }
    client.invoke_model(**arguments, body=json.dumps(CLAUDE_BODY))["body"].read()
    assert _only_span(traces).inputs == {**arguments, "body": CLAUDE_BODY}


def test_a_mutable_body_is_kept_as_it_was_sent(client: Any, traces: CapturedTraces) -> None:
    sent = bytearray(json.dumps(CLAUDE_BODY).encode())
    response = client.invoke_model(modelId=CLAUDE, body=sent)
    sent[:] = b"x" * len(sent)
    response["body"].read()
    assert _only_span(traces).inputs["body"] == CLAUDE_BODY
