"""A filter over traces in memory: what a store does in its own language, done here in Python. Pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, cast

from outcrop.entities import Span, Trace
from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Not, Operator, Or, OrderKey, Value
from outcrop.filter.fields import attribute_key
from outcrop.filter.folding import folded
from outcrop.filter.patterns.pattern import compiled
from outcrop.filter.readers import SPAN_READERS, TRACE_READERS


def matches(condition: Condition, trace: Trace) -> bool:
    """Whether a condition holds for a trace. Moments ago are numbers by now; see `moments.resolved`."""
    if isinstance(condition, And):
        return all(matches(term, trace) for term in condition.terms)
    if isinstance(condition, Or):
        return any(matches(term, trace) for term in condition.terms)
    if isinstance(condition, Not):
        return not matches(condition.term, trace)
    if isinstance(condition, AnySpan):
        return any(_span_matches(condition.term, span) for span in trace.data.spans)
    return _fits(condition, _values(condition.field, trace))


def _span_matches(condition: Condition, span: Span) -> bool:
    if isinstance(condition, And):
        return all(_span_matches(term, span) for term in condition.terms)
    if isinstance(condition, Or):
        return any(_span_matches(term, span) for term in condition.terms)
    if not isinstance(condition, Comparison) or condition.field.entity != "span":
        raise TypeError(f"{condition!r} cannot be asked of one span")
    key = attribute_key(condition.field)
    value = SPAN_READERS[condition.field.name](span) if key is None else span.attributes.get(key)
    return _fits(condition, [value])


def _fits(comparison: Comparison, values: list[Any]) -> bool:
    found = any(holds_of(comparison, value) for value in values)
    return found is not comparison.operator.is_negative


def holds_of(comparison: Comparison, value: Any) -> bool:
    """Whether a comparison, without its negation, holds of a value; of what is not there it does not.

    Bytes, which a filter cannot name, are as if not there.
    """
    if value is None or isinstance(value, bytes):
        return False
    return _holds(comparison.operator.positive, value, comparison.value)


def sort_value(key: OrderKey, trace: Trace) -> Any:
    """What a trace is ordered by; what is not known comes before every number."""
    value = TRACE_READERS[key.name](trace)
    return -1 if value is None else value


def _values(field: Field, trace: Trace) -> list[Any]:
    name, info = field.name, trace.info
    if field.entity == "trace":
        value = TRACE_READERS[name](trace)
        return cast("list[Any]", value) if isinstance(value, list) else [value]
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
    if isinstance(expected, str) and operator is Operator.CONTAINS:
        return folded(expected) in folded(actual)
    if isinstance(expected, str):
        actual = actual if isinstance(actual, str) else text_of(actual)
        if operator is Operator.RLIKE:
            return compiled(expected).is_in(actual)
        if operator in {Operator.LIKE, Operator.ILIKE}:
            return (
                is_like(folded(expected), folded(actual))
                if operator is Operator.ILIKE
                else is_like(expected, actual)
            )
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


def text_of(value: Any) -> str:
    """A value that is no text as a filter names it: `'true'`, `'5'`."""
    if type(value) is int:
        # As JSON has it, and several are in every span.
        return str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_nothing)


def _nothing(_: Any) -> None:
    """What has no form in JSON, such as bytes within a list."""


def is_like(pattern: str, text: str) -> bool:
    """LIKE's `%` and `_`. One pass for each piece between the `%`: no pattern takes long."""
    first, *others = _pieces(pattern)
    found = first.match(text)
    if found is None or not others:
        return found is not None and found.end() == len(text)
    position = found.end()
    *middle, last = others
    for piece in middle:
        found = piece.search(text, position)
        if found is None:
            return False
        position = found.end()
    # A piece has one length: as many signs as its part of the pattern.
    start = len(text) - len(pattern.rpartition("%")[2])
    return start >= position and last.match(text, start) is not None


@lru_cache(maxsize=64)
def _pieces(pattern: str) -> list[re.Pattern[str]]:
    return [
        re.compile("".join("." if sign == "_" else re.escape(sign) for sign in piece), re.DOTALL)
        for piece in pattern.split("%")
    ]
