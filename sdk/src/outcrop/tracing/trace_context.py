"""The caller's span out of W3C Trace Context headers, by OpenTelemetry's own reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from outcrop.recording.current import current_span

if TYPE_CHECKING:
    from opentelemetry.context import Context


def with_caller(headers: Mapping[str, str], context: Context) -> Context | None:
    """The context with the caller's span current in it; None if the headers, by lower case, name none."""
    # Loaded by the few that need it.
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    before = current_span(context)
    found = TraceContextTextMapPropagator().extract(headers, context)
    span = current_span(found)
    return found if span is not None and span is not before and span.get_span_context().is_valid else None
