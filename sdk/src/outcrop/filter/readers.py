"""What each field of `fields` is in a trace that was read; the server's columns hold the same. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from outcrop.entities import Span, SpanStatusCode, SpanType, Trace, TraceState
from outcrop.genai.content import content_of
from outcrop.genai.failure import without_type
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_NS_IN_MS = 1_000_000
_NANO = 1_000_000_000
_Read = Callable[[Trace], Any]


def _usage(name: str) -> _Read:
    return lambda trace: (trace.info.token_usage or {}).get(name)


def _root(trace: Trace) -> Span | None:
    ids = {span.span_id for span in trace.data.spans}
    return next((span for span in trace.data.spans if span.parent_id not in ids), None)


def _error_type(span: Span | None) -> Any:
    if span is None or span.status.status_code is not SpanStatusCode.ERROR:
        return None
    kind = span.attributes.get(gen_ai.ERROR_TYPE) or _raised(span).get(gen_ai.EXCEPTION_TYPE)
    return "Error" if kind in {None, ""} else str(kind)


def _error_message(span: Span | None) -> str | None:
    if span is None or span.status.status_code is not SpanStatusCode.ERROR:
        return None
    message = str(span.status.description or _raised(span).get(gen_ai.EXCEPTION_MESSAGE) or "")
    return without_type(str(_error_type(span)), message)


def _raised(span: Span) -> dict[str, Any]:
    """The last exception of a span."""
    events = (each.attributes for each in reversed(span.events) if each.name == gen_ai.EXCEPTION_EVENT)
    none: dict[str, Any] = {}
    return next(events, none)


def _finish_reason(span: Span) -> Any:
    reasons = span.attributes.get(gen_ai.RESPONSE_FINISH_REASONS)
    return cast("list[Any]", reasons)[0] if isinstance(reasons, list | tuple) and reasons else None


def _total_tokens(span: Span) -> Any:
    input_tokens = span.attributes.get(gen_ai.USAGE_INPUT_TOKENS)
    output_tokens = span.attributes.get(gen_ai.USAGE_OUTPUT_TOKENS)
    return None if input_tokens is None or output_tokens is None else input_tokens + output_tokens


def _vendor(span: Span) -> Any:
    return span.attributes.get(names.MODEL_VENDOR)


def _nano_dollars(span: Span) -> int | None:
    return None if span.cost is None else round(span.cost * _NANO)


def _span_cost(span: Span) -> float | None:
    nano = _nano_dollars(span)
    return None if nano is None else nano / _NANO


def _cost(trace: Trace) -> float | None:
    """In whole billionths of a dollar a span, as stores keep it."""
    known = [nano for nano in map(_nano_dollars, trace.data.spans) if nano is not None]
    return sum(known) / _NANO if known else None


def _of_spans(read: Callable[[Span], Any]) -> _Read:
    return lambda trace: [read(span) for span in trace.data.spans]


def _words(trace: Trace) -> list[Any]:
    """Where free words are looked for."""
    info = trace.info
    readers = (_error_type, _error_message, _content)
    said = [read(span) for span in trace.data.spans for read in readers]
    return [info.request_preview, info.response_preview, *(span.name for span in trace.data.spans), *said]


def _content(span: Span) -> str | None:
    parts = (part for message in span.messages for part in message["parts"])
    return content_of(parts, span.inputs, span.outputs)


def _name(trace: Trace) -> str | None:
    root = _root(trace)
    return None if root is None else root.name


def _model(span: Span) -> Any:
    return span.attributes.get(gen_ai.REQUEST_MODEL) or span.attributes.get(gen_ai.RESPONSE_MODEL)


def _tools(trace: Trace) -> list[str]:
    run = [span.name for span in trace.data.spans if span.span_type == SpanType.TOOL]
    parts = (part for span in trace.data.spans for message in span.messages for part in message["parts"])
    return run + [str(part.get("name")) for part in parts if part.get("type") == "tool_call"]


def _end_ms(trace: Trace) -> int:
    return trace.info.request_time + trace.info.execution_duration


TRACE_READERS: dict[str, _Read] = {
    "trace_id": lambda trace: trace.info.trace_id,
    "name": _name,
    "status": lambda trace: "ERROR" if trace.info.state is TraceState.ERROR else "OK",
    "timestamp": lambda trace: trace.info.request_time,
    "execution_time": lambda trace: trace.info.execution_duration,
    "end_time": _end_ms,
    "experiment": lambda trace: trace.info.experiment_name,
    "model": _of_spans(_model),
    "vendor": _of_spans(_vendor),
    "finish_reason": _of_spans(_finish_reason),
    "error": _of_spans(_error_type),
    "error.message": _of_spans(_error_message),
    "words": _words,
    "tool": _tools,
    "session_id": lambda trace: trace.info.session_id,
    "user_id": lambda trace: trace.info.user_id,
    "error_type": lambda trace: _error_type(_root(trace)),
    "error_message": lambda trace: _error_message(_root(trace)),
    "prompt": lambda trace: trace.info.request_preview,
    "response": lambda trace: trace.info.response_preview,
    "text": lambda trace: [trace.info.request_preview, trace.info.response_preview],
    "span_count": lambda trace: len(trace.data.spans),
    "input_tokens": _usage("input_tokens"),
    "output_tokens": _usage("output_tokens"),
    "total_tokens": _usage("total_tokens"),
    "cost": _cost,
}

SPAN_READERS: dict[str, Callable[[Span], Any]] = {
    "name": lambda span: span.name,
    "content": _content,
    "type": lambda span: span.span_type,
    "status": lambda span: span.status.status_code.value,
    "model": _model,
    "vendor": _vendor,
    "finish_reason": _finish_reason,
    "error_type": _error_type,
    "error_message": _error_message,
    "execution_time": lambda span: (span.end_time_ns - span.start_time_ns) // _NS_IN_MS,
    "input_tokens": lambda span: span.attributes.get(gen_ai.USAGE_INPUT_TOKENS),
    "output_tokens": lambda span: span.attributes.get(gen_ai.USAGE_OUTPUT_TOKENS),
    "total_tokens": _total_tokens,
    "cost": _span_cost,
}
