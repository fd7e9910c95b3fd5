"""A trace that is left out unless it fails or takes long: its spans wait until its local root ends."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, cast

from outcrop.capture.faults import logger
from outcrop.otlp.records import EndedSpan
from outcrop.recording.span import LiveSpan, SpanSink

# Of all traces that wait, together.
MAX_HELD_SPANS = 5_000
MAX_HELD_BYTES = 64 * 1024 * 1024
# What a span takes beside its texts and bodies, about.
_SPAN_BYTES = 2_000


class Waiting:
    """What all traces that wait have in common: the room they take.

    Attributes:
        lock: a collected stream may end its span in the midst of another's end, on the same thread.
        on_lost: is told how many spans are missing of a trace that is kept.
    """

    def __init__(self, on_lost: Callable[[int], None]) -> None:
        """Nothing waits."""
        self.lock = threading.RLock()
        self.on_lost = on_lost
        self._has_warned = False
        self._spans = 0
        self._bytes = 0

    def take(self, size: int) -> bool:
        """Asks for the room of one span of so many bytes."""
        if self._spans < MAX_HELD_SPANS and self._bytes + size <= MAX_HELD_BYTES:
            self._spans += 1
            self._bytes += size
            return True
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "outcrop: %s spans of %s bytes wait for the end of their traces, and there is no room for "
                "more; of traces that end with an error or late, spans are missing.",
                f"{self._spans:,}",
                f"{self._bytes:,}",
            )
        return False

    def give_back(self, spans: int, size: int) -> None:
        """Returns the room of spans that were sent or let go, and of their bytes."""
        with self.lock:
            self._spans -= spans
            self._bytes -= size


class HeldTrace:
    """The sink of one trace's spans.

    Attributes:
        is_kept: what was decided; None while the root runs.
    """

    def __init__(
        self, sink: SpanSink, waiting: Waiting, *, keeps_errors: bool, slower_than_ns: int | None
    ) -> None:
        """`sink` takes the spans if the trace is kept."""
        self.is_kept: bool | None = None
        self._sink = sink
        self._waiting = waiting
        self._keeps_errors = keeps_errors
        self._slower_than_ns = slower_than_ns
        self._has_failed = False
        self._spans: list[tuple[LiveSpan, EndedSpan]] = []
        self._bytes = 0
        # For these there was no room: they are lost if the trace is kept, and are none's loss if it is not.
        self._missing = 0

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:
        """Holds a span; the root's end decides, and what ends later follows."""
        ready: list[tuple[LiveSpan, EndedSpan]] = []
        with self._waiting.lock:
            if self.is_kept is None:
                self._has_failed = self._has_failed or span.has_failed
                if span.local_root is not None:
                    self._hold(span, ended)
                    return
                self.is_kept = (self._keeps_errors and self._has_failed) or self._is_slow(span)
                ready, self._spans = self._spans, []
                self._waiting.give_back(len(ready), self._bytes)
                self._bytes = 0
                if self.is_kept and self._missing:
                    self._waiting.on_lost(self._missing)
        if self.is_kept:
            for each in (*ready, (span, ended)):
                self._sink.on_end(*each)

    def __del__(self) -> None:
        """A root that never ends must not take room for ever."""
        self._waiting.give_back(len(self._spans), self._bytes)

    def _hold(self, span: LiveSpan, ended: EndedSpan) -> None:
        size = _size_of(span) if ended is span else _size_of(span) + _size_of(ended)
        if self._waiting.take(size):
            self._spans.append((span, ended))
            self._bytes += size
        else:
            self._missing += 1

    def _is_slow(self, root: LiveSpan) -> bool:
        return self._slower_than_ns is not None and root.duration_ns > self._slower_than_ns


def _size_of(ended: object) -> int:
    """The bytes of memory that a span or a call takes, but for small change.

    Encoding it would tell exactly, at a cost that most held spans, which are let go, need not pay.
    """
    size = _SPAN_BYTES
    waiting: list[Any] = list(vars(ended).values())
    while waiting:
        value = waiting.pop()
        # Of the very types: whatever else stands there is shared with other spans.
        if type(value) in {str, bytes}:
            size += sys.getsizeof(value)
        elif type(value) is dict:
            waiting.extend(list(cast("dict[Any, Any]", value).values()))
        elif type(value) in {list, tuple}:
            waiting.extend(value)
    return size
