"""What follows from a filter and an index can be asked for: what is rare is not looked for in every row.

Each is implied by its condition, which is tested all the same: PostgreSQL knows how many rows have what, and
takes an index where they are few.
"""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Operator, Or
from outcrop.filter.fields import TRACE_ID
from outcrop_server.storage.common.durations import Bounds, bounds_of, is_of_span
from outcrop_server.storage.common.sql import ALWAYS, NEVER, Sql, joined
from outcrop_server.storage.common.trace_terms import TERMS_OF_FIELDS, Term
from outcrop_server.storage.postgresql.conditions import compared_sql
from outcrop_server.storage.postgresql.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.postgresql.connections import Connection

# So many values of a kind are looked through for a pattern, and so many that fit are asked for.
_MAX_TERMS = 20_000
_MAX_ASKED = 100
_DURATION = Field("trace", "execution_time", "number")

_TEXTS = frozenset({"tag", "metadata"})
# Columns of `trace` with an index, as the index has them.
_NUMBERS = {
    "cost": "coalesce(trace.cost_nano_usd::float8 / 1e9, -1)",
    "total_tokens": "coalesce(trace.input_tokens::float8 + trace.output_tokens::float8, -1)",
}
# From here on floats leave whole numbers out.
_MOST_EXACT = 2**53
_ID = re.compile("[0-9a-f]{32}")
_EXACT = frozenset({"session_id", "user_id"})
_COMPARED = frozenset(
    {Operator.EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL, Operator.LESS, Operator.LESS_OR_EQUAL}
)
_HOMES = "SELECT trace_key, part FROM trace_home WHERE trace_id = ANY(%s::bytea[]) AND part IS NOT NULL"


def hint_of(condition: Condition, connection: Connection) -> Sql:
    """What follows from a condition over the row of `trace`, as an index has it; nothing where none has."""
    if isinstance(condition, And):
        return joined("AND", [hint_of(term, connection) for term in condition.terms])
    if isinstance(condition, Or):
        return joined("OR", [hint_of(term, connection) for term in condition.terms])
    if isinstance(condition, AnySpan):
        failures = _of_failures(condition.term, connection)
        return joined("AND", [*failures, hint_of(condition.term, connection)])
    if not isinstance(condition, Comparison) or condition.operator.is_negative:
        return ALWAYS
    if is_of_span(condition):
        return _of_durations(bounds_of(condition), "longest_span_ns", "shortest_span_ns")
    if condition.field == _DURATION:
        return _of_durations(bounds_of(condition), "duration_ns", "duration_ns")
    return _of_comparison(condition, connection)


def homes_sql(connection: Connection, trace_ids: Iterable[bytes]) -> Sql:
    """That a trace is one of some, by their keys."""
    rows = connection.execute(_HOMES, (list(trace_ids),)).fetchall()
    if not rows:
        return NEVER
    keys, parts = [key for key, _ in rows], sorted({part for _, part in rows})
    return Sql("trace.trace_key = ANY(%s::bigint[]) AND trace.part = ANY(%s::integer[])", (keys, parts))


def _of_comparison(comparison: Comparison, connection: Connection) -> Sql:
    field = comparison.field
    if field.entity in _TEXTS:
        return _of_terms(f"{field.entity}.{field.name}", comparison, connection)
    kind = TERMS_OF_FIELDS.get(field.entity, {}).get(field.name)
    if kind is not None:
        return _of_terms(kind, comparison, connection)
    return _of_columns(comparison, connection) if field.entity == "trace" else ALWAYS


def _of_failures(term: Condition, connection: Connection) -> list[Sql]:
    """Of a span that failed, as `span.type = 'TOOL' AND span.status = 'ERROR'` asks for it."""
    terms = term.terms if isinstance(term, And) else (term,)
    compared = [each for each in terms if isinstance(each, Comparison)]
    if not any(map(_says_failed, compared)):
        return []
    types = [each for each in compared if each.field.name == "type" and not each.operator.is_negative]
    every = Comparison(Field("span", "type", "text"), Operator.IS_NOT_NULL)
    return [_of_terms("failed", each, connection) for each in types or [every]]


def _says_failed(comparison: Comparison) -> bool:
    return (
        comparison.field.name == "status"
        and comparison.operator is Operator.EQUAL
        and comparison.value == "ERROR"
    )


def _of_terms(kind: str, comparison: Comparison, connection: Connection) -> Sql:
    value = comparison.value
    values = value if isinstance(value, tuple) else (value,)
    if comparison.operator in {Operator.EQUAL, Operator.IN} and all(isinstance(each, str) for each in values):
        digests = [digest_of(*Term(kind, str(each))) for each in values]
        rows = connection.execute("SELECT term_id FROM term WHERE digest = ANY(%s::bytea[])", (digests,))
    elif comparison.operator is Operator.RLIKE:
        return ALWAYS
    else:
        many = "SELECT 1 FROM term WHERE kind = %s OFFSET %s LIMIT 1"
        if connection.execute(many, (kind, _MAX_TERMS)).fetchone() is not None:
            return ALWAYS
        test = compared_sql(comparison, "term.value")
        statement = f"SELECT term_id FROM term WHERE kind = %s AND {test.text} LIMIT {_MAX_ASKED + 1}"
        rows = connection.execute(statement.encode(), (kind, *test.values))
    numbers = [number for (number,) in rows]
    if not numbers:
        return NEVER
    return ALWAYS if len(numbers) > _MAX_ASKED else Sql("trace.terms && %s::integer[]", (numbers,))


def _of_columns(comparison: Comparison, connection: Connection) -> Sql:
    name, operator, value = comparison.field.name, comparison.operator, comparison.value
    if comparison.field == TRACE_ID and operator in {Operator.EQUAL, Operator.IN}:
        values = value if isinstance(value, tuple) else (value,)
        # Of a text that is no id, no trace has it.
        ids = [bytes.fromhex(each) for each in values if isinstance(each, str) and _ID.fullmatch(each)]
        return homes_sql(connection, ids)
    if name in _EXACT and operator in {Operator.EQUAL, Operator.IN}:
        return compared_sql(comparison, f"trace.{name}")
    if name == "status" and operator is Operator.EQUAL and value == "ERROR":
        return Sql("trace.status = 'ERROR'")
    if name == "experiment" and operator is Operator.EQUAL:
        return Sql("trace.experiment_id = (SELECT experiment_id FROM experiment WHERE name = %s)", (value,))
    if operator not in _COMPARED or not isinstance(value, int | float) or abs(value) > _MOST_EXACT:
        return ALWAYS
    if name in _NUMBERS:
        # As floats: what is equal stays among them, whatever was rounded.
        wide = operator.value if "=" in operator.value else f"{operator.value}="
        return Sql(f"{_NUMBERS[name]} {wide} %s", (float(value),))
    return ALWAYS


def _of_durations(bounds: Bounds, longest: str, shortest: str) -> Sql:
    ends = ((longest, ">=", bounds.least_ns), (shortest, "<", bounds.below_ns))
    return joined(
        "AND",
        [
            Sql(f"trace.{column} {operator} %s", (bound,))
            for column, operator, bound in ends
            if bound is not None
        ],
    )
