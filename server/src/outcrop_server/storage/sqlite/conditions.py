"""A filter's conditions as SQL over the row of `trace`: constants, and every value a parameter. Pure."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import math
from typing import Any, NamedTuple

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Not, Operator, Or
from outcrop.filter.fields import WORDS
from outcrop.filter.texts import is_of_text
from outcrop_server.storage.common.durations import bounds_of_span
from outcrop_server.storage.common.wanted import question_of

_NS_IN_MS = 1_000_000

# What a field of `outcrop.filter.fields` is here. A trace that nobody marked as failed is OK.
TRACE_COLUMNS = {
    "trace_id": "lower(hex(trace.trace_id))",
    "name": "trace.name",
    "status": "CASE trace.status WHEN 'ERROR' THEN 'ERROR' ELSE 'OK' END",
    "timestamp": f"trace.start_time_ns / {_NS_IN_MS}",
    "execution_time": f"trace.duration_ns / {_NS_IN_MS}",
    "end_time": f"trace.start_time_ns / {_NS_IN_MS} + trace.duration_ns / {_NS_IN_MS}",
    "experiment": "experiment.name",
    "session_id": "trace.session_id",
    "user_id": "trace.user_id",
    "error_type": "trace.error_type",
    "error_message": "trace.error_message",
    "prompt": "trace.request_preview",
    "response": "trace.response_preview",
    "span_count": "trace.span_count",
    "input_tokens": "trace.input_tokens",
    "output_tokens": "trace.output_tokens",
    "total_tokens": "trace.input_tokens + trace.output_tokens",
    "cost": "trace.cost_nano_usd / 1e9",
}
_SPAN = {
    "name": "span.name",
    "type": "span.span_type",
    "status": "span.status",
    "model": "span.model",
    "vendor": "span.vendor",
    "finish_reason": "span.finish_reason",
    "error_type": "span.error_type",
    "error_message": "span.error_message",
    "execution_time": f"(span.end_time_ns - span.start_time_ns) / {_NS_IN_MS}",
    "input_tokens": "span.input_tokens",
    "output_tokens": "span.output_tokens",
    "total_tokens": "span.input_tokens + span.output_tokens",
    "cost": "span.cost_nano_usd / 1e9",
}
_OF_SPANS = "SELECT {column} AS value FROM span WHERE span.trace_key = trace.trace_key"
# Each gives the rows of which one must fit, with the value under the name `value`.
_MANY = {
    "model": "SELECT value FROM json_each(trace.models)",
    "tool": "SELECT value FROM json_each(trace.tools)",
    "text": "SELECT trace.request_preview AS value UNION ALL SELECT trace.response_preview",
    "vendor": _OF_SPANS.format(column="span.vendor"),
    "finish_reason": _OF_SPANS.format(column="span.finish_reason"),
    "error": _OF_SPANS.format(column="span.error_type"),
    "error.message": _OF_SPANS.format(column="span.error_message"),
}
# Free words: first what the index of words knows, which has all that is looked at behind it, too.
_WORDS = """
    outcrop_words(?, trace.trace_key) OR coalesce({asked}, 0) OR coalesce({answered}, 0)
    OR EXISTS (SELECT 1 FROM span WHERE span.trace_key = trace.trace_key
        AND ({name} OR coalesce({error}, 0) OR coalesce({message}, 0)))
"""
_TEXTS = {"tag": "trace.tags", "metadata": "trace.metadata"}
# The value of an assessment as text: what is no text is there as its JSON.
_ASSESSMENT = (
    "SELECT {value} AS value FROM assessment "
    "WHERE assessment.trace_key = trace.trace_key AND assessment.kind = ? AND assessment.name = ?"
)
_AS_TEXT = (
    "CASE json_type(assessment.value) WHEN 'text' THEN json_extract(assessment.value, '$') "
    "WHEN 'null' THEN NULL ELSE assessment.value END"
)
_AS_NUMBER = (
    "CASE WHEN json_type(assessment.value) IN ('integer', 'real') "
    "THEN json_extract(assessment.value, '$') END"
)
_START = Field("trace", "timestamp", "number")
_MAX_MS = 2**63 // _NS_IN_MS - 1
# Whether it is a bound below, and whether a fraction of a millisecond is rounded up or passed by.
_BOUNDS = {
    Operator.GREATER: (True, False),
    Operator.GREATER_OR_EQUAL: (True, True),
    Operator.LESS: (False, True),
    Operator.LESS_OR_EQUAL: (False, False),
}


class Sql(NamedTuple):
    """A piece of a statement and the parameters for its marks."""

    text: str
    values: tuple[Any, ...] = ()


def condition_sql(condition: Condition) -> Sql:
    """A condition over the row of `trace`; empty text where it holds for all of them."""
    if isinstance(condition, And):
        return _joined(" AND ", [condition_sql(term) for term in condition.terms])
    if isinstance(condition, Or):
        return _joined(" OR ", [condition_sql(term) for term in condition.terms])
    if isinstance(condition, Not):
        inner = condition_sql(condition.term)
        return Sql(f"NOT ({inner.text or 1})", inner.values)
    if isinstance(condition, AnySpan):
        inner = _span_sql(condition.term)
        exists = f"EXISTS (SELECT 1 FROM span WHERE span.trace_key = trace.trace_key AND ({inner.text}))"
        possible = _possible_sql(condition.term)
        return _joined(" AND ", [possible, Sql(exists, inner.values)])
    return _signed(condition, _positive(condition))


def _possible_sql(condition: Condition) -> Sql:
    """What the row of `trace` and the index tell of its spans: whether one can be as is asked."""
    tests = [
        Sql(f"+trace.{column} {operator} ?", (bound,))
        for bounds in bounds_of_span(condition)
        # A plus keeps SQLite from an index of these, which would lose the order of a page.
        for column, operator, bound in (
            ("longest_span_ns", ">=", bounds.least_ns),
            ("shortest_span_ns", "<", bounds.below_ns),
        )
        if bound is not None
    ]
    terms = condition.terms if isinstance(condition, And) else (condition,)
    texts = [
        Sql("outcrop_may(?, trace.trace_key)", (question_of(term),))
        for term in terms
        if isinstance(term, Comparison) and is_of_text(term) and not term.operator.is_negative
    ]
    return _joined(" AND ", [*tests, *texts])


def _is_far(condition: Condition) -> bool:
    if isinstance(condition, And | Or):
        return any(map(_is_far, condition.terms))
    return isinstance(condition, Comparison) and is_of_text(condition)


def _span_sql(condition: Condition) -> Sql:
    """A condition over one row of `span`."""
    if isinstance(condition, And | Or):
        # What lies in payloads is looked at last.
        terms = sorted(condition.terms, key=_is_far)
        return _joined(" AND " if isinstance(condition, And) else " OR ", [_span_sql(term) for term in terms])
    if not isinstance(condition, Comparison) or condition.field.entity != "span":
        raise TypeError(f"{condition!r} cannot be asked of one span")
    if is_of_text(condition):
        place = "span.payload_id, span.payload_offset, span.payload_length"
        return _signed(condition, Sql(f"outcrop_span(?, {place})", (question_of(condition),)))
    test = test_sql(condition, f"({_SPAN[condition.field.name]})")
    return _signed(condition, Sql(f"coalesce({test.text}, 0)", test.values))


def _joined(word: str, terms: list[Sql]) -> Sql:
    if word == " OR " and not all(term.text for term in terms):
        return Sql("")
    text = word.join(f"({term.text})" for term in terms if term.text)
    return Sql(text, tuple(value for term in terms for value in term.values))


def _signed(comparison: Comparison, positive: Sql) -> Sql:
    if not comparison.operator.is_negative:
        return positive
    return Sql(f"NOT ({positive.text})", positive.values)


def _positive(comparison: Comparison) -> Sql:
    """The comparison without its negation; true or false, never NULL."""
    field = comparison.field
    if field == _START and comparison.operator in _BOUNDS and isinstance(comparison.value, int | float):
        return _start_sql(comparison.operator, comparison.value)
    single = TRACE_COLUMNS.get(field.name) if field.entity == "trace" else None
    if single is not None:
        test = test_sql(comparison, f"({single})")
        return Sql(f"coalesce({test.text}, 0)", test.values)
    if field == WORDS:
        return _words(comparison)
    rows, test = _rows(field, comparison), test_sql(comparison, "value")
    return Sql(f"EXISTS (SELECT 1 FROM ({rows.text}) WHERE {test.text})", rows.values + test.values)


def _words(comparison: Comparison) -> Sql:
    tests = {
        name: test_sql(comparison, column)
        for name, column in (
            ("asked", "trace.request_preview"),
            ("answered", "trace.response_preview"),
            ("name", "span.name"),
            ("error", "span.error_type"),
            ("message", "span.error_message"),
        )
    }
    text = _WORDS.format(**{name: test.text for name, test in tests.items()})
    values = tuple(value for test in tests.values() for value in test.values)
    return Sql(f"({text})", (comparison.value, *values))


def _rows(field: Field, comparison: Comparison) -> Sql:
    if field.entity == "trace":
        return Sql(_MANY[field.name])
    if field.entity in _TEXTS:
        return Sql(f"SELECT value FROM json_each({_TEXTS[field.entity]}) WHERE key = ?", (field.name,))
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    # A list holds texts or numbers, never both.
    is_number = isinstance(values[0], (int, float))
    text = _ASSESSMENT.format(value=_AS_NUMBER if is_number else _AS_TEXT)
    return Sql(text, (field.entity, field.name))


def test_sql(comparison: Comparison, value: str) -> Sql:
    """A comparison, without its negation, of the SQL expression `value`; NULL where that is."""
    operator, expected = comparison.operator.positive, comparison.value
    if operator is Operator.IS_NOT_NULL:
        return Sql(f"{value} IS NOT NULL")
    if isinstance(expected, tuple):
        return Sql(f"{value} IN ({', '.join('?' for _ in expected)})", expected)
    if operator is Operator.CONTAINS:
        # LIKE tells no capitals from small ASCII letters either, and takes a third of the time of lower().
        return Sql(f"{value} LIKE ? ESCAPE '\\'", (_within(str(expected)),))
    if operator is Operator.RLIKE:
        return Sql(f"outcrop_rlike(?, {value})", (expected,))
    if operator is Operator.LIKE:
        return Sql(f"{value} GLOB ?", (_glob(str(expected)),))
    return Sql(f"{value} {operator.value.replace('ILIKE', 'LIKE')} ?", (expected,))


def _within(words: str) -> str:
    special = str.maketrans({character: f"\\{character}" for character in "\\%_"})
    return f"%{words.translate(special)}%"


def _glob(pattern: str) -> str:
    """LIKE's pattern as GLOB's: SQLite's own LIKE does not tell capitals from small letters."""
    special = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(character, character) for character in pattern)


def _start_sql(operator: Operator, value_ms: float) -> Sql:
    """A bound of a trace's start, on the column itself: so an index can be asked for it."""
    is_from, is_ceiling = _BOUNDS[operator]
    whole = math.ceil(value_ms) if is_ceiling else math.floor(value_ms) + 1
    bound_ns = max(-_MAX_MS, min(_MAX_MS, whole)) * _NS_IN_MS
    return Sql(f"trace.start_time_ns {'>=' if is_from else '<'} ?", (bound_ns,))
