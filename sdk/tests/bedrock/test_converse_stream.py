"""ConverseStream: exactly one end, whatever the caller and the service do."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import Any

import pytest
from botocore.eventstream import EventStream
from botocore.exceptions import ClientError, EventStreamError

from outcrop.entities import Span
from outcrop.testing import (
    BedrockEmulator,
    Disconnect,
    ModelStreamError,
    Reasoning,
    Reply,
    StreamFailure,
    Throttling,
    ToolUse,
)
from outcrop.testing.traces import CapturedTraces

# A connection that the caller drops unread warns when it is collected, with or without tracing.
drops_its_connection = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]
WORDS = "One two three four five six seven eight nine ten."


def _only_span(traces: CapturedTraces) -> Span:
    (trace,) = traces.all()
    (span,) = trace.data.spans
    return span


def _end(span: Span) -> tuple[str, str]:
    return span.attributes["outcrop.stream.outcome"], span.attributes["outcrop.stream.end_reason"]


def _text(span: Span) -> str:
    return "".join(block.get("text", "") for block in span.outputs["output"]["message"]["content"])


def test_a_stream_read_to_its_end_gives_the_answer_of_the_plain_call(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    reply = Reply(
        Reasoning("Two cities.", signature="c2ln"),
        "I will look.",
        ToolUse("get_weather", {"city": "Oslo"}, tool_use_id="a"),
        ToolUse("get_weather", {"city": "Bergen"}, tool_use_id="b"),
        chunk_size=3,
    )
    bedrock_emulator.script(MODEL, reply)
    plain = client.converse(modelId=MODEL, messages=HELLO)
    events = list(client.converse_stream(modelId=MODEL, messages=HELLO)["stream"])

    plain_span, stream_span = (trace.data.spans[0] for trace in traces.all())
    for span in (plain_span, stream_span):
        span.outputs.pop("metrics")
    assert stream_span.outputs == plain_span.outputs
    # An older botocore hides blocks that it does not know from its caller; the span has them all.
    answered = zip(
        plain["output"]["message"]["content"],
        stream_span.outputs["output"]["message"]["content"],
        strict=True,
    )
    assert all(seen == kept for seen, kept in answered if "SDK_UNKNOWN_MEMBER" not in seen)
    assert "reasoningContent" in stream_span.outputs["output"]["message"]["content"][0]
    assert _end(stream_span) == ("complete", "exhausted")
    chunks = [event for event in stream_span.events if event.name.startswith("outcrop.chunk.")]
    assert len(chunks) == len(events)
    assert [event.timestamp for event in chunks] == sorted(event.timestamp for event in chunks)
    assert chunks[0].name == "outcrop.chunk.messageStart"
    assert stream_span.attributes["gen_ai.request.stream"] is True
    assert stream_span.attributes["gen_ai.response.time_to_first_chunk"] > 0


def test_there_is_no_span_until_the_stream_is_consumed(client: Any, traces: CapturedTraces) -> None:
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    assert traces.all() == []
    for _ in stream:
        pass
    assert len(traces.all()) == 1


def test_the_caller_keeps_botocores_own_stream_and_its_events(client: Any, traces: CapturedTraces) -> None:
    untraced = [str(event) for event in _events_without_tracing(client)]
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    events = [str(event) for event in stream]
    assert type(stream) is EventStream
    assert len(events) == len(untraced)
    assert events[:-1] == untraced[:-1]  # the last one holds the latency
    assert len(traces.all()) == 1


def _events_without_tracing(client: Any) -> list[Any]:
    import outcrop  # noqa: PLC0415  # switched off for this one call

    outcrop.bedrock.autolog(disable=True)
    events = list(client.converse_stream(modelId=MODEL, messages=HELLO)["stream"])
    outcrop.bedrock.autolog(silent=True)
    return events


def test_break_keeps_what_came_and_is_no_error(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4))
    response = client.converse_stream(modelId=MODEL, messages=HELLO)
    for count, _ in enumerate(response["stream"]):
        if count == 4:
            break
    span = _only_span(traces)  # the caller still holds the response
    assert span.status.status_code == "OK"
    assert _end(span) == ("cancelled", "cancelled")
    assert WORDS.startswith(_text(span))
    assert _text(span)
    response["stream"].close()


def test_break_then_close_is_cancelled_too(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4))
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    iterator = iter(stream)
    for _ in range(5):
        next(iterator)
    stream.close()
    span = _only_span(traces)
    assert span.status.status_code == "OK"
    assert _end(span) == ("cancelled", "closed")
    assert _text(span)


def test_a_loop_that_is_taken_up_again_reads_on_and_ends_once(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4))
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    for _ in stream:
        break
    for _ in stream:
        pass
    span = _only_span(traces)
    assert _end(span) == ("complete", "exhausted")
    assert _text(span) == WORDS


@drops_its_connection
def test_a_stream_that_is_never_read_is_said_to_be_so(client: Any, traces: CapturedTraces) -> None:
    response = client.converse_stream(modelId=MODEL, messages=HELLO)
    del response
    span = _only_span(traces)
    assert span.status.status_code == "OK"
    assert _end(span) == ("not_consumed", "garbage_collected")


@drops_its_connection
def test_a_stream_that_is_dropped_half_read_ends_without_the_cycle_collector(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4))
    gc.disable()
    try:
        stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
        iterator = iter(stream)
        next(iterator)
        next(iterator)
        del iterator, stream
        span = _only_span(traces)
    finally:
        gc.enable()
    assert _end(span)[0] == "cancelled"


def test_an_exception_in_mid_stream_keeps_what_came(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    failure = StreamFailure("modelStreamErrorException", "The model broke.", after_events=4)
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4, failure=failure))
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    with pytest.raises(EventStreamError):
        for _ in stream:
            pass
    span = _only_span(traces)
    assert span.status.status_code == "ERROR"
    assert span.status.description == "The model broke."
    assert span.attributes["error.type"] == "modelStreamErrorException"
    assert _end(span) == ("error", "error")
    assert WORDS.startswith(_text(span))
    assert _text(span)


def test_a_lost_connection_keeps_what_came(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4, failure=Disconnect(after_events=4)))
    stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    with pytest.raises(Exception, match=r"ended prematurely|IncompleteRead|Connection broken"):
        for _ in stream:
            pass
    span = _only_span(traces)
    assert span.status.status_code == "ERROR"
    assert _end(span) == ("error", "error")
    assert _text(span)


@pytest.mark.parametrize("error", [Throttling(), ModelStreamError("No.")])
def test_an_error_before_the_first_event_is_an_error_span(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces, error: Any
) -> None:
    bedrock_emulator.script(MODEL, error)
    with pytest.raises(ClientError):
        client.converse_stream(modelId=MODEL, messages=HELLO)
    span = _only_span(traces)
    assert span.status.status_code == "ERROR"
    assert span.attributes["error.type"] == error.code
    assert span.outputs is None


@drops_its_connection
def test_an_exception_of_the_callers_own_ends_the_stream_as_cancelled(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4))

    def use() -> None:
        stream = client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
        for count, _ in enumerate(stream):
            _ = 1 / (3 - count)

    with pytest.raises(ZeroDivisionError):
        use()
    assert _end(_only_span(traces))[0] == "cancelled"


def test_a_stream_that_is_open_when_the_process_ends_is_kept(
    bedrock_emulator: BedrockEmulator, tmp_path: Any
) -> None:
    program = f"""
import outcrop
from outcrop.testing import BedrockEmulator
outcrop.set_tracking_uri("http://127.0.0.1:9")
outcrop.bedrock.autolog(silent=True)
import boto3
client = boto3.client("bedrock-runtime", region_name="us-east-1", aws_access_key_id="x",
                      endpoint_url={bedrock_emulator.endpoint_url!r}, aws_secret_access_key="x")
stream = client.converse_stream(modelId="anthropic.x", messages={HELLO!r})["stream"]
iterator = iter(stream)
next(iterator)
"""
    env = {"OUTCROP_SPOOL_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr  # one line says that no server answers
    (batch,) = tmp_path.glob("127.0.0.1_9/*.segment")
    assert b"process_exit" in batch.read_bytes()
