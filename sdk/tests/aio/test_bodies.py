"""aiobotocore's bodies: whichever method reads them, the caller gets the same and the span has it all."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import botocore.session
import pytest

import outcrop
from outcrop.bedrock import aio_taps, calls, taps
from outcrop.bedrock.chunks import Pieces
from outcrop.testing.shape_server import ShapeReply, ShapeServer
from outcrop.testing.traces import CapturedTraces
from sdk.tests.aio.program import MODEL, aio_client, drops_its_connection, end_of, only_span

Way = Callable[[Any], Awaitable[bytes]]

_PIECES = [b'{"zqa": 1,\n', b'"zqb": [2, 3],\n', b'"zqc": "four"}']
_WHOLE = b"".join(_PIECES)
_WAYS: dict[str, Way] = {}


def _way(read: Way) -> Way:
    _WAYS[read.__name__.lstrip("_")] = read
    return read


def _response(body: Any) -> Any:
    """aiohttp's response: the body is a proxy of it, or since aiobotocore 3 has it."""
    # Asking the proxy itself would ask the response.
    return body.raw_stream if "raw_stream" in dir(cast("Any", type(body))) else body


@_way
async def _read(body: Any) -> bytes:
    data: bytes = await body.read()
    return data


@_way
async def _read_nothing_first(body: Any) -> bytes:
    nothing: bytes = await body.read(0)
    return nothing + await _read(body)


@_way
async def _read_by_amounts(body: Any) -> bytes:
    found = b""
    while data := await body.read(7):
        found += data
    return found


@_way
async def _readinto(body: Any) -> bytes:
    found, place = b"", bytearray(7)
    while count := await body.readinto(place):
        found += place[:count]
    return found


@_way
async def _readlines(body: Any) -> bytes:
    return b"|".join(await body.readlines())


@_way
async def _itself(body: Any) -> bytes:
    return b"".join([piece async for piece in body])


@_way
async def _iter_chunks(body: Any) -> bytes:
    return b"".join([piece async for piece in body.iter_chunks(10)])


@_way
async def _a_block(body: Any) -> bytes:
    async with body as entered:
        data: bytes = await entered.read()
        return data


@_way
async def _json_of_the_response(body: Any) -> bytes:
    return json.dumps(await _response(body).json(content_type=None)).encode()


@_way
async def _lines_of_the_content(body: Any) -> bytes:
    return b"|".join([line async for line in _response(body).content])


@_way
async def _iter_chunked_of_the_content(body: Any) -> bytes:
    return b"".join([piece async for piece in _response(body).content.iter_chunked(7)])


@_way
async def _iter_any_of_the_content(body: Any) -> bytes:
    return b"".join([piece async for piece in _response(body).content.iter_any()])


@_way
async def _iter_chunks_of_the_content(body: Any) -> bytes:
    return b"".join([piece async for piece, _ in _response(body).content.iter_chunks()])


@_way
async def _readexactly(body: Any) -> bytes:
    content = _response(body).content
    # Without a length the end is seen by reading on alone.
    return b"|".join([await content.readexactly(len(_WHOLE)), await content.read()])


@_way
async def _readuntil(body: Any) -> bytes:
    content = _response(body).content
    return b"|".join([await content.readuntil(b"3"), await content.readline(), await content.read(-5)])


@_way
async def _read_nowait(body: Any) -> bytes:
    content = _response(body).content
    await content.wait_eof()
    return b"|".join([content.read_nowait(5), content.read_nowait()])


async def _invoke(client: Any) -> Any:
    return (await client.invoke_model(modelId=MODEL, body=b"{}"))["body"]


def _invoked(reply: ShapeReply, way: Way) -> bytes:
    """What the caller reads of an answer."""

    async def run(endpoint_url: str) -> bytes:
        async with aio_client(endpoint_url) as client:
            body = await _invoke(client)
            assert isinstance(_response(body).content, importlib.import_module("aiohttp").StreamReader)
            return await way(body)

    model = botocore.session.get_session().get_service_model("bedrock-runtime")
    with ShapeServer() as server:
        server.put(model.operation_model("InvokeModel"), reply)
        return asyncio.run(run(server.endpoint_url))


@pytest.mark.parametrize("has_length", [True, False])
@pytest.mark.parametrize("way", _WAYS)
def test_a_body_is_kept_by_whatever_method_it_is_read(
    traces: CapturedTraces, way: str, has_length: bool
) -> None:
    reply = ShapeReply({"body": _WHOLE if has_length else _PIECES})
    outcrop.bedrock.autolog(disable=True)
    untraced = _invoked(reply, _WAYS[way])
    outcrop.bedrock.autolog(silent=True)
    # Nothing else shows which calls are held.
    held = taps._open_calls  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as above
    held_before = held.copy()
    assert _invoked(reply, _WAYS[way]) == untraced
    assert held == held_before
    span = only_span(traces)
    assert span.status.status_code == "OK"
    assert span.outputs["body"] == json.loads(_WHOLE)
    assert "outcrop.stream.outcome" not in span.attributes


@asynccontextmanager
async def _half_answering(*, then_waits: bool) -> AsyncGenerator[str, None]:
    """An endpoint that sends half a body, then waits or hangs up."""
    may_end = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + _PIECES[0])
        await writer.drain()
        if then_waits:
            await may_end.wait()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        may_end.set()


_UNFINISHED: dict[str, Way] = {
    "readany": lambda body: _response(body).content.readany(),
    "readchunk": lambda body: _response(body).content.readchunk(),
    "read": lambda body: _response(body).content.read(7),
}


async def _read_on(body: Any, way: str, has_begun: asyncio.Event) -> None:
    while True:
        await _UNFINISHED[way](body)
        has_begun.set()


@drops_its_connection
@pytest.mark.parametrize("way", _UNFINISHED)
def test_a_body_whose_connection_is_lost_is_an_error_and_keeps_what_came(
    traces: CapturedTraces, way: str
) -> None:
    async def run() -> None:
        async with _half_answering(then_waits=False) as url, aio_client(url) as client:
            await _read_on(await _invoke(client), way, asyncio.Event())

    with pytest.raises(importlib.import_module("aiohttp").ClientPayloadError):
        asyncio.run(run())
    span = only_span(traces)
    assert span.status.status_code == "ERROR"
    assert span.attributes["error.type"].endswith("ClientPayloadError")
    assert end_of(span) == ("error", "error")


@drops_its_connection
@pytest.mark.parametrize("way", _UNFINISHED)
def test_a_task_that_is_cancelled_while_it_reads_a_body_keeps_what_came(
    traces: CapturedTraces, way: str
) -> None:
    async def run() -> None:
        has_begun = asyncio.Event()
        async with _half_answering(then_waits=True) as url, aio_client(url) as client:
            body = await _invoke(client)
            task = asyncio.create_task(_read_on(body, way, has_begun))
            await has_begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            body.close()

    asyncio.run(run())
    span = only_span(traces)
    assert span.status.status_code == "OK"
    assert end_of(span) == ("cancelled", "cancelled")
    assert _PIECES[0].decode().startswith(span.outputs["body"])


@drops_its_connection
@pytest.mark.parametrize("leaves_by", ["close", "release", "block"])
def test_a_body_that_is_left_ends_the_span_while_the_program_still_holds_it(
    traces: CapturedTraces, leaves_by: str
) -> None:
    async def run() -> Any:
        async with _half_answering(then_waits=True) as url, aio_client(url) as client:
            body = await _invoke(client)
            assert await body.read(5) == _PIECES[0][:5]
            if leaves_by == "block":
                async with body:
                    pass
            else:
                getattr(_response(body), leaves_by)()
            return body

    held = asyncio.run(run())
    span = only_span(traces)
    assert end_of(span) == ("cancelled", "closed")
    assert span.outputs["body"] == _PIECES[0][:5].decode()
    del held


@pytest.mark.parametrize("broken", [(aio_taps, "ContentTap"), (Pieces, "add")])
def test_a_fault_of_our_own_leaves_the_body_alone(
    traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch, broken: tuple[Any, str]
) -> None:
    places: list[str] = []

    def fail(*_: Any) -> None:
        raise RuntimeError("our own fault")

    def report(place: str, _: Exception) -> None:
        places.append(place)

    monkeypatch.setattr(*broken, fail)
    # Where it is logged, the log would hold the exception, and that what ends the span.
    monkeypatch.setattr(aio_taps, "report_fault", report)
    monkeypatch.setattr(calls, "report_fault", report)
    assert _invoked(ShapeReply({"body": _WHOLE}), _read) == _WHOLE
    assert len(places) == 1
    assert only_span(traces).inputs == {"modelId": MODEL, "body": {}}
