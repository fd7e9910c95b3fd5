"""The few traces that a filter can hold for, where an index tells: what is rare need not be looked for.

A filter that holds for many traces finds a page of them soon, newest first. One that holds for few would
look at every trace. So each of its conditions is first asked of an index: if that names few traces, only
those are looked at. The conditions are tested all the same, so an index may name too many.
"""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Operator, Or
from outcrop.filter.fields import TRACE_ID, WORDS
from outcrop.filter.texts import is_of_text
from outcrop_server.storage.common.durations import Bounds, bounds_of, is_of_span
from outcrop_server.storage.common.trace_terms import TERMS_OF_FIELDS
from outcrop_server.storage.sqlite.conditions import Sql, test_sql

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.storage.sqlite.words.asking import Asking

# So many traces are looked at one by one; a statement takes no more parameters in older SQLites.
MOST = 900
# So many values of a kind are looked through for a pattern.
_MAX_TERMS = 20_000
_DURATION = Field("trace", "execution_time", "number")

_TEXTS = frozenset({"tag", "metadata"})
# Columns of `trace` with an index, as the index has them.
_NUMBERS = {
    "cost": "coalesce(cost_nano_usd / 1e9, -1)",
    "total_tokens": "coalesce(input_tokens + output_tokens, -1)",
}
_ID = re.compile("[0-9a-f]{32}")
_EXACT = frozenset({"session_id", "user_id"})
_COMPARED = frozenset(
    {Operator.EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL}
)


def candidates(
    condition: Condition, connection: sqlite3.Connection, asking: Asking | None = None
) -> list[int] | None:
    """Keys of the only traces for which a condition can hold; None where no index says that they are few.

    Args:
        condition: what holds for them.
        connection: a connection to the store.
        asking: knows of texts; None where none are asked for.
    """
    for probe in _probes(condition, connection):
        rows = connection.execute(f"{probe.text} LIMIT {MOST + 1}", probe.values).fetchall()
        if len(rows) <= MOST:
            return [key for (key,) in rows]
    return None if asking is None else _of_texts(condition, connection, asking)


def _of_texts(condition: Condition, connection: sqlite3.Connection, asking: Asking) -> list[int] | None:
    """The same by what is looked for in texts."""
    if isinstance(condition, AnySpan):
        return _of_texts(condition.term, connection, asking)
    if isinstance(condition, And):
        # What is long is rare.
        terms = sorted(condition.terms, key=_length, reverse=True)
        found = (_of_texts(term, connection, asking) for term in terms)
        return next((keys for keys in found if keys is not None), None)
    if isinstance(condition, Or):
        branches = [candidates(term, connection, asking) for term in condition.terms]
        known = [keys for keys in branches if keys is not None]
        return None if len(known) < len(branches) else list({key for keys in known for key in keys})
    if not isinstance(condition, Comparison) or condition.operator.is_negative:
        return None
    is_text = condition.field == WORDS or is_of_text(condition)
    return asking.candidates(condition) if is_text else None


def _length(condition: Condition) -> int:
    """Of what is looked for in texts; of other conditions none."""
    return len(str(condition.value)) if isinstance(condition, Comparison) else 0


def _probes(condition: Condition, connection: sqlite3.Connection) -> list[Sql]:
    """Statements that each give the keys of all traces for which the condition can hold, and maybe more."""
    if isinstance(condition, And):
        return [probe for term in condition.terms for probe in _probes(term, connection)]
    if isinstance(condition, Or):
        branches = [_probes(term, connection) for term in condition.terms]
        if not all(branches):
            return []
        firsts = [branch[0] for branch in branches]
        text = " UNION ".join(f"SELECT * FROM ({probe.text})" for probe in firsts)
        return [Sql(text, tuple(value for probe in firsts for value in probe.values))]
    if isinstance(condition, AnySpan):
        return [*_of_failures(condition.term, connection), *_probes(condition.term, connection)]
    if isinstance(condition, Comparison) and not condition.operator.is_negative:
        if is_of_span(condition):
            return _of_durations(bounds_of(condition), "longest_span_ns", "shortest_span_ns")
        if condition.field == _DURATION:
            return _of_durations(bounds_of(condition), "duration_ns", "duration_ns")
        probe = _probe(condition, connection)
        return [] if probe is None else [probe]
    return []


def _probe(comparison: Comparison, connection: sqlite3.Connection) -> Sql | None:
    field = comparison.field
    if field.entity in _TEXTS:
        return _of_terms(f"{field.entity}.{field.name}", comparison, connection)
    kind = TERMS_OF_FIELDS.get(field.entity, {}).get(field.name)
    if kind is not None:
        return _of_terms(kind, comparison, connection)
    return _of_columns(comparison) if field.entity == "trace" else None


def _of_failures(term: Condition, connection: sqlite3.Connection) -> list[Sql]:
    """Of a span that failed, as `span.type = 'TOOL' AND span.status = 'ERROR'` asks for it."""
    terms = term.terms if isinstance(term, And) else (term,)
    compared = [each for each in terms if isinstance(each, Comparison)]
    if not any(_says_failed(each) for each in compared):
        return []
    types = [each for each in compared if each.field.name == "type" and not each.operator.is_negative]
    probes = [_of_terms("failed", each, connection) for each in types]
    every = Sql("SELECT trace_key FROM trace_term JOIN term USING (term_id) WHERE kind = 'failed'")
    return [probe for probe in (*probes, every) if probe is not None]


def _says_failed(comparison: Comparison) -> bool:
    return (
        comparison.field.name == "status"
        and comparison.operator is Operator.EQUAL
        and comparison.value == "ERROR"
    )


def _of_terms(kind: str, comparison: Comparison, connection: sqlite3.Connection) -> Sql | None:
    if comparison.operator not in {Operator.EQUAL, Operator.IN}:
        many = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM term WHERE kind = ? LIMIT ?)", (kind, _MAX_TERMS + 1)
        ).fetchone()
        if many[0] > _MAX_TERMS:
            return None
    test = test_sql(comparison, "value")
    terms = f"SELECT term_id FROM term WHERE kind = ? AND {test.text}"
    return Sql(f"SELECT trace_key FROM trace_term WHERE term_id IN ({terms})", (kind, *test.values))


def _of_columns(comparison: Comparison) -> Sql | None:
    name, operator, value = comparison.field.name, comparison.operator, comparison.value
    if comparison.field == TRACE_ID and operator in {Operator.EQUAL, Operator.IN}:
        return _of_ids(value if isinstance(value, tuple) else (value,))
    if name in _EXACT and operator in {Operator.EQUAL, Operator.IN}:
        test = test_sql(comparison, name)
        return Sql(f"SELECT trace_key FROM trace WHERE {test.text}", test.values)
    if name == "status" and operator is Operator.EQUAL and value == "ERROR":
        return Sql("SELECT trace_key FROM trace WHERE status = 'ERROR'")
    if operator not in _COMPARED or not isinstance(value, int | float):
        return None
    if name in _NUMBERS:
        return Sql(f"SELECT trace_key FROM trace WHERE {_NUMBERS[name]} {operator.value} ?", (value,))
    return None


def _of_ids(values: tuple[object, ...]) -> Sql:
    """Of a text that is no id, no trace has it."""
    ids = tuple(bytes.fromhex(each) for each in values if isinstance(each, str) and _ID.fullmatch(each))
    return Sql(f"SELECT trace_key FROM trace WHERE trace_id IN ({', '.join('?' for _ in ids)})", ids)


def _of_durations(bounds: Bounds, longest: str, shortest: str) -> list[Sql]:
    """One for each end: which of them names few is not known."""
    ends = ((longest, ">=", bounds.least_ns), (shortest, "<", bounds.below_ns))
    return [
        Sql(f"SELECT trace_key FROM trace WHERE {column} {operator} ?", (bound,))
        for column, operator, bound in ends
        if bound is not None
    ]
