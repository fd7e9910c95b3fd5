"""Keeps finished traces in this process (`memory://`): for tests, and to look without a server."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from outcrop.assessments import Annotations, Assessment
from outcrop.delivery.memory_annotations import MemoryAnnotations
from outcrop.delivery.otlp_decode import decode_span
from outcrop.delivery.query import FoundPage, TraceDeletion, TraceQuery
from outcrop.delivery.stats import DeliveryStats
from outcrop.exceptions import OutcropError
from outcrop.otlp.records import EncodedSpan, EndedSpan, SpanRecord


class MemoryDestination:
    """Finished spans by trace, in the order in which they ended."""

    def __init__(self) -> None:
        """Starts empty."""
        self._lock = threading.RLock()
        self._traces: dict[str, list[EncodedSpan]] = {}
        self._annotations = MemoryAnnotations()

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
            self._annotations = MemoryAnnotations()

    def annotations(self, trace_id: str) -> Annotations:
        """What was said of a trace afterwards."""
        with self._lock:
            return self._annotations.of(trace_id)

    def search(self, query: TraceQuery) -> FoundPage:
        """Looks at every trace in turn."""
        from outcrop.delivery.memory_search import search_memory  # noqa: PLC0415  # the filter is loaded by who uses it

        return search_memory(self, query)

    def edit_tags(self, trace_id: str, tags: Mapping[str, str | None]) -> None:
        """Sets and deletes tags."""
        with self._lock:
            self._check(trace_id)
            self._annotations.edit_tags(trace_id, tags)

    def add_assessment(self, assessment: Assessment) -> Assessment:
        """Keeps a judgement."""
        with self._lock:
            self._check(assessment.trace_id or "")
            return self._annotations.add(assessment)

    def update_assessment(self, assessment: Assessment) -> Assessment:
        """Replaces a judgement."""
        with self._lock:
            return self._annotations.update(assessment)

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Deletes a judgement."""
        with self._lock:
            self._annotations.delete(trace_id, assessment_id)

    def delete_traces(self, deletion: TraceDeletion) -> int:
        """Forgets traces."""
        from outcrop.delivery.memory_search import chosen_for_deletion  # noqa: PLC0415  # as above

        chosen = chosen_for_deletion(self, deletion)
        with self._lock:
            gone = [trace_id for trace_id in chosen if self._traces.pop(trace_id, None) is not None]
            for trace_id in gone:
                self._annotations.forget(trace_id)
        return len(gone)

    def _check(self, trace_id: str) -> None:
        if trace_id not in self._traces:
            raise OutcropError(f"There is no trace {trace_id} in this process's memory.")
