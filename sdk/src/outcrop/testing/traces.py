"""Finished traces in this process, for tests: what `set_tracking_uri("memory://")` keeps."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from outcrop.assemble import assemble_trace
from outcrop.delivery.memory import MemoryDestination
from outcrop.entities import Trace
from outcrop.otlp.records import SpanRecord
from outcrop.runtime import Runtime, get_runtime

_FLUSH_S = 10.0


class CapturedTraces:
    """The traces that have ended since the capture began, oldest first."""

    def __init__(self, runtime: Runtime, memory: MemoryDestination) -> None:
        """Made by `capture_traces`."""
        self._runtime = runtime
        self._memory = memory

    def all(self) -> list[Trace]:
        """Every trace; streams that the caller stopped reading are ended first."""
        self._runtime.flush(_FLUSH_S)
        return [assemble_trace(self._memory.read_trace(trace_id)) for trace_id in self._memory.trace_ids()]

    def records(self) -> list[SpanRecord]:
        """Every finished span as it would be sent, the raw exchange included, in the order of their ends."""
        self._runtime.flush(_FLUSH_S)
        return [
            record for trace_id in self._memory.trace_ids() for record in self._memory.read_trace(trace_id)
        ]

    def last(self) -> Trace:
        """The newest trace.

        Raises:
            LookupError: none has ended.
        """
        traces = self.all()
        if not traces:
            raise LookupError("No trace has ended yet. Is outcrop.bedrock.autolog() on?")
        return traces[-1]

    def clear(self) -> None:
        """Forgets them."""
        self._memory.clear()


@contextmanager
def capture_traces() -> Generator[CapturedTraces, None, None]:
    """Keeps traces in memory while the block runs; afterwards they go where they went before."""
    runtime = get_runtime()
    with runtime.redirected(MemoryDestination()) as memory:
        yield CapturedTraces(runtime, memory)
