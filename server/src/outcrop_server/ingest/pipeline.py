"""The way in, whatever brought the bytes: OTLP bytes are read, made rows, and handed to the store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from outcrop_server.ingest.arrivals import Arrivals
from outcrop_server.ingest.rows import new_span
from outcrop_server.ingest.scope import within
from outcrop_server.model.errors import BadRequestError, UnavailableError
from outcrop_server.otlp.parse import parse_export
from outcrop_server.turns import Work

if TYPE_CHECKING:
    from concurrent.futures import Future

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.reading import PriceSpan, ReadSpan
    from outcrop_server.storage.api import TraceStore
    from outcrop_server.turns import Turns

# A request can hold thousands of spans that are wrong in the same way.
_FAULTS_SAID = 5


class Accepted(NamedTuple):
    """What became of a request.

    Attributes:
        stored: done when the spans that are right are durable; gives how many were new.
        faults: what is wrong with the others, a text each; they are not kept.
    """

    stored: Future[int]
    faults: list[str]


class IngestWatch(Protocol):
    """Told what becomes of spans."""

    def on_refused(self, reason: str, count: int) -> None:
        """So many were not kept: `invalid`, `forbidden` or `unavailable`."""
        ...

    def on_stored(self, count: int, stored: Future[int]) -> None:
        """So many were handed to the store, and `stored` is done."""
        ...


class _NoWatch:
    def on_refused(self, reason: str, count: int) -> None:
        """Nobody counts."""

    def on_stored(self, count: int, stored: Future[int]) -> None:
        """Nobody counts."""


class Pipeline:
    """Takes in OTLP requests.

    Args:
        store: where spans are kept.
        read_span: reads a span's attributes into a view; see `outcrop.views`.
        price_span: says what a call cost; see `outcrop.pricing`.
        watch: told what becomes of spans.
        turns: knows who asks meanwhile, and goes first; None where nobody does.

    Attributes:
        arrivals: wakes those who wait for spans.
    """

    def __init__(
        self,
        store: TraceStore,
        read_span: ReadSpan,
        price_span: PriceSpan,
        watch: IngestWatch | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._store = store
        self._read_span = read_span
        self._price_span = price_span
        self._watch: IngestWatch = watch or _NoWatch()
        self._turns = turns
        self.arrivals = Arrivals()

    def accept(
        self, body: bytes, experiment: str | None = None, allowed: frozenset[str] | None = None
    ) -> Accepted:
        """Reads a request in the calling thread.

        Args:
            body: an OTLP `ExportTraceServiceRequest`, uncompressed protobuf.
            experiment: where spans belong that name no experiment themselves.
            allowed: the only experiments that the sender may send to; None for all.

        Raises:
            BadRequestError: the body is no such request, or no span in it is right; nothing is kept.
            UnavailableError: the store takes nothing now.
        """
        work = Work(self._turns)
        spans, faults = parse_export(body, work.give_way)
        if faults:
            self._watch.on_refused("invalid", len(faults))
        if faults and not spans:
            raise BadRequestError(f"Nothing of this request was kept. {said(faults)}")
        if experiment is None and allowed is not None and len(allowed) == 1:
            (experiment,) = allowed
        rows: list[NewSpan] = []
        for record, payload in spans:
            work.give_way()
            rows.append(new_span(record, payload, experiment, self._read_span, self._price_span))
        if allowed is not None:
            rows, refused = within(self._store, rows, allowed)
            if refused:
                self._watch.on_refused("forbidden", len(refused))
            faults = [*faults, *refused]
        try:
            stored = self._store.append(rows, work.give_way)
        except UnavailableError:
            self._watch.on_refused("unavailable", len(rows))
            raise
        stored.add_done_callback(partial(self._watch.on_stored, len(rows)))
        trace_ids = {row.trace_id for row in rows}
        stored.add_done_callback(lambda _: self.arrivals.came(trace_ids))
        return Accepted(stored, faults)


def said(faults: list[str]) -> str:
    """The first of many faults in one text."""
    more = f" And {len(faults) - _FAULTS_SAID} more." if len(faults) > _FAULTS_SAID else ""
    return " ".join(faults[:_FAULTS_SAID]) + more
