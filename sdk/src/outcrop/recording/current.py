"""The span that is current, in OpenTelemetry's context: read and set with the fewest steps.

OpenTelemetry's own functions do the same through a dozen calls, each of which a program would pay for at
every call to Bedrock. Only its public API is used: even the key is asked from it.
"""

from __future__ import annotations

from contextvars import Token
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.context import Context

_KEY = next(iter(otel.set_span_in_context(otel.INVALID_SPAN, Context())))


def current_span(context: Context | None = None) -> Any:
    """The current span, whoever made it; None if there is none."""
    return (otel_context.get_current() if context is None else context).get(_KEY)


def make_current(span: otel.Span) -> Token[Context]:
    """Makes a span the current one; the token is for `opentelemetry.context.detach`."""
    return otel_context.attach(Context({**otel_context.get_current(), _KEY: span}))
