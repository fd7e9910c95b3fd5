"""Taps on aiobotocore's streamed answers: `taps` with `async for`.

The caller keeps aiobotocore's own `AioEventStream` or `StreamingBody`.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, cast

from outcrop.bedrock.call import Call
from outcrop.bedrock.taps import end_call, fail_call, finish_call, look_for_failure, remember
from outcrop.capture.faults import report_fault
from outcrop.genai.stream import EndReason


def tap_event_stream(call: Call, stream: Any) -> None:
    """Taps an AioEventStream that has not been read yet."""
    raw = stream._raw_stream  # noqa: SLF001  # botocore has no public place for it
    stream._event_generator = AioEventSource(call, _read_frames(call, raw))  # noqa: SLF001  # as above
    _watch_close(call, raw)
    remember(call)


def tap_body(call: Call, body: Any) -> None:
    """Taps an aiobotocore StreamingBody that has not been read yet."""
    response = _response_under(body)
    response.content = ContentTap(call, response.content, response.headers.get("content-length"))
    _watch_close(call, response)
    remember(call)


def _response_under(body: Any) -> Any:
    """The response of aiohttp: until aiobotocore 2 a body is a proxy of it, since 3 it has one."""
    wrapped = getattr(body, "__wrapped__", None)
    return body._raw_stream if wrapped is None else wrapped  # noqa: SLF001  # as above


class AioEventSource:
    """Stands where an AioEventStream keeps its generator of frames; see `taps.EventSource`.

    Attributes:
        loops: how many loops the caller has begun.
    """

    def __init__(self, call: Call, frames: AsyncGenerator[Any, None]) -> None:
        """`frames` reads the connection; every loop of the caller draws from the same."""
        self.loops = 0
        self._call = call
        self._frames = frames

    def __aiter__(self) -> AsyncIterator[Any]:
        """A new iterator a loop."""
        self._call.abandoned_ns = 0
        self.loops += 1
        return _AioLoop(self._call, self._frames, self)

    def __del__(self) -> None:
        if not self._call.is_over:
            end_call(self._call, EndReason.GARBAGE_COLLECTED)


class _AioLoop:
    """One `async for` loop. A class and no async generator: those are collected by the event loop, later."""

    __slots__ = ("_call", "_frame", "_frames", "_number", "_source")

    def __init__(self, call: Call, frames: AsyncGenerator[Any, None], source: AioEventSource) -> None:
        self._call = call
        self._frames = frames
        self._frame: Any = None
        self._source = source
        self._number = source.loops

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            self._frame = await self._frames.__anext__()
        except StopAsyncIteration:
            end_call(self._call, EndReason.EXHAUSTED)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            end_call(self._call, EndReason.CANCELLED)
            raise
        except BaseException as error:
            fail_call(self._call, error)
            raise
        # Looked at now: the exception that aiobotocore raises for it may outlive the loop.
        look_for_failure(self._call, self._frame)
        return self._frame

    def __del__(self) -> None:
        # The stream's own generator holds this until the event loop closes it, and that may be when the
        # caller reads on in another loop already.
        if not self._call.is_over and self._number == self._source.loops:
            self._call.abandoned_ns = self._call.span.now_ns()


async def _read_frames(call: Call, raw: Any) -> AsyncGenerator[Any, None]:
    from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415  # the SDK alone needs no boto3

    buffer = EventStreamBuffer()
    async for data, _ in raw.content.iter_chunks():
        call.pieces.add(data)
        buffer.add_data(data)
        for frame in buffer:
            yield frame
            if not getattr(buffer, "_data", True):  # see `taps`
                break


class ContentTap:
    """Stands for an aiohttp response's content; what is read through it is kept."""

    def __init__(self, call: Call, content: Any, content_length: str | None) -> None:
        """`content_length` is the header's text; None where the answer is chunked."""
        self._call = call
        self._content = content
        self._expected = int(content_length) if content_length else -1
        self._received = 0

    @property  # type: ignore[misc]  # nobody sets it
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
        """The real content's: `isinstance` must say what it says without a tap."""
        return cast("Any", type(self._content))

    async def read(self, n: int = -1) -> bytes:
        """As aiohttp's, like all that follow."""
        return await self._take(self._content.read(n))

    async def readany(self) -> bytes:
        """What has come."""
        return await self._take(self._content.readany())

    async def readexactly(self, n: int) -> bytes:
        """So many bytes, not fewer."""
        return await self._take(self._content.readexactly(n))

    async def readline(self, **limits: Any) -> bytes:
        """A line; newer aiohttp takes a limit of its length."""
        return await self._take(self._content.readline(**limits))

    async def readuntil(self, separator: bytes = b"\n", **limits: Any) -> bytes:
        """All up to a separator, as `readline` with another."""
        return await self._take(self._content.readuntil(separator, **limits))

    async def readchunk(self) -> tuple[bytes, bool]:
        """A piece as it was sent, and whether an HTTP chunk ends with it."""
        piece: tuple[bytes, bool] = await self._awaited(self._content.readchunk())
        self._took(piece[0])
        return piece

    def read_nowait(self, n: int = -1) -> bytes:
        """What has come, without waiting."""
        data: bytes = self._content.read_nowait(n)
        self._took(data)
        return data

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Lines, as aiohttp gives them."""
        return self._until_empty(self.readline)

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Pieces of at most `n` bytes."""
        return self._until_empty(lambda: self.read(n))

    def iter_any(self) -> AsyncIterator[bytes]:
        """Pieces as they come."""
        return self._until_empty(self.readany)

    async def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Pieces as they were sent."""
        while True:
            data, is_end_of_chunk = await self.readchunk()
            if not data and not is_end_of_chunk:
                return
            yield data, is_end_of_chunk

    def __getattr__(self, name: str) -> Any:
        """Everything else is the real content's."""
        return getattr(self._content, name)

    def __del__(self) -> None:
        if not self._call.is_over:
            end_call(self._call, EndReason.GARBAGE_COLLECTED)

    async def _until_empty(self, read: Any) -> AsyncIterator[bytes]:
        while data := await read():
            yield data

    async def _take(self, reading: Any) -> bytes:
        data: bytes = await self._awaited(reading)
        self._took(data)
        return data

    async def _awaited(self, reading: Any) -> Any:
        try:
            return await reading
        except asyncio.CancelledError:
            end_call(self._call, EndReason.CANCELLED)
            raise
        except BaseException as error:
            fail_call(self._call, error)
            raise

    def _took(self, data: bytes) -> None:
        try:
            if data:
                self._received += len(data)
                self._call.pieces.add(data)
            # An empty answer to `read(0)` is no end, so the content itself is asked.
            if self._received == self._expected or self._content.at_eof():
                finish_call(self._call)
        except Exception as error:  # noqa: BLE001  # the caller must get the bytes all the same
            report_fault("keeping a body", error)


def _watch_close(call: Call, response: Any) -> None:
    """Ends the call when the caller closes or releases aiohttp's response, as leaving its block does.

    At the end of an answer aiohttp gives the connection back without either.
    """
    response_class = cast("Any", type(response))
    # A strong reference would make a cycle.
    reference = weakref.ref(response)

    def watched(method: Any) -> Callable[[], Any]:
        def leave() -> Any:
            try:
                return method(reference())
            finally:
                if not call.is_over:
                    end_call(call, EndReason.CLOSED)

        return leave

    vars(response)["close"] = watched(response_class.close)
    vars(response)["release"] = watched(response_class.release)
