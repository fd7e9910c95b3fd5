"""What one batch holds of each trace, grouped, compressed and summarised before a database is asked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.summary import TraceSummary
from outcrop_server.storage.common import columns
from outcrop_server.storage.common.blobs import Separator
from outcrop_server.storage.common.frames import Frame, pack
from outcrop_server.storage.common.trace_terms import Term, terms_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import SpanRow, TraceRow


class PreparedFrame(NamedTuple):
    """A frame and, for each of its spans, the values of its columns up to `payload_length`."""

    frame: Frame
    spans: list[tuple[Any, ...]]


class PreparedTrace(NamedTuple):
    """What one batch holds of one trace; `row` and `keys` are right if nothing of it is stored yet.

    `missing` are the parents of its spans that are not among them.
    """

    trace_id: bytes
    frames: list[PreparedFrame]
    row: TraceRow
    keys: str
    missing: set[bytes]
    terms: set[Term]

    @property
    def size(self) -> int:
        """About how many bytes of memory it holds: payloads stay until it is known which spans are new."""
        taken = (use.taken.blob for part in self.frames for use in part.frame.uses)
        blobs = {blob.sha256: len(blob.content) for blob in taken}
        payloads = sum(len(span.payload) for part in self.frames for span in part.frame.spans)
        return payloads + sum(blobs.values())


def prepare(
    spans: Sequence[NewSpan],
    give_way: Callable[[], None] | None = None,
    from_span: Callable[[SpanRow], tuple[Any, ...]] | None = None,
) -> list[PreparedTrace]:
    """Groups, compresses and summarises a batch. Costs CPU, touches no database.

    Args:
        spans: the batch.
        give_way: called before each trace.
        from_span: a span's values as an engine takes them, if it takes them otherwise than
            `columns.from_span` gives them.
    """
    traces: dict[bytes, dict[bytes, NewSpan]] = {}
    for span in spans:
        traces.setdefault(span.trace_id, {}).setdefault(span.row.span_id, span)
    separator, values_of = Separator(), from_span or columns.from_span
    prepared: list[PreparedTrace] = []
    for trace_id, group in traces.items():
        if give_way is not None:
            give_way()
        prepared.append(_prepared_trace(trace_id, list(group.values()), separator, values_of))
    return prepared


def _prepared_trace(
    trace_id: bytes,
    spans: list[NewSpan],
    separator: Separator,
    from_span: Callable[[SpanRow], tuple[Any, ...]],
) -> PreparedTrace:
    frames = [
        PreparedFrame(
            frame,
            [from_span(span.row) + place for span, place in zip(frame.spans, frame.places, strict=True)],
        )
        for frame in pack(spans, separator)
    ]
    summary = TraceSummary().add_all(spans)
    missing, terms = missing_parents(spans), terms_of(spans)
    return PreparedTrace(trace_id, frames, summary.row(trace_id), summary.keys(), missing, terms)


def missing_parents(spans: Sequence[NewSpan]) -> set[bytes]:
    """The parents of some spans of a trace that are not among them."""
    parents = {span.row.parent_id for span in spans if span.row.parent_id is not None}
    return parents - {span.row.span_id for span in spans}
