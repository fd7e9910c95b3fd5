"""Answers the questions of the API from a store: rows as they are, payloads turned into views."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outcrop.genai.view import SpanView
from outcrop.pricing.cost import Quote, Reason
from outcrop.semconv import outcrop_attributes as names
from outcrop_server.model.costs import quote
from outcrop_server.model.errors import NotFoundError
from outcrop_server.model.rows import TracePosition
from outcrop_server.otlp.parse import parse_stored
from outcrop_server.query import cursor as cursors
from outcrop_server.query.media import Media, blobs, media_of
from outcrop_server.query.missing import no_span, no_trace
from outcrop_server.query.payload_parts import PartName, PayloadPart, payload_parts
from outcrop_server.query.scope import experiment_names
from outcrop_server.query.trees import TreeReader, orphans

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outcrop_server.model.reading import PriceSpan, ReadSpan
    from outcrop_server.model.records import EventRecord, SpanRecord
    from outcrop_server.model.rows import ExperimentRow, SpanRow, StoredTrace
    from outcrop_server.storage.api import KeptTraces

_log = logging.getLogger(__name__)
_PIECE_BYTES = 256 * 1024
# With a trace come as many of its spans; half a megabyte of JSON. Others are read by pages.
DETAIL_SPANS = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Some traces, newest first, and the cursor of the next page; None at the end."""

    traces: list[StoredTrace]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class WholeTrace:
    """A trace, its spans in order of start, and the resource attributes of its root's sender.

    `orphans` are the ids of spans whose parent is not there; `is_cut` that there are more spans than these.
    """

    trace: StoredTrace
    spans: list[SpanRow]
    resource: dict[str, Any]
    orphans: set[bytes]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class WholeSpan:
    """A span with its payload as it was stored, and what the codecs read in it."""

    trace_id: bytes
    row: SpanRow
    view: SpanView
    events: tuple[EventRecord, ...]
    attributes: dict[str, Any]
    quote: Quote
    payload: bytes
    is_orphan: bool


class TraceReader:
    """The reading side.

    Args:
        store: where the traces are.
        read_span: reads a span's attributes into a view; see `outcrop.views`.
        price_span: says what a call cost; see `outcrop.pricing`.
    """

    def __init__(self, store: KeptTraces, read_span: ReadSpan, price_span: PriceSpan) -> None:
        self._store = store
        self._read_span = read_span
        self._price_span = price_span

    def experiments(self) -> list[ExperimentRow]:
        """Every experiment, the one used last first."""
        return self._store.experiments()

    def traces(self, experiment: str | None, cursor: str | None, limit: int) -> Page:
        """A page of traces.

        Raises:
            BadRequestError: the cursor is not ours.
        """
        after = cursors.decode(cursor) if cursor else None
        if experiment is not None:
            # By a name that it had, too: links and programs keep it.
            experiment = next(iter(experiment_names(self._store, [experiment])), experiment)
        # One more than asked tells whether there is a next page.
        rows = self._store.traces(experiment, after, limit + 1)
        if len(rows) <= limit:
            return Page(rows, None)
        last = rows[limit - 1].row
        return Page(rows[:limit], cursors.encode(TracePosition(last.start_time_ns, last.trace_id)))

    def trace(self, trace_id: bytes) -> WholeTrace:
        """A trace and its spans.

        Raises:
            NotFoundError: there is no such trace.
        """
        trace = self._store.trace(trace_id)
        if trace is None:
            raise no_trace(trace_id)
        is_large = trace.row.span_count > DETAIL_SPANS
        spans = (
            TreeReader(self._store).first_spans(trace_id, DETAIL_SPANS)
            if is_large
            else self._store.spans(trace_id)
        )
        # Where all are each other's parents there is no top to begin at.
        spans = spans or self._store.span_page(trace_id, None, DETAIL_SPANS)
        if not spans:
            raise no_trace(trace_id)
        head = next((span for span in spans if span.parent_id is None), spans[0])
        kept = self._store.span(trace_id, head.span_id)
        resource = parse_stored(kept[1]).resource if kept else {}
        return WholeTrace(trace, spans, resource, orphans(spans), is_cut=is_large)

    def span(self, trace_id: bytes, span_id: bytes) -> WholeSpan:
        """A span with its payload.

        Raises:
            NotFoundError: there is no such trace or no such span in it.
        """
        row, payload = self._kept(trace_id, span_id)
        record = parse_stored(payload)
        view = self._view(record)
        quote = self._quote(record, view)
        is_orphan = row.parent_id is not None and not self._store.has_span(trace_id, row.parent_id)
        return WholeSpan(
            trace_id, row, view, record.events, record.attributes, quote, payload, is_orphan=is_orphan
        )

    def part(self, trace_id: bytes, span_id: bytes, name: PartName) -> PayloadPart:
        """A part of a span's payload.

        Raises:
            NotFoundError: there is no such trace, no such span in it, or no such part of it.
        """
        _, payload = self._kept(trace_id, span_id)
        record = parse_stored(payload)
        others: list[str] = []
        for part in payload_parts(record.attributes, payload, lambda: self._view(record)):
            if part.name == name:
                return part
            others.append(part.name)
        there = ", ".join(others)
        raise NotFoundError(f"Span {span_id.hex()} has no part '{name}'; it has {there}.")

    def media(self, trace_id: bytes, span_id: bytes, number: int) -> Media:
        """A picture, a sound, a video or a document of a span's conversation.

        Raises:
            NotFoundError: there is no such trace, no such span in it, or no such media in it.
        """
        _, payload = self._kept(trace_id, span_id)
        chat = self._view(parse_stored(payload)).chat
        part = None if chat is None else next(itertools.islice(blobs(chat), number, None), None)
        found = None if part is None else media_of(part)
        if found is None:
            raise NotFoundError(f"Span {span_id.hex()} has no media {number}.")
        return found

    def _kept(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes]:
        kept = self._store.span(trace_id, span_id)
        if kept is None:
            if self._store.trace(trace_id) is None:
                raise no_trace(trace_id)
            raise no_span(trace_id, span_id)
        return kept

    def export(self, trace_id: bytes) -> Iterator[bytes]:
        """All spans of a trace as parts of one OTLP `ExportTraceServiceRequest`.

        Raises:
            NotFoundError: there is no such trace.
        """
        if self._store.trace(trace_id) is None:
            raise no_trace(trace_id)
        return _gathered(self._store.payloads(trace_id))

    def export_many(self, trace_ids: Sequence[bytes]) -> Iterator[bytes]:
        """All spans of several traces as parts of one request; ids that are not there are passed over."""
        return _gathered(payload for trace_id in trace_ids for payload in self._store.payloads(trace_id))

    def _view(self, record: SpanRecord) -> SpanView:
        attempts = sum(event.name == names.ATTEMPT_EVENT for event in record.events)
        try:
            return self._read_span(record.attributes, attempts=attempts, events=record.events)
        except Exception as error:  # noqa: BLE001 - a codec's fault must not hide the raw payload
            _log.exception("Reading span %s failed", record.span_id.hex())
            return SpanView(span_type="UNKNOWN", problem=f"{type(error).__name__}: {error}")

    def _quote(self, record: SpanRecord, view: SpanView) -> Quote:
        try:
            return quote(record, view, self._price_span)
        except Exception:  # noqa: BLE001 - as above
            _log.exception("Pricing span %s failed", record.span_id.hex())
            return Quote(reason=Reason.UNKNOWN_MODEL)


def _gathered(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: each is a trip through a thread and a socket."""
    piece = bytearray()
    for part in parts:
        piece += part
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
