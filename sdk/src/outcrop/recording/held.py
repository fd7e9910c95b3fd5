"""A trace that is left out unless it fails or takes long: its spans wait until its local root ends."""

from __future__ import annotations

import threading

from outcrop.capture.faults import logger
from outcrop.recording.record import EndedSpan
from outcrop.recording.span import LiveSpan, SpanSink

MAX_HELD_SPANS = 5_000  # of all traces that wait, together


class Waiting:
    """What all traces that wait have in common: the room they take.

    Attributes:
        lock: a collected stream may end its span in the midst of another's end, on the same thread.
        dropped: spans for which there was no room.
    """

    def __init__(self) -> None:
        """Nothing waits."""
        self.lock = threading.RLock()
        self.dropped = 0
        self._held = 0

    def take(self) -> bool:
        """Asks for the room of one span."""
        if self._held < MAX_HELD_SPANS:
            self._held += 1
            return True
        if self.dropped == 0:
            logger.warning(
                "outcrop: %s spans wait for the end of their traces; of traces that end meanwhile with an "
                "error or late, spans are missing.",
                f"{MAX_HELD_SPANS:,}",
            )
        self.dropped += 1
        return False

    def give_back(self, count: int) -> None:
        """Returns the room of spans that were sent or let go."""
        self._held -= count


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

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:
        """Holds a span; the root's end decides, and what ends later follows."""
        ready: list[tuple[LiveSpan, EndedSpan]] = []
        with self._waiting.lock:
            if self.is_kept is None:
                self._has_failed = self._has_failed or span.has_failed
                if span.local_root is not None:
                    if self._waiting.take():
                        self._spans.append((span, ended))
                    return
                self.is_kept = (self._keeps_errors and self._has_failed) or self._is_slow(span)
                ready, self._spans = self._spans, []
                self._waiting.give_back(len(ready))
        if self.is_kept:
            for each in (*ready, (span, ended)):
                self._sink.on_end(*each)

    def __del__(self) -> None:
        """A root that never ends must not take room for ever."""
        self._waiting.give_back(len(self._spans))

    def _is_slow(self, root: LiveSpan) -> bool:
        return self._slower_than_ns is not None and root.duration_ns > self._slower_than_ns
