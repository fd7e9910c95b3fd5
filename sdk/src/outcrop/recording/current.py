"""The span that is current, in OpenTelemetry's context: read and set with the fewest steps.

OpenTelemetry's own functions do the same through a dozen calls, each of which a program would pay for at
every call to Bedrock. Only its public API is used: even the key is asked from it, and the variable that its
context is in, which a token tells.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, cast

from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.context import Context

# Where a span of ours is remembered while a span of another library is current within it.
_OURS = otel_context.create_key("outcrop-span")
_KEY = next(iter(otel.set_span_in_context(otel.INVALID_SPAN, Context())))

_Ways = tuple[Callable[[], Context], Callable[[Context], Token[Context]], Callable[[Token[Context]], None]]


def _ways_to_the_context() -> _Ways:
    """How the context is read, set, and set back: its variable's own functions where it is in one."""
    token = otel_context.attach(otel_context.get_current())
    try:
        # OTEL_PYTHON_CONTEXT can name an implementation that knows no variable.
        variable: Any = getattr(token, "var", None)
        if isinstance(variable, ContextVar) and isinstance(variable.get(None), Context):  # pyright: ignore[reportUnknownMemberType]  # of anything
            found = cast("ContextVar[Context]", variable)
            return found.get, found.set, found.reset
    finally:
        otel_context.detach(token)
    return otel_context.get_current, otel_context.attach, otel_context.detach


_get, _attach, _detach = _ways_to_the_context()


def current_span(context: Context | None = None) -> Any:
    """The current span, whoever made it; None if there is none."""
    return (_get() if context is None else context).get(_KEY)


def make_current(span: otel.Span) -> Token[Context]:
    """Makes a span the current one; the token is for `leave`."""
    return _attach(Context({**_get(), _KEY: span}))


def make_trace_current(span: otel.Span) -> Token[Context]:
    """Does the same, and lets `current_trace_span` find it under another library's spans."""
    return _attach(Context({**_get(), _KEY: span, _OURS: span}))


def current_trace_span() -> Any:
    """The innermost span of ours in the trace that is current; another's, or None, if there is none."""
    context = _get()
    current: Any = context.get(_KEY)
    ours: Any = context.get(_OURS)
    if current is None or ours is None or current is ours:
        return current
    is_same_trace = current.get_span_context().trace_id == ours.get_span_context().trace_id
    # A span of ours that is current needs no help: Bedrock's calls are not remembered.
    return ours if is_same_trace and type(current) is not type(ours) else current


def leave(token: Token[Context], span: otel.Span | None = None) -> None:
    """Makes current again what was so before the span was, by the token that this gave.

    OpenTelemetry's `detach` logs an error where the token was given in another context. That happens to
    whoever collects a generator or a coroutine that was left in the middle, and it is no error: what is
    current there is not ours to change, unless that context was copied while the span was current.
    """
    try:
        _detach(token)
    except ValueError:
        if span is not None and current_span() is span:
            before = token.old_value
            token.var.set(before if isinstance(before, Context) else Context())
