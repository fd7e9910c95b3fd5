"""What a stored span cost: the same question at ingest (columns) and for the page (parts and source)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop.pricing.quote import was_refused
from outcrop.semconv import outcrop_attributes as names

if TYPE_CHECKING:
    from outcrop.genai.view import SpanView
    from outcrop.pricing.cost import Quote
    from outcrop_server.model.reading import PriceSpan
    from outcrop_server.model.records import SpanRecord

_OTLP_ERROR = 2


def quote(record: SpanRecord, view: SpanView, price_span: PriceSpan) -> Quote:
    """What a span cost when it was made."""
    is_refused = False
    if record.status_code == _OTLP_ERROR:
        attempts = [event.attributes for event in record.events if event.name == names.ATTEMPT_EVENT]
        is_refused = was_refused(view, is_error=True, last_attempt=attempts[-1] if attempts else None)
    return price_span(view, at_ns=record.start_time_ns, is_refused=is_refused)
