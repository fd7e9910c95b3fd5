"""`start_span`: a span around any block of the user's code."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context as otel_context

from outcrop.recording.current import make_trace_current
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime

SCOPE = "outcrop.tracing"


@contextmanager
def start_span(
    name: str = "span",
    span_type: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Generator[LiveSpan, None, None]:
    """Runs a block as a span; spans and Bedrock calls within it become its children.

    An exception that leaves the block marks the span ERROR and goes on its way.

    Args:
        name: what the span is called in the tree.
        span_type: a value of `outcrop.entities.SpanType` or any other text.
        attributes: set at the start.

    Yields:
        The span: `set_inputs`, `set_outputs`, `set_attribute(s)`, `add_event`, `set_status`, ...
    """
    span = get_runtime().start_span(name, SCOPE, attributes=attributes)
    if span_type is not None:
        span.set_span_type(span_type)
    if attributes:
        span.set_attributes(attributes)
    token = make_trace_current(span)
    try:
        yield span
    except BaseException as error:
        if _is_failure(error):
            span.fail(error)
        raise
    else:
        span.mark_ok()
    finally:
        otel_context.detach(token)
        span.end()


def _is_failure(error: BaseException) -> bool:
    """`GeneratorExit` is how Python closes a generator, not a failure of the block."""
    return not isinstance(error, GeneratorExit)
