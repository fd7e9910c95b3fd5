"""Answers `aggregate`: from the rollups where they hold all that is asked, from the rows where not."""

# ruff: noqa: S608 - put together from constants and numbers; values go in as parameters.

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from outcrop.filter.ast import AnySpan, Comparison, Condition, Field, Not
from outcrop_server.model.aggregates import CALL_KEYS, OTHER
from outcrop_server.storage.clickhouse.aggregate_rows import of_rows
from outcrop_server.storage.clickhouse.conditions import in_experiments
from outcrop_server.storage.clickhouse.table_parts import SUMS
from outcrop_server.storage.common.grouped import Grouped
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S, stretches
from outcrop_server.storage.common.sql import ALWAYS, NEVER, Sql, joined

if TYPE_CHECKING:
    from outcrop_server.model.aggregates import AggregateQuery, Aggregates
    from outcrop_server.storage.clickhouse.looking import Looking

# After every moment that a column can hold.
_END_S = LEVELS_S[-1] * 1_000_000
_KEYS = {
    "experiment": "experiment_id",
    "model": "model",
    "operation": "operation",
    "span_type": "span_type",
}
_SUMMED = ", ".join((*(f"sum({name})" for name in SUMS), "sumMap(latency)", "sumMap(first_chunk)"))
_WIDTH = len(SUMS)
# What a row of `rollup` knows of its traces, and what it does not.
_KNOWN = Field("trace", "experiment", "text")
_OF_ROWS_ALONE = frozenset({"session", "user"})


def aggregate(looking: Looking, query: AggregateQuery) -> Aggregates:
    """The groups of a query; see `storage.api.KeptTraces.aggregate`."""
    grouped = Grouped(query)
    scope = rollup_scope(looking, query)
    if scope is None:
        of_rows(looking, query, grouped)
        return grouped.result()
    has_others = scope != NEVER and _of_rollups(looking, query, scope, grouped)
    return replace(grouped.result(), has_others=has_others)


def rollup_scope(looking: Looking, query: AggregateQuery) -> Sql | None:
    """A condition over the row of `rollup`; None where rollups do not hold what is asked."""
    if not _OF_ROWS_ALONE.isdisjoint(query.group_by) or not _is_of_experiment(query.where):
        return None
    condition = looking.planner.exact(looking.dialect.rewritten(query.where))
    if condition is None:
        return None
    named = in_experiments(looking.numbers_of(query.experiments)) if query.experiments else ALWAYS
    both = joined("AND", [named, condition])
    # The row is in an experiment as a trace is.
    return Sql(both.text.replace("trace.experiment_id", "experiment_id"), both.values)


def _is_of_experiment(condition: Condition) -> bool:
    if isinstance(condition, Comparison):
        return condition.field == _KNOWN
    if isinstance(condition, AnySpan):
        return False
    terms = (condition.term,) if isinstance(condition, Not) else condition.terms
    return all(map(_is_of_experiment, terms))


def _of_rollups(looking: Looking, query: AggregateQuery, scope: Sql, grouped: Grouped) -> bool:
    """Adds the groups; returns whether some calls have names that are not kept apart."""
    is_by_time = "time" in query.group_by
    levels = tuple(level for level in LEVELS_S if not is_by_time or query.interval_s % level == 0)
    until_s = _END_S if query.until_s is None else min(query.until_s, _END_S)
    asked = stretches(query.since_s, until_s, levels)
    has_others = _may_lack(looking, query, scope)
    if not asked:
        return has_others
    kept = " OR ".join(
        f"(level_s = {level} AND bucket_s >= {first} AND bucket_s < {last})" for level, first, last in asked
    )
    where = joined("AND", [Sql(kept), _conditions(query, scope)])
    keys = ", ".join(("kind", *(_key(name, query.interval_s) for name in query.group_by)))
    places = ", ".join(str(place + 1) for place in range(len(query.group_by) + 1))
    statement = (
        f"SELECT {keys}, {_SUMMED} FROM rollup WHERE {where.text} GROUP BY {places} HAVING sum(count) > 0"
    )
    width = len(query.group_by) + 1
    for row in looking.query(Sql(statement, where.values)):
        kind, *key = row[:width]
        *sums, latency, first_chunk = row[width:]
        for place, name in enumerate(query.group_by):
            has_others = has_others or (name in CALL_KEYS and key[place] == OTHER)
            if name == "experiment":
                key[place] = looking.name_of(key[place])
            elif name == "model":
                key[place] = key[place] or None
        entry = grouped.entry(tuple(key), TRACES if kind == TRACES else CALLS)
        entry.sums[:] = sums
        entry.latency = {number: count for number, count in latency.items() if count}
        entry.first_chunk = {number: count for number, count in first_chunk.items() if count}
    return has_others


def _key(name: str, interval_s: int) -> str:
    return f"intDiv(bucket_s, {interval_s:d}) * {interval_s:d}" if name == "time" else _KEYS[name]


def _may_lack(looking: Looking, query: AggregateQuery, scope: Sql) -> bool:
    """Whether calls of the models that are asked for may be among those whose model is not kept."""
    if not query.models:
        return False
    rest = _conditions(replace(query, models=(OTHER,)), scope)
    statement = f"SELECT 1 FROM rollup WHERE level_s = {LEVELS_S[-1]} AND {rest.text} LIMIT 1"
    return bool(looking.query(Sql(statement, rest.values)))


def _conditions(query: AggregateQuery, scope: Sql) -> Sql:
    # Where traces are counted, calls are not told apart by their names.
    kind = Sql(f"kind {'<>' if query.counts_traces else '='} {CALLS}")
    models = Sql("model IN (%s)", (query.models,)) if query.models else ALWAYS
    return joined("AND", [scope, kind, models])
