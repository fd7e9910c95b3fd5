"""`start_span` and `start_span_no_context`: spans of the user's own making, around a block or by hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token
from types import TracebackType
from typing import Any

from opentelemetry import trace as otel
from opentelemetry.context import Context

from outcrop.exceptions import ConfigurationError
from outcrop.recording.current import current_trace_span, leave, make_trace_current
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime

SCOPE = "outcrop.tracing"


def start_span(
    name: str = "span",
    span_type: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> SpanBlock:
    """Runs a block as a span; spans and Bedrock calls within it become its children.

    For `with` and for `async with`. An exception that leaves the block marks the span ERROR and goes on its
    way.

    Args:
        name: what the span is called in the tree.
        span_type: a value of `outcrop.entities.SpanType` or any other text.
        attributes: set at the start.

    Returns:
        What gives the span to the block: `set_inputs`, `set_outputs`, `set_attribute(s)`, `add_event`,
        `record_exception`, `set_status`, `span_type`, ...
    """
    return SpanBlock(name, span_type, attributes)


def get_current_active_span() -> LiveSpan | None:
    """The span that runs here, to add to it from a function further in.

    Returns:
        The innermost span of Outcrop's in the trace that is current, also within spans of other OpenTelemetry
        libraries; None if there is none.
    """
    span = current_trace_span()
    return span if isinstance(span, LiveSpan) else None


def get_active_trace_id() -> str | None:
    """The id of the trace that runs here, 32 hexadecimal digits; None if none of Outcrop's does."""
    span = get_current_active_span()
    return None if span is None else span.trace_id


def start_span_no_context(
    name: str,
    span_type: str | None = None,
    parent_span: otel.Span | None = None,
    inputs: Any = None,
    attributes: Mapping[str, Any] | None = None,
) -> LiveSpan:
    """Starts a span that becomes current nowhere; it lasts until its `end()` is called.

    For work that begins in one place and ends in another, such as in callbacks.

    Args:
        name: what the span is called in the tree.
        span_type: a value of `outcrop.entities.SpanType` or any other text.
        parent_span: the span it belongs under, of Outcrop or of another OpenTelemetry library. Without one
            the span begins a trace of its own, whatever is current.
        inputs: recorded as they are now; None records none.
        attributes: set at the start.

    Returns:
        The span. Call its `end()`, which takes `outputs`, `attributes` and `status` if you like.

    Raises:
        ConfigurationError: `parent_span` is no span.
    """
    context = Context()
    if isinstance(parent_span, otel.Span):
        context = otel.set_span_in_context(parent_span, context)
    elif parent_span is not None:  # pyright: ignore[reportUnnecessaryComparison]  # who checks no types
        raise ConfigurationError(
            f"parent_span is {type(parent_span).__name__}: give a span, as start_span and "
            "start_span_no_context make them, or None for a new trace."
        )
    span = begin_span(name, span_type, attributes, context)
    if inputs is not None:
        span.set_inputs(inputs)
    return span


def begin_span(
    name: str, span_type: str | None, attributes: Mapping[str, Any] | None, context: Context | None = None
) -> LiveSpan:
    """Starts a span under the one that is current in a context, the present one by default."""
    name = name if type(name) is str else str(name)
    span = get_runtime().start_span(name, SCOPE, context=context, attributes=attributes)
    if span_type is not None:
        span.set_span_type(span_type)
    if attributes:
        span.set_attributes(attributes)
    return span


class SpanBlock:
    """A block of code that runs as a span, from its first line to its last."""

    __slots__ = ("_attributes", "_end_ns", "_name", "_span", "_span_type", "_token")
    _span: LiveSpan
    _token: Token[Context]

    def __init__(self, name: str, span_type: str | None, attributes: Mapping[str, Any] | None) -> None:
        """Made by `start_span`; the span starts when the block is entered."""
        self._name = name
        self._span_type = span_type
        self._attributes = attributes
        self._end_ns: int | None = None

    def __enter__(self) -> LiveSpan:
        self._span = span = begin_span(self._name, self._span_type, self._attributes)
        self._token = make_trace_current(span)
        return span

    def returned(self, outputs: Any) -> None:
        """Records what the block gives back. It has ended by then: recording is no part of its time."""
        self._end_ns = self._span.now_ns()
        self._span.set_outputs(outputs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        span = self._span
        leave(self._token, span)
        if error is not None and is_failure(error):
            span.fail(error)
        span.end(self._end_ns)

    async def __aenter__(self) -> LiveSpan:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


def is_failure(error: BaseException) -> bool:
    """`GeneratorExit` is how Python closes a generator or a coroutine, not a failure of the block."""
    return not isinstance(error, GeneratorExit)
