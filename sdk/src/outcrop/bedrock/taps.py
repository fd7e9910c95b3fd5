"""Taps on streamed answers: what the caller reads is kept, with its time, and the end is seen.

The caller keeps botocore's own `EventStream` or `StreamingBody`; only where it takes its bytes from is
replaced. Nothing is read ahead and nothing is changed.
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, cast

from outcrop.bedrock.call import Call
from outcrop.capture.faults import report_fault
from outcrop.genai.stream import EndReason

_open_calls: weakref.WeakSet[Call] = weakref.WeakSet()
_open_lock = threading.Lock()


def tap_event_stream(call: Call, stream: Any) -> None:
    """Taps a botocore EventStream that has not been read yet."""
    source = EventSource(call, stream._raw_stream)  # noqa: SLF001  # botocore has no public place for it
    stream._event_generator = source  # noqa: SLF001  # as above
    _watch_close(call, stream._raw_stream)  # noqa: SLF001  # as above
    _remember(call)


def tap_body(call: Call, body: Any) -> None:
    """Taps a botocore StreamingBody that has not been read yet."""
    tap = BodyTap(call, body._raw_stream, body._content_length)  # noqa: SLF001  # as above
    tap.install()
    _remember(call)


def end_open_streams(*, is_exit: bool = False) -> None:
    """Ends streams that the caller stopped reading; at process exit, all that are open."""
    with _open_lock:
        calls = list(_open_calls)
    for call in calls:
        if call.is_over:
            _forget(call)
        elif call.abandoned_ns:
            call.end_stream(EndReason.CANCELLED)
        elif is_exit:
            call.end_stream(EndReason.PROCESS_EXIT)


def _remember(call: Call) -> None:
    with _open_lock:
        _open_calls.add(call)


def _forget(call: Call) -> None:
    with _open_lock:
        _open_calls.discard(call)


class EventSource:
    """Stands where an EventStream keeps its generator of frames.

    It holds no reference to the EventStream, which thereby is in no cycle and goes as soon as the
    caller lets it go; then `__del__` ends the span.
    """

    def __init__(self, call: Call, raw: Any) -> None:
        """`raw` is urllib3's response."""
        self._call = call
        self._frames = _read_frames(call, raw)

    def __iter__(self) -> Iterator[Any]:
        """A new iterator a loop: when a loop is left by `break`, its iterator goes, and tells."""
        self._call.abandoned_ns = 0
        return _Loop(self, self._call)

    def __next__(self) -> Any:
        """The next frame, as botocore's parser wants it."""
        return self.next_frame()

    def next_frame(self) -> Any:
        """The next frame; ends the call when there is none or when reading fails."""
        self._call.is_reading = True
        try:
            frame = next(self._frames)
        except StopIteration:
            self._call.end_stream(EndReason.EXHAUSTED)
            raise
        except BaseException as error:
            self._call.fail(error)
            raise
        finally:
            self._call.is_reading = False
        self._look_for_failure(frame)
        return frame

    def _look_for_failure(self, frame: Any) -> None:
        try:
            headers = frame.headers
            if headers.get(":message-type") not in {"exception", "error"}:
                return
            code = headers.get(":exception-type") or headers.get(":error-code") or "unknown"
            message = headers.get(":error-message") or _message_in(frame.payload)
            self._call.fail_in_stream(str(code), str(message))
        except Exception as error:  # noqa: BLE001  # the caller must get the frame all the same
            report_fault("reading a stream's failure", error)

    def __del__(self) -> None:
        if not self._call.is_over:
            self._call.end_stream(EndReason.GARBAGE_COLLECTED)


def _read_frames(call: Call, raw: Any) -> Iterator[Any]:
    # No method of EventSource: its frame would hold the source, and that would be a cycle.
    from botocore.eventstream import EventStreamBuffer  # noqa: PLC0415  # the SDK alone needs no boto3

    buffer = EventStreamBuffer()
    for data in raw.stream():
        call.on_piece(data)
        buffer.add_data(data)
        yield from buffer


class _Loop:
    """One `for` loop over a stream."""

    def __init__(self, source: EventSource, call: Call) -> None:
        self._source = source
        self._call = call

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self._source.next_frame()

    def __del__(self) -> None:
        # Not the end yet: the caller may go on with another loop. The next flush or collection ends it.
        if not self._call.is_over:
            self._call.abandoned_ns = self._call.span.now_ns()


class BodyTap:
    """Stands before the read methods of the response under a StreamingBody.

    The methods are replaced on that one object, so `with body as raw` hands out urllib3's own object.
    """

    def __init__(self, call: Call, raw: Any, content_length: str | None) -> None:
        """`content_length` is the header's text; None where the answer is chunked."""
        self._call = call
        # A strong reference would make a cycle, and the end of an unread body would wait for the collector.
        self._raw = weakref.ref(raw)
        self._kind: Any = type(raw)
        self._expected = int(content_length) if content_length else None
        self._received = 0
        self._depth = 0

    def install(self) -> None:
        """Replaces the methods that read; the others are built on them."""
        raw = self._raw()
        for name in ("read", "read1"):
            if hasattr(self._kind, name):
                setattr(raw, name, self._reader(name))
        if hasattr(self._kind, "read_chunked"):
            setattr(raw, "read_chunked", self._read_chunked)  # noqa: B010  # not a method of every type
        _watch_close(self._call, raw)

    def _reader(self, name: str) -> Callable[..., Any]:
        method = getattr(self._kind, name)

        def read(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            self._call.is_reading = True
            try:
                data = method(self._raw(), *args, **kwargs)
            except BaseException as error:
                self._call.fail(error)
                raise
            finally:
                self._depth -= 1
                self._call.is_reading = self._depth > 0
            # urllib3's methods call one another; only the outermost gives bytes to the caller.
            if self._depth == 0:
                amount = args[0] if args else kwargs.get("amt")
                self._took(data, is_all=amount is None or (amount != 0 and not data))
            return data

        return read

    def _read_chunked(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        for data in self._kind.read_chunked(self._raw(), *args, **kwargs):
            self._took(data, is_all=False)
            yield data
        self._took(b"", is_all=True)

    def _took(self, data: Any, *, is_all: bool) -> None:
        try:
            if data:
                self._received += len(data)
                self._call.on_piece(bytes(data))
            if is_all or (self._expected is not None and self._received >= self._expected):
                self._call.finish()
        except Exception as error:  # noqa: BLE001  # the caller must get the bytes all the same
            report_fault("keeping a body", error)


def _watch_close(call: Call, raw: Any) -> None:
    """Ends the call when the caller closes the response; not when it closes itself at its end."""
    response_class = cast("Any", type(raw))
    reference = weakref.ref(raw)

    def close() -> None:
        response = reference()
        # io sets this when it closes an object that is being collected.
        is_collected = bool(getattr(response, "_finalizing", False))
        try:
            response_class.close(response)
        finally:
            if not call.is_reading and not call.is_over:
                call.end_stream(EndReason.GARBAGE_COLLECTED if is_collected else EndReason.CLOSED)

    raw.close = close


def _message_in(payload: bytes) -> str:
    try:
        found = json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
    return str(found.get("message") or found.get("originalMessage") or "") if isinstance(found, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # JSON
