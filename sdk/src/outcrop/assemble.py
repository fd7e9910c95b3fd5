"""Span records to the `Trace` that users read. Pure; the same for memory and for a server's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from outcrop.assessments import Annotations
from outcrop.entities import (
    Span,
    SpanEvent,
    SpanStatus,
    SpanStatusCode,
    Trace,
    TraceData,
    TraceInfo,
    TraceState,
)
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.otlp.records import STATUS_ERROR, SpanRecord
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import listed_attributes, read_span

if TYPE_CHECKING:
    from outcrop.pricing.cost import Quote

_STATUS_CODES = (SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR)
_EXPERIMENT_METADATA = "outcrop.experiment.name"
_Spans = list[tuple[SpanRecord, SpanView]]


def assemble_trace(records: list[SpanRecord], annotations: Annotations | None = None) -> Trace:
    """Makes a trace of at least one span; spans may come in any order."""
    known = Annotations() if annotations is None else annotations
    ordered = sorted(records, key=lambda record: (record.start_ns, -record.end_ns))
    views = [_view(record) for record in ordered]
    prices = [_Price(record, view) for record, view in zip(ordered, views, strict=True)]
    spans = [_span(price) for price in prices]
    info = _info(ordered, views, _TotalPrice(prices), known)
    return Trace(info, TraceData(spans), known.page_url)


class _Price:
    """A span's cost, worked out once when it is first asked for: the library of prices loads slowly."""

    def __init__(self, record: SpanRecord, view: SpanView) -> None:
        self.record = record
        self.view = view

    @cached_property
    def quote(self) -> Quote:
        # `import outcrop` is kept light: who asks for no cost loads nothing for it.
        from outcrop.pricing.environment import table_from_environment  # noqa: PLC0415
        from outcrop.pricing.quote import price_of, was_refused  # noqa: PLC0415

        events = self.record.events
        attempts = [event.attributes for event in events if event.name == names.ATTEMPT_EVENT]
        is_error = self.record.status_code == STATUS_ERROR
        last = attempts[-1] if attempts else None
        return price_of(
            self.view,
            at_ns=self.record.start_ns,
            table=table_from_environment(),
            is_refused=was_refused(self.view, is_error=is_error, last_attempt=last),
        )

    def __call__(self) -> float | None:
        return _dollars([self])


class _TotalPrice:
    """What a trace's spans cost together, as far as is known."""

    def __init__(self, prices: list[_Price]) -> None:
        self._prices = prices

    def __call__(self) -> float | None:
        return _dollars(self._prices)


def _dollars(prices: Iterable[_Price]) -> float | None:
    known = [price.quote.cost.usd for price in prices if price.quote.cost is not None]
    return float(sum(known)) if known else None


def _view(record: SpanRecord) -> SpanView:
    attempts = sum(event.name == names.ATTEMPT_EVENT for event in record.events)
    return read_span(record.attributes, attempts=attempts, events=record.events)


def _info(
    records: list[SpanRecord], views: list[SpanView], total: _TotalPrice, known: Annotations
) -> TraceInfo:
    ids = {record.span_id for record in records}
    # Without its true root (another library's span, say) the trace begins at its first orphan.
    index = next((i for i, record in enumerate(records) if record.parent_id not in ids), 0)
    root, view = records[index], views[index]
    end_ns = root.end_ns if not root.parent_id else max(record.end_ns for record in records)
    calls = [v for v in views if v.own_usage is not None]
    spans = _last_ended_first(records, views)
    return TraceInfo(
        trace_id=root.trace_id.hex(),
        state=TraceState.ERROR if root.status_code == STATUS_ERROR else TraceState.OK,
        request_time=root.start_ns // 1_000_000,
        execution_duration=(end_ns - root.start_ns) // 1_000_000,
        experiment_name=root.experiment,
        request_preview=_first(each.request_preview for each in (view, *calls)),
        response_preview=_first(each.response_preview for each in (view, *reversed(calls))),
        token_usage=_token_usage(views),
        tags=_texts(spans, names.TAG_PREFIX, known.tags, known.is_complete),
        trace_metadata={
            _EXPERIMENT_METADATA: root.experiment,
            **_texts(spans, names.METADATA_PREFIX, known.metadata, known.is_complete),
        },
        session_id=_last_said(spans, names.SESSION_ID),
        user_id=_last_said(spans, names.USER_ID),
        assessments=list(known.assessments),
        find_cost=total,
    )


def _first(previews: Iterable[str | None]) -> str | None:
    """The first that there is: a call whose question is not known hides none that is."""
    return next((preview for preview in previews if preview is not None), None)


def _token_usage(views: list[SpanView]) -> dict[str, int] | None:
    total = Usage()
    for view in views:
        if view.own_usage is not None:
            total = total.plus(view.own_usage)
    counts = {
        "input_tokens": total.input_tokens,
        "output_tokens": total.output_tokens,
        "total_tokens": total.total_tokens,
        "cache_read_input_tokens": total.cache_read_input_tokens,
        "cache_write_input_tokens": total.cache_write_input_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None} or None


def _texts(spans: _Spans, prefix: str, edited: Mapping[str, str | None], is_complete: bool) -> dict[str, str]:
    """Tags or metadata: what spans say, and over it what was edited later."""
    found: dict[str, str | None] = {}
    for record, view in () if is_complete else spans:
        for key, value in record.attributes.items():
            if key.startswith(prefix):
                found.setdefault(key.removeprefix(prefix), str(value))
        if view.stated is not None:
            stated = view.stated.tags if prefix == names.TAG_PREFIX else view.stated.metadata
            found = {**stated, **found}
    return {key: value for key, value in {**found, **edited}.items() if value is not None}


def _last_said(spans: _Spans, name: str) -> str | None:
    for record, view in spans:
        value = record.attributes.get(name)
        if view.stated is not None:
            said = view.stated.session_id if name == names.SESSION_ID else view.stated.user_id
            value = said or value
        if value not in (None, ""):
            return str(value)
    return None


def _last_ended_first(records: list[SpanRecord], views: list[SpanView]) -> _Spans:
    """Whose word counts first: a span carries these instead of its root only if the root had ended."""
    return sorted(zip(records, views, strict=True), key=lambda span: (-span[0].end_ns, span[0].span_id))


def _span(price: _Price) -> Span:
    record, view = price.record, price.view
    return Span(
        name=record.name,
        span_id=record.span_id.hex(),
        trace_id=record.trace_id.hex(),
        parent_id=record.parent_id.hex() or None,
        span_type=view.span_type,
        status=SpanStatus(_STATUS_CODES[record.status_code], record.status_message),
        start_time_ns=record.start_ns,
        end_time_ns=record.end_ns,
        inputs=view.inputs,
        outputs=view.outputs,
        attributes=listed_attributes(record.attributes, view),
        events=_events(record, view),
        messages=_messages(view),
        find_cost=price,
    )


def _messages(view: SpanView) -> list[dict[str, Any]]:
    if view.chat is None:
        return []
    system = [{"role": "system", "parts": view.chat.system}] if view.chat.system else []
    said = (*view.chat.messages, *view.chat.output)
    return system + [
        {
            "role": message.role,
            "parts": message.parts,
            **({"finish_reason": message.finish_reason} if message.finish_reason else {}),
        }
        for message in said
    ]


def _events(record: SpanRecord, view: SpanView) -> list[SpanEvent]:
    events = [SpanEvent(event.name, event.time_ns, event.attributes) for event in record.events]
    if view.stream is not None:
        events.extend(
            SpanEvent(
                names.CHUNK_EVENT_PREFIX + chunk.type,
                record.start_ns + chunk.offset_ns,
                {"index": chunk.index, "data": chunk.data},
            )
            for chunk in view.stream.chunks
        )
    return sorted(events, key=lambda event: event.timestamp)
