"""What follows from a filter and an index can be asked for: terms, sessions and users, durations. Pure.

Each is implied by its condition, which is tested all the same.
"""

from __future__ import annotations

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Operator, Or
from outcrop_server.storage.clickhouse.compared import compared_sql
from outcrop_server.storage.clickhouse.rows import term_text
from outcrop_server.storage.common.durations import Bounds, bounds_of, is_of_span
from outcrop_server.storage.common.sql import ALWAYS, Sql, joined
from outcrop_server.storage.common.trace_terms import TERMS_OF_FIELDS, Term

_DURATION = Field("trace", "execution_time", "number")
_TEXTS = frozenset({"tag", "metadata"})
_EXACT = frozenset({"session_id", "user_id"})
_EQUAL = frozenset({Operator.EQUAL, Operator.IN})


def hint_of(condition: Condition) -> Sql:
    """What follows from a condition over the row of `trace`, as an index has it; nothing where none has."""
    if isinstance(condition, And):
        return joined("AND", [hint_of(term) for term in condition.terms])
    if isinstance(condition, Or):
        return joined("OR", [hint_of(term) for term in condition.terms])
    if isinstance(condition, AnySpan):
        return joined("AND", [*_of_failures(condition.term), hint_of(condition.term)])
    if not isinstance(condition, Comparison) or condition.operator.is_negative:
        return ALWAYS
    if is_of_span(condition):
        return _of_durations(bounds_of(condition), "longest_span_ns", "shortest_span_ns")
    if condition.field == _DURATION:
        return _of_durations(bounds_of(condition), "duration_ns", "duration_ns")
    return _of_texts(condition) if condition.operator in _EQUAL else ALWAYS


def _of_texts(comparison: Comparison) -> Sql:
    field, value = comparison.field, comparison.value
    values = value if isinstance(value, tuple) else (value,)
    texts = [each for each in values if isinstance(each, str)]
    if not texts or len(texts) < len(values):
        return ALWAYS
    if field.entity == "trace" and field.name in _EXACT:
        return compared_sql(comparison, f"trace.{field.name}")
    if field.entity in _TEXTS:
        return _has_term(f"{field.entity}.{field.name}", texts)
    kind = TERMS_OF_FIELDS.get(field.entity, {}).get(field.name)
    return ALWAYS if kind is None else _has_term(kind, texts)


def _has_term(kind: str, values: list[str]) -> Sql:
    terms = tuple(term_text(Term(kind, value)) for value in values)
    return Sql("has(trace.terms, %s)", terms) if len(terms) == 1 else Sql("hasAny(trace.terms, %s)", (terms,))


def _of_failures(term: Condition) -> list[Sql]:
    """Of a span that failed, as `span.type = 'TOOL' AND span.status = 'ERROR'` asks for it."""
    terms = term.terms if isinstance(term, And) else (term,)
    compared = [each for each in terms if isinstance(each, Comparison) and each.operator is Operator.EQUAL]
    if not any(each.field.name == "status" and each.value == "ERROR" for each in compared):
        return []
    types = [str(each.value) for each in compared if each.field.name == "type"]
    return [_has_term("failed", [each]) for each in types]


def _of_durations(bounds: Bounds, longest: str, shortest: str) -> Sql:
    ends = ((longest, ">=", bounds.least_ns), (shortest, "<", bounds.below_ns))
    return joined(
        "AND",
        [Sql(f"trace.{column} {operator} {end:d}") for column, operator, end in ends if end is not None],
    )
