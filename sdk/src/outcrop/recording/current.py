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

# Where a span of ours is remembered while a span of another library is current within it.
_OURS = otel_context.create_key("outcrop-span")
_KEY = next(iter(otel.set_span_in_context(otel.INVALID_SPAN, Context())))


def current_span(context: Context | None = None) -> Any:
    """The current span, whoever made it; None if there is none."""
    return (otel_context.get_current() if context is None else context).get(_KEY)


def make_current(span: otel.Span) -> Token[Context]:
    """Makes a span the current one; the token is for `leave`."""
    return otel_context.attach(Context({**otel_context.get_current(), _KEY: span}))


def make_trace_current(span: otel.Span) -> Token[Context]:
    """Does the same, and lets `current_trace_span` find it under another library's spans."""
    return otel_context.attach(Context({**otel_context.get_current(), _KEY: span, _OURS: span}))


def current_trace_span() -> Any:
    """The innermost span of ours in the trace that is current; another's, or None, if there is none."""
    context = otel_context.get_current()
    current: Any = context.get(_KEY)
    ours: Any = context.get(_OURS)
    if current is None or ours is None or current is ours:
        return current
    is_same_trace = current.get_span_context().trace_id == ours.get_span_context().trace_id
    # A span of ours that is current needs no help: Bedrock's calls are not remembered.
    return ours if is_same_trace and type(current) is not type(ours) else current


def leave(token: Token[Context], span: otel.Span | None) -> None:
    """Makes current again what was so before the span was, by the token that this gave.

    OpenTelemetry's `detach` logs an error where the token was given in another context. That happens to
    whoever collects a generator or a coroutine that was left in the middle, and it is no error: what is
    current there is not ours to change, unless that context was copied while the span was current.
    """
    try:
        token.var.reset(token)
    except ValueError:
        if span is not None and current_span() is span:
            before = token.old_value
            token.var.set(before if isinstance(before, Context) else Context())
