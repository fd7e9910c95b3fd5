"""The storage contract: what every engine promises to `ingest` and `query`.

`server/tests/storage/conformance.py` tests each promise; an engine is right when that suite passes.
Nothing above this module may know which engine is at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import ExperimentRow, SpanRow, StoredTrace, TracePosition


class TraceStore(Protocol):
    """A place that keeps traces.

    Every method MUST be callable from any thread, at the same time as any other. Several processes
    MAY have the same store open; each MUST see what another was promised was kept. Reads MUST NOT wait
    for writes, and MUST see every append whose future was done when they began.
    """

    def append(self, spans: Sequence[NewSpan]) -> Future[int]:
        """Keeps spans.

        MUST do what costs CPU in the calling thread, and MUST NOT wait for the disk in it. The future
        MUST be done only when all spans are durable: a killed process or machine loses none of them.
        Either all of one call's spans are kept or none.

        A span whose (trace id, span id) is kept already MUST be left as it is and change nothing, be it
        from this call or an earlier one. Spans of a trace MAY come in any order, over any time and from
        several processes; the trace's summary MUST come out the same (`model.summary`). Experiments
        MUST be made when first named. Spans of one trace that come together SHOULD share storage for
        what they repeat.

        Args:
            spans: what to keep; MAY hold spans of many traces; an empty sequence succeeds.

        Returns:
            How many spans were new. The future MUST raise `UnavailableError` if the spans could not be
            kept but may be later (another writer is slow, the disk is full); then none of them is kept.

        Raises:
            StoreFullError: too much waits already; nothing was taken.
        """
        ...

    def experiments(self) -> list[ExperimentRow]:
        """Every experiment. MUST be in order of its newest trace's start, newest first."""
        ...

    def traces(self, experiment: str | None, after: TracePosition | None, limit: int) -> list[StoredTrace]:
        """A page of traces, by start time and then trace id, both descending.

        MUST hold no trace twice and leave none out when pages are read one after the other with `after`
        set to the last row's position, whatever is appended meanwhile; traces that start at the same
        nanosecond included.

        Args:
            experiment: a name; None for all. A name that nobody used gives an empty page.
            after: the last row of the page before; None to start at the newest.
            limit: at most this many rows, 1 or more.
        """
        ...

    def trace(self, trace_id: bytes) -> StoredTrace | None:
        """One trace's summary; None if there is no such trace."""
        ...

    def spans(self, trace_id: bytes) -> list[SpanRow]:
        """A trace's spans by start time and then span id; empty if there is no such trace."""
        ...

    def span(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
        """One span and its payload, byte for byte as it was appended; None if there is no such span.

        MUST NOT read the payloads of other traces.
        """
        ...

    def payloads(self, trace_id: bytes) -> Iterator[bytes]:
        """The payloads of all spans of a trace, in any order.

        MUST NOT hold all of them in memory at once. MAY leave out spans that were appended after it began.
        """
        ...

    def close(self) -> None:
        """Commits what was taken, then lets go of every file and thread.

        MUST be callable twice. `append` afterwards MUST raise `UnavailableError`.
        """
        ...
