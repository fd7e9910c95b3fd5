"""PostgreSQL's SQL of a filter's parts, for `common.plans`. Pure."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.common.plans import Plan, Planner
from outcrop_server.storage.common.sql import ALWAYS, Sql, joined
from outcrop_server.storage.postgresql.conditions import (
    OF_TRACE,
    SPAN_COLUMNS,
    comparison_sql,
    span_comparison_sql,
    values_sql,
    within,
    words_sql,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop.filter.ast import Comparison, Condition, Field


class _Postgres:
    """The dialect."""

    def comparison(self, comparison: Comparison) -> Sql:
        return comparison_sql(comparison)

    def span_comparison(self, comparison: Comparison) -> Sql:
        return span_comparison_sql(comparison)

    def values(self, wanted: Field) -> Sql:
        return values_sql(wanted)

    def span_value(self, wanted: Field) -> Sql:
        return Sql(SPAN_COLUMNS[wanted.name])

    def words(self, words: str) -> Sql:
        return words_sql(words)

    def with_span(self, inner: Sql) -> Sql:
        text = f"EXISTS (SELECT 1 FROM span WHERE {OF_TRACE} AND ({inner.text or 'true'}))"
        return Sql(text, inner.values)

    def of_text(self, comparison: Comparison) -> Sql:
        # `matching` asks the index which traces can have it.
        del comparison
        return ALWAYS

    def literals(self, wanted: Field, choices: Sequence[Sequence[str]]) -> Sql:
        held = values_sql(wanted)
        tests = _literals("held", choices)
        text = f"EXISTS (SELECT 1 FROM unnest({held.text}) AS held WHERE {tests.text})"
        return Sql(text, held.values + tests.values)

    def span_literals(self, wanted: Field, choices: Sequence[Sequence[str]]) -> Sql:
        return _literals(SPAN_COLUMNS[wanted.name], choices)


def _literals(value: str, choices: Sequence[Sequence[str]]) -> Sql:
    test = f"{value} COLLATE \"C\" ILIKE %s ESCAPE '!'"
    return joined(
        "AND", [joined("OR", [Sql(test, (within(literal),)) for literal in each]) for each in choices]
    )


_PLANNER = Planner(_Postgres())


def plan_of(condition: Condition) -> Plan:
    """Splits a condition over the row of `trace`."""
    return _PLANNER.plan(condition)


def exact_sql(condition: Condition) -> Sql | None:
    """A condition as SQL, true exactly where it holds; None if SQL alone cannot tell."""
    return _PLANNER.exact(condition)
