"""Taps on streamed answers: what the caller reads is kept, with its time, and the end is seen.

The caller keeps botocore's own `EventStream` or `StreamingBody`; only where it takes its bytes from is
replaced. Nothing is read ahead and nothing is changed. `aio_taps` is the twin for aiobotocore.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from time import perf_counter
from typing import Any, cast

from outcrop.bedrock.call import Call
from outcrop.capture.faults import report_fault
from outcrop.genai.stream import EndReason

# Calls whose answer is being read. Strong references: none of them refers to what the caller holds.
_open_calls: set[Call] = set()


def tap_event_stream(call: Call, stream: Any) -> None:
    """Taps a botocore EventStream that has not been read yet."""
    raw = stream._raw_stream  # noqa: SLF001  # botocore has no public place for it
    incoming = raw.stream()
    stream._event_generator = EventSource(call, incoming)  # noqa: SLF001  # as above
    # The connection must not refer to what reads it: that would be a cycle.
    reader = weakref.ref(incoming)
    watch_close(call, raw, lambda: getattr(reader(), "gi_running", False))
    remember(call)


def tap_body(call: Call, body: Any) -> None:
    """Taps a botocore StreamingBody that has not been read yet."""
    BodyTap(call, body._raw_stream, body._content_length).install()  # noqa: SLF001  # as above
    remember(call)


def remember(call: Call) -> None:
    """Keeps a call in mind until it ends, so that the process's end can end it."""
    _open_calls.add(call)


def end_open_streams(*, is_exit: bool = False) -> None:
    """Ends streams that the caller stopped reading; at process exit, all that are open."""
    for call in _open_calls.copy():
        if call.is_over:
            _open_calls.discard(call)
        elif call.abandoned_ns:
            call.end_stream(EndReason.CANCELLED)
        elif is_exit:
            call.end_stream(EndReason.PROCESS_EXIT)


def look_for_failure(call: Call, frame: Any) -> bool:
    """Ends the call if the frame that was read last is the service's exception; says whether it is."""
    try:
        headers = frame.headers
        if headers.get(":message-type") not in {"exception", "error"}:
            return False
        code = headers.get(":exception-type") or headers.get(":error-code") or "unknown"
        message = headers.get(":error-message") or _message_in(frame.payload)
        call.fail_in_stream(str(code), str(message))
    except Exception as error:  # noqa: BLE001  # the caller must get the frame all the same
        report_fault("reading a stream's failure", error)
    _open_calls.discard(call)
    return True


class EventSource:
    """Stands where an EventStream keeps its generator of frames.

    It holds no reference to the EventStream, which thereby is in no cycle and goes as soon as the
    caller lets it go; then `__del__` ends the span.
    """

    def __init__(self, call: Call, incoming: Iterator[bytes]) -> None:
        """`incoming` reads the connection; every loop of the caller draws from the same."""
        from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415  # the SDK alone needs no boto3

        self._call = call
        self._incoming = incoming
        self._buffer = EventStreamBuffer()

    def __iter__(self) -> Iterator[Any]:
        """A new generator a loop: when a loop is left by `break`, its generator goes, and tells."""
        self._call.abandoned_ns = 0
        return _loop(self._call, self._incoming, self._buffer)

    def __next__(self) -> Any:
        """The next frame alone, as `get_initial_response` asks for it."""
        while (frame := next(self._buffer, None)) is None:
            try:
                data = next(self._incoming)
            except StopIteration:
                end_call(self._call, EndReason.EXHAUSTED)
                raise
            except BaseException as error:
                fail_call(self._call, error)
                raise
            self._call.pieces.add(data)
            self._buffer.add_data(data)
        return frame

    def __del__(self) -> None:
        if not self._call.is_over:
            end_call(self._call, EndReason.GARBAGE_COLLECTED)


def _loop(call: Call, incoming: Iterator[bytes], buffer: Any) -> Generator[Any, None, None]:
    kept = call.pieces.kept
    frame = None
    try:
        for frame in buffer:  # what an earlier loop has left
            yield frame
        for data in incoming:
            # What `Pieces.add` does, without a call for each of hundreds of pieces.
            kept.append(data)
            kept.append(perf_counter())
            buffer.add_data(data)
            for frame in buffer:
                yield frame
                # Most pieces are one frame. botocore's buffer tells by an exception that it has no more, for
                # each of them: looking first takes less than all that tracing adds to the loop.
                if not getattr(buffer, "_data", True):
                    break
    except GeneratorExit:
        # The loop is left. botocore leaves it too when it raises for an exception that the service sent.
        # Otherwise it is not the end yet: the caller may go on with another loop. The next flush or
        # collection ends it.
        if not call.is_over and not look_for_failure(call, frame):
            call.abandoned_ns = call.span.now_ns()
        raise
    except BaseException as error:
        fail_call(call, error)
        raise
    end_call(call, EndReason.EXHAUSTED)


def end_call(call: Call, reason: EndReason) -> None:
    """Ends a stream, and forgets it."""
    call.end_stream(reason)
    _open_calls.discard(call)


def finish_call(call: Call) -> None:
    """Ends a call whose body has been read whole, and forgets it."""
    call.finish()
    _open_calls.discard(call)


def fail_call(call: Call, error: BaseException) -> None:
    """Ends a stream that could not be read on, and forgets it."""
    call.fail(error)
    _open_calls.discard(call)


class BodyTap:
    """Stands before the read methods of the response under a StreamingBody.

    The methods are replaced on that one object, so `with body as raw` hands out urllib3's own object.
    """

    __slots__ = ("_call", "_depth", "_expected", "_kind", "_raw", "_received")

    def __init__(self, call: Call, raw: Any, content_length: str | None) -> None:
        """`content_length` is the header's text; None where the answer is chunked."""
        self._call = call
        # A strong reference would make a cycle, and the end of an unread body would wait for the collector.
        self._raw = weakref.ref(raw)
        self._kind: Any = type(raw)
        self._expected = int(content_length) if content_length else -1
        self._received = 0
        self._depth = 0

    def install(self) -> None:
        """Replaces the methods that read; the others are built on them."""
        methods = vars(self._raw())
        methods["read"], methods["close"] = self.read, self.close
        if _has(self._kind, "read1"):
            methods["read1"] = self.read1
        if _has(self._kind, "read_chunked"):
            methods["read_chunked"] = self.read_chunked

    def read(self, *args: Any, **kwargs: Any) -> Any:
        """As urllib3's, like the others."""
        return self._read(self._kind.read, args, kwargs)

    def read1(self, *args: Any, **kwargs: Any) -> Any:
        """What one read of the connection gives."""
        return self._read(self._kind.read1, args, kwargs)

    def read_chunked(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """The chunks of an answer that comes in such."""
        for data in self._kind.read_chunked(self._raw(), *args, **kwargs):
            self._took(data, is_all=False)
            yield data
        self._took(b"", is_all=True)

    def close(self) -> None:
        """The caller's close, or the collector's."""
        close_watched(self._call, self._raw(), self._kind, is_reading=self._depth > 0)

    def __del__(self) -> None:
        # A response that goes with a cycle may not be asked to close: what it reads from is closed by then.
        if not self._call.is_over:
            end_call(self._call, EndReason.GARBAGE_COLLECTED)

    def _read(self, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._depth += 1
        try:
            data = method(self._raw(), *args, **kwargs)
        except BaseException as error:
            fail_call(self._call, error)
            raise
        finally:
            self._depth -= 1
        # urllib3's methods call one another; only the outermost gives bytes to the caller.
        if self._depth == 0:
            amount = args[0] if args else kwargs.get("amt")
            self._took(data, is_all=amount is None or (amount != 0 and not data))
        return data

    def _took(self, data: Any, *, is_all: bool) -> None:
        try:
            if data:
                self._received += len(data)
                self._call.pieces.add(data if type(data) is bytes else bytes(data))
            if is_all or self._received == self._expected:
                finish_call(self._call)
        except Exception as error:  # noqa: BLE001  # the caller must get the bytes all the same
            report_fault("keeping a body", error)


# Older versions of urllib3 have no `read1`; asking for what is not there is slow.
_has = lru_cache(maxsize=64)(hasattr)


def watch_close(call: Call, raw: Any, is_reading: Callable[[], bool]) -> None:
    """Ends the call when the caller closes the response; not when it closes itself at its end."""
    kind = cast("Any", type(raw))
    reference = weakref.ref(raw)
    raw.close = lambda: close_watched(call, reference(), kind, is_reading=is_reading())


def close_watched(call: Call, response: Any, kind: Any, *, is_reading: bool) -> None:
    """Closes a response, of that class, and ends its call unless it closes itself while it is read."""
    # io sets this when it closes an object that is being collected. What goes with a cycle is no longer known
    # by its reference; it closes what is under it all the same.
    is_collected = response is None or bool(getattr(response, "_finalizing", False))
    try:
        if response is not None:
            kind.close(response)
    finally:
        if not call.is_over and not is_reading:
            end_call(call, EndReason.GARBAGE_COLLECTED if is_collected else EndReason.CLOSED)


def _message_in(payload: bytes) -> str:
    try:
        found = json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
    return str(found.get("message") or found.get("originalMessage") or "") if isinstance(found, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # JSON
