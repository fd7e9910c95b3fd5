"""A filter over traces in memory: what a store does in its own language, done here in Python. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from outcrop.entities import Span, SpanStatusCode, SpanType, Trace, TraceState
from outcrop.filter.ast import And, Condition, Field, Operator, OrderKey, Value
from outcrop.semconv import gen_ai

_NS_IN_MS = 1_000_000
_Read = Callable[[Trace], Any]


def matches(condition: Condition, trace: Trace) -> bool:
    """Whether a condition holds for a trace."""
    if isinstance(condition, And):
        return all(matches(term, trace) for term in condition.terms)
    values = [value for value in _values(condition.field, trace) if value is not None]
    positive = condition.operator.positive
    found = any(_holds(positive, value, condition.value) for value in values)
    return found is not condition.operator.is_negative


def sort_value(key: OrderKey, trace: Trace) -> Any:
    """What a trace is ordered by; what is not known comes before every number."""
    value = _TRACE_READERS[key.name](trace)
    return -1 if value is None else value


def _values(field: Field, trace: Trace) -> list[Any]:
    name, info = field.name, trace.info
    if field.entity == "trace":
        value = _TRACE_READERS[name](trace)
        return cast("list[Any]", value) if isinstance(value, list) else [value]
    if field.entity == "span":
        return [_SPAN_READERS[name](span) for span in trace.data.spans]
    if field.entity == "tag":
        return [info.tags.get(name)]
    if field.entity == "metadata":
        return [info.trace_metadata.get(name)]
    return [each.value for each in info.assessments if each.kind == field.entity and each.name == name]


def _holds(operator: Operator, actual: Any, expected: Value) -> bool:
    if operator is Operator.IS_NOT_NULL:
        return True
    if isinstance(expected, tuple):
        return any(_holds(Operator.EQUAL, actual, each) for each in expected)
    if isinstance(expected, str):
        actual = actual if isinstance(actual, str) else _text(actual)
        if operator in {Operator.LIKE, Operator.ILIKE}:
            return bool(_pattern(expected, operator is Operator.ILIKE).fullmatch(actual))
        return _compare(operator, actual, expected)
    if isinstance(actual, bool) or not isinstance(actual, int | float):
        return False
    return _compare(operator, actual, expected)


def _compare(operator: Operator, actual: Any, expected: Any) -> bool:
    if operator is Operator.EQUAL:
        return bool(actual == expected)
    if operator is Operator.LESS:
        return bool(actual < expected)
    if operator is Operator.LESS_OR_EQUAL:
        return bool(actual <= expected)
    if operator is Operator.GREATER:
        return bool(actual > expected)
    return bool(actual >= expected)


def _text(value: Any) -> str:
    """A value that is no text as a filter names it: `'true'`, `'5'`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=64)
def _pattern(pattern: str, is_any_case: bool) -> re.Pattern[str]:
    """LIKE's `%` and `_` as a regular expression; case is folded for ASCII alone, as SQL does."""
    parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in re.sub("%+", "%", pattern))
    flags = re.DOTALL | (re.IGNORECASE | re.ASCII if is_any_case else 0)
    return re.compile("".join(parts), flags)


def _usage(name: str) -> _Read:
    return lambda trace: (trace.info.token_usage or {}).get(name)


def _root(trace: Trace) -> Span | None:
    ids = {span.span_id for span in trace.data.spans}
    return next((span for span in trace.data.spans if span.parent_id not in ids), None)


def _error_type(span: Span | None) -> Any:
    if span is None or span.status.status_code is not SpanStatusCode.ERROR:
        return None
    return span.attributes.get(gen_ai.ERROR_TYPE) or "Error"


def _error_message(trace: Trace) -> str | None:
    root = _root(trace)
    return None if _error_type(root) is None or root is None else root.status.description


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


_TRACE_READERS: dict[str, _Read] = {
    "trace_id": lambda trace: trace.info.trace_id,
    "name": _name,
    "status": lambda trace: "ERROR" if trace.info.state is TraceState.ERROR else "OK",
    "timestamp": lambda trace: trace.info.request_time,
    "execution_time": lambda trace: trace.info.execution_duration,
    "end_time": _end_ms,
    "model": lambda trace: [_model(span) for span in trace.data.spans],
    "tool": _tools,
    "session_id": lambda trace: trace.info.session_id,
    "user_id": lambda trace: trace.info.user_id,
    "error_type": lambda trace: _error_type(_root(trace)),
    "error_message": _error_message,
    "prompt": lambda trace: trace.info.request_preview,
    "response": lambda trace: trace.info.response_preview,
    "text": lambda trace: [trace.info.request_preview, trace.info.response_preview],
    "span_count": lambda trace: len(trace.data.spans),
    "input_tokens": _usage("input_tokens"),
    "output_tokens": _usage("output_tokens"),
    "total_tokens": _usage("total_tokens"),
    "cost": lambda trace: trace.info.cost,
}

_SPAN_READERS: dict[str, Callable[[Span], Any]] = {
    "name": lambda span: span.name,
    "type": lambda span: span.span_type,
    "status": lambda span: span.status.status_code.value,
    "model": _model,
    "error_type": _error_type,
    "execution_time": lambda span: (span.end_time_ns - span.start_time_ns) // _NS_IN_MS,
    "input_tokens": lambda span: span.attributes.get(gen_ai.USAGE_INPUT_TOKENS),
    "output_tokens": lambda span: span.attributes.get(gen_ai.USAGE_OUTPUT_TOKENS),
}
