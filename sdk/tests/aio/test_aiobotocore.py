"""aiobotocore and aioboto3: the same spans as boto3's, and exactly one end, with `async for`."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, EventStreamError, ParamValidationError
from opentelemetry import trace as otel

import outcrop
from outcrop.entities import Span
from outcrop.testing import BedrockEmulator, Disconnect, Reply, StreamFailure, Throttling, ToolUse
from outcrop.testing.traces import CapturedTraces

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]
WORDS = "One two three four five six seven eight nine ten."
BODY = json.dumps(
    {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
    }
)
# A connection that is dropped unread warns when it is collected, with or without tracing.
drops_its_connection = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)


@asynccontextmanager
async def aio_client(endpoint_url: str) -> AsyncGenerator[Any, None]:
    session: Any = importlib.import_module("aiobotocore.session").get_session()
    made = session.create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    async with made as client:
        yield client


def _only_span(traces: CapturedTraces) -> Span:
    (trace,) = traces.all()
    (span,) = trace.data.spans
    return span


def _end(span: Span) -> tuple[str, str]:
    return span.attributes["outcrop.stream.outcome"], span.attributes["outcrop.stream.end_reason"]


def _text(span: Span) -> str:
    return "".join(block.get("text", "") for block in span.outputs["output"]["message"]["content"])


async def _stream(client: Any) -> Any:
    return (await client.converse_stream(modelId=MODEL, messages=HELLO))["stream"]


def test_a_call_that_sampling_leaves_out_passes_its_ids_on(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    seen: list[otel.SpanContext] = []

    def note(**_: Any) -> None:
        seen.append(otel.get_current_span().get_span_context())

    async def run() -> Any:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            client.meta.events.register("before-send.bedrock-runtime", note)
            with outcrop.keeping(sample=0):
                return await client.converse(modelId=MODEL, messages=HELLO)

    assert asyncio.run(run())["output"]["message"]["content"]
    assert [(context.is_valid, context.trace_flags.sampled) for context in seen] == [(True, False)]
    assert traces.all() == []


def test_a_call_becomes_a_span(bedrock_emulator: BedrockEmulator, traces: CapturedTraces) -> None:
    async def run() -> Any:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            return await client.converse(modelId=MODEL, messages=HELLO)

    response = asyncio.run(run())
    span = _only_span(traces)
    assert span.inputs == {"modelId": MODEL, "messages": HELLO}
    assert span.outputs == {name: value for name, value in response.items() if name != "ResponseMetadata"}
    assert span.status.status_code == "OK"


def test_aioboto3_is_traced_through_the_same_class(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    async def run() -> None:
        session: Any = importlib.import_module("aioboto3").Session(
            aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
        )
        async with session.client("bedrock-runtime", endpoint_url=bedrock_emulator.endpoint_url) as client:
            await client.converse(modelId=MODEL, messages=HELLO)

    asyncio.run(run())
    assert _only_span(traces).status.status_code == "OK"


def test_a_stream_read_to_its_end_is_merged(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, ToolUse("f", {"x": [1]}), chunk_size=3))

    async def run() -> int:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            stream = await _stream(client)
            assert type(stream).__name__ == "AioEventStream"
            return len([event async for event in stream])

    count = asyncio.run(run())
    span = _only_span(traces)
    assert _text(span) == WORDS
    assert span.outputs["output"]["message"]["content"][1]["toolUse"]["input"] == {"x": [1]}
    assert _end(span) == ("complete", "exhausted")
    assert len([event for event in span.events if event.name.startswith("outcrop.chunk.")]) == count


@drops_its_connection
@pytest.mark.parametrize("closes", [True, False])
def test_break_keeps_what_came(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces, closes: bool
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4))

    async def run() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            stream = await _stream(client)
            count = 0
            async for _ in stream:
                count += 1
                if count == 5:
                    break
            if closes:
                stream.close()

    asyncio.run(run())
    span = _only_span(traces)
    assert span.status.status_code == "OK"
    assert _end(span)[0] == "cancelled"
    assert _text(span)


@drops_its_connection
def test_a_cancelled_task_ends_its_stream_as_cancelled(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4, chunk_delay_s=0.05))
    has_begun = asyncio.Event()

    async def read() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            async for event in await _stream(client):
                if "contentBlockDelta" in event:
                    has_begun.set()

    async def run() -> None:
        task = asyncio.create_task(read())
        await has_begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    span = _only_span(traces)
    assert span.status.status_code == "OK"
    assert _end(span) == ("cancelled", "cancelled")
    assert WORDS.startswith(_text(span))


@drops_its_connection
def test_a_stream_that_is_never_read_is_said_to_be_so(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    async def run() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            await _stream(client)

    asyncio.run(run())
    assert _end(_only_span(traces))[0] == "not_consumed"


@drops_its_connection
def test_an_exception_in_mid_stream_keeps_what_came(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    failure = StreamFailure("modelStreamErrorException", "The model broke.", after_events=4)
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4, failure=failure))

    async def run() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            async for _ in await _stream(client):
                pass

    with pytest.raises(EventStreamError):
        asyncio.run(run())
    span = _only_span(traces)
    assert (span.status.status_code, span.status.description) == ("ERROR", "The model broke.")
    assert _end(span) == ("error", "error")
    assert _text(span)


@drops_its_connection
def test_a_lost_connection_keeps_what_came(bedrock_emulator: BedrockEmulator, traces: CapturedTraces) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=4, failure=Disconnect(after_events=4)))

    async def run() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            async for _ in await _stream(client):
                pass

    with pytest.raises(Exception, match=r"."):
        asyncio.run(run())
    span = _only_span(traces)
    assert span.status.status_code == "ERROR"
    assert _text(span)


def test_errors_before_an_answer_are_error_spans(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Throttling())

    async def run() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            with pytest.raises(ClientError):
                await client.converse_stream(modelId=MODEL, messages=HELLO)
            with pytest.raises(ParamValidationError):
                await client.converse(modelId=MODEL, messages="no list")
        async with aio_client("http://127.0.0.1:9") as client:
            with pytest.raises(EndpointConnectionError):
                await client.converse(modelId=MODEL, messages=HELLO)

    asyncio.run(run())
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert [span.attributes["error.type"] for span in spans] == [
        "ThrottlingException",
        "ParamValidationError",
        "EndpointConnectionError",
    ]
    attempts = [event for event in spans[0].events if event.name == "outcrop.attempt"]
    assert len(attempts) > 1


def test_bodies_are_kept_however_they_are_read(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    async def run() -> list[bytes]:
        async with aio_client(bedrock_emulator.endpoint_url) as client:

            async def body() -> Any:
                return (await client.invoke_model(modelId=MODEL, body=BODY))["body"]

            whole = await (await body()).read()
            pieces = b"".join([piece async for piece in (await body()).iter_chunks(10)])
            async with await body() as response:
                entered = await response.read()
            return [whole, pieces, entered]

    bodies = asyncio.run(run())
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert len(spans) == 3
    for span, read in zip(spans, bodies, strict=True):
        assert span.outputs["body"] == json.loads(read)


@drops_its_connection
def test_half_a_body_gives_the_right_half(bedrock_emulator: BedrockEmulator, traces: CapturedTraces) -> None:
    async def run() -> bytes:
        async with aio_client(bedrock_emulator.endpoint_url) as client:
            body = (await client.invoke_model(modelId=MODEL, body=BODY))["body"]
            half: bytes = await body.read(20)
            body.close()
            return half

    half = asyncio.run(run())
    span = _only_span(traces)
    assert span.outputs["body"] == half.decode()
    assert _end(span) == ("cancelled", "closed")


def test_two_hundred_tasks_have_the_right_parents(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply(WORDS, chunk_size=20))

    async def run() -> None:
        async with aio_client(bedrock_emulator.endpoint_url) as client:

            @outcrop.trace
            async def agent(number: int) -> int:
                await client.converse(modelId=MODEL, messages=HELLO)
                async for _ in await _stream(client):
                    pass
                return number

            assert sorted(await asyncio.gather(*map(agent, range(200)))) == list(range(200))

    asyncio.run(run())
    assert len(traces.all()) == 200
    for trace in traces.all():
        root, *calls = trace.data.spans
        assert root.name == "agent"
        assert [call.parent_id for call in calls] == [root.span_id] * 2


def test_importing_aiobotocore_after_switching_on_is_early_enough_and_switching_off_restores_it() -> None:
    program = """
import sys, outcrop
outcrop.set_tracking_uri("memory://")
outcrop.bedrock.autolog(silent=True)
assert "aiobotocore" not in sys.modules
import aiobotocore.client as c
from botocore.client import BaseClient
patched = c.AioBaseClient._make_api_call
assert patched.__wrapped__.__module__ == "aiobotocore.client", patched
assert type(c.__spec__.loader).__name__ == "SourceFileLoader", c.__spec__
outcrop.bedrock.autolog(disable=True)
assert c.AioBaseClient._make_api_call is patched.__wrapped__
"""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
