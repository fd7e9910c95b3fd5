"""Keeps finished traces in this process (`memory://`): for tests, and to look without a server."""

from __future__ import annotations

import threading

from outcrop.delivery.otlp_decode import decode_span
from outcrop.delivery.stats import DeliveryStats
from outcrop.recording.record import EncodedSpan, EndedSpan, SpanRecord


class MemoryDestination:
    """Finished spans by trace, in the order in which they ended."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.RLock()
        self._traces: dict[str, list[EncodedSpan]] = {}

    def submit(self, span: EndedSpan) -> None:
        """Keeps the span."""
        encoded = span.encode()
        with self._lock:
            self._traces.setdefault(encoded.trace_id.hex(), []).append(encoded)

    def flush(self, timeout_s: float) -> bool:  # noqa: ARG002  # nothing ever waits here
        """Nothing waits in memory."""
        return True

    def shutdown(self, timeout_s: float) -> None:
        """The traces stay readable."""

    def stats(self) -> DeliveryStats:
        """Every span that is kept counts as sent."""
        with self._lock:
            return DeliveryStats(sent=sum(map(len, self._traces.values())))

    def after_fork_in_child(self) -> None:
        """A child keeps what it was given, and its own."""
        self._lock = threading.RLock()

    def read_trace(self, trace_id: str) -> list[SpanRecord]:
        """The spans of a trace."""
        with self._lock:
            spans = list(self._traces.get(trace_id, ()))
        return [decode_span(span) for span in spans]

    def trace_ids(self) -> list[str]:
        """Every trace, in the order in which their first spans ended."""
        with self._lock:
            return list(self._traces)

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._traces.clear()
