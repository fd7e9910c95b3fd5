"""The trace that an incoming event belongs to: W3C's and AWS X-Ray's headers, as Lambda hands them over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opentelemetry import trace as otel
from opentelemetry.context import Context

from outcrop.json_reading import as_list, as_object
from outcrop.recording.current import current_span
from outcrop.tracing.trace_context import with_caller

_XRAY_ROOT = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_XRAY_PARENT = re.compile(r"[0-9a-f]{16}")


def parent_in(event: Any) -> Context | None:
    """A context in which the caller's span is current.

    Args:
        event: of an API Gateway, a function URL or a load balancer; anything else has no headers.

    Returns:
        None if the headers name no span, or if a span is current already and so is nearer.
    """
    current = current_span()
    if current is not None and current.get_span_context().is_valid:
        return None
    headers = _headers(event)
    if "traceparent" in headers:
        return with_caller(headers, Context())
    return _xray_parent(headers.get("x-amzn-trace-id", ""))


def _headers(event: Any) -> dict[str, str]:
    """By lower-case name; of several values the first."""
    found = as_object(event) if isinstance(event, Mapping) else {}
    several = {
        name: as_list(values)[:1] for name, values in as_object(found.get("multiValueHeaders")).items()
    }
    single = {name: [value] for name, value in as_object(found.get("headers")).items()}
    return {
        str(name).lower(): values[0]
        for name, values in {**several, **single}.items()
        if values and isinstance(values[0], str)
    }


def _xray_parent(header: str) -> Context | None:
    """X-Ray's ids are OpenTelemetry's, written with dashes; without a parent there is only a trace."""
    fields: dict[str, str] = {}
    for field in header.lower().split(";"):
        name, _, value = field.strip().partition("=")
        fields[name] = value
    root = _XRAY_ROOT.fullmatch(fields.get("root", ""))
    parent = _XRAY_PARENT.fullmatch(fields.get("parent", ""))
    if root is None or parent is None:
        return None
    context = otel.SpanContext(
        int(root[1] + root[2], 16), int(parent[0], 16), True, otel.TraceFlags(otel.TraceFlags.SAMPLED)
    )
    return otel.set_span_in_context(otel.NonRecordingSpan(context), Context()) if context.is_valid else None
