"""Answers `aggregate`: from the rollups where they hold all that is asked, from the rows where not."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from dataclasses import replace
from operator import add
from typing import TYPE_CHECKING, Any

from outcrop.filter.ast import AnySpan, Comparison, Condition, Field, Not
from outcrop_server.model.aggregates import CALL_KEYS, OTHER
from outcrop_server.storage.common.grouped import Grouped
from outcrop_server.storage.common.rollup_bins import BinSums
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S, stretches
from outcrop_server.storage.common.sql import ALWAYS, Sql, joined
from outcrop_server.storage.postgresql.aggregate_rows import of_rows
from outcrop_server.storage.postgresql.conditions import EXPERIMENT
from outcrop_server.storage.postgresql.pieces import read_in_pieces
from outcrop_server.storage.postgresql.plans import exact_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.aggregates import AggregateQuery, Aggregates
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.fitting import Looking, Row

# After every moment that a column can hold.
_END_S = LEVELS_S[-1] * 1_000_000
# So many rows are read at once: few enough that memory stays bounded.
_AT_ONCE = 5_000
_KINDS = 3
_NAME = EXPERIMENT.replace("trace.", "series.")
_KEYS = {
    "experiment": _NAME,
    "model": "nullif(series.model, '')",
    "operation": "series.operation",
    "span_type": "series.span_type",
}
# What a row holds behind the names of its group: the sums as `Entry` has them, and its histograms.
_VALUES = (
    "count, errors, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, "
    "cost_nano_usd, unpriced_calls, latency_first, latency, first_chunk_first, first_chunk"
)
_SUMS = 8
# What a row of `rollup_series` knows of its traces, and what it does not.
_KNOWN = Field("trace", "experiment", "text")
_OF_ROWS_ALONE = frozenset({"session", "user"})
_Found = dict[tuple[Any, ...], tuple[list[int], BinSums]]


def aggregate(looking: Looking, query: AggregateQuery) -> Aggregates:
    """The groups of a query; see `storage.api.KeptTraces.aggregate`."""
    grouped = Grouped(query)
    scope = rollup_scope(query)
    if scope is None:
        of_rows(looking, query, grouped)
        return grouped.result()
    has_others = _of_rollups(looking.connection, query, scope, grouped)
    return replace(grouped.result(), has_others=has_others)


def rollup_scope(query: AggregateQuery) -> Sql | None:
    """A condition over the row of `rollup_series`; None where rollups do not hold what is asked."""
    if not _OF_ROWS_ALONE.isdisjoint(query.group_by) or not _is_of_experiment(query.where):
        return None
    condition = exact_sql(query.where)
    if condition is None:
        return None
    # The series is in an experiment as a trace is.
    condition = Sql(condition.text.replace("trace.", "series."), condition.values)
    if not query.experiments:
        return condition
    inner = "SELECT experiment_id FROM experiment WHERE name = ANY(%s::text[])"
    return joined("AND", [Sql(f"series.experiment_id IN ({inner})", (list(query.experiments),)), condition])


def _is_of_experiment(condition: Condition) -> bool:
    if isinstance(condition, Comparison):
        return condition.field == _KNOWN
    if isinstance(condition, AnySpan):
        return False
    terms = (condition.term,) if isinstance(condition, Not) else condition.terms
    return all(map(_is_of_experiment, terms))


def _of_rollups(connection: Connection, query: AggregateQuery, scope: Sql, grouped: Grouped) -> bool:
    """Adds the groups; returns whether some calls have names that are not kept apart."""
    is_by_time = "time" in query.group_by
    levels = tuple(level for level in LEVELS_S if not is_by_time or query.interval_s % level == 0)
    until_s = _END_S if query.until_s is None else min(query.until_s, _END_S)
    interval_s = query.interval_s if is_by_time else _END_S
    named = [name for name in query.group_by if name != "time"]
    statement = _statement(query, scope, named)
    found: _Found = {}
    for part in stretches(query.since_s, until_s, levels):
        asked = Sql(statement.text, (interval_s, *part, *statement.values))
        for rows in read_in_pieces(connection, asked, _AT_ONCE, _AT_ONCE):
            _add_rows(found, rows, len(named) + 1)
    of_calls = [place for place, name in enumerate(named) if name in CALL_KEYS]
    has_others = _may_lack(connection, query, scope)
    for (number, *texts), (sums, histograms) in found.items():
        left = iter(texts)
        key = tuple(
            number // _KINDS * interval_s if name == "time" else next(left) for name in query.group_by
        )
        kind = TRACES if number % _KINDS == TRACES else CALLS
        grouped.add(key, kind, sums, histograms)
        has_others = has_others or any(texts[place] == OTHER for place in of_calls)
    return has_others


def _add_rows(found: _Found, rows: list[Row], width: int) -> None:
    """Adds rows to their groups: the key of one is so wide."""
    end = width + _SUMS
    for row in rows:
        key = row[:width]
        group = found.get(key)
        if group is None:
            group = found[key] = ([0] * _SUMS, BinSums())
        sums, histograms = group
        sums[:] = map(add, sums, row[width:end])
        histograms.add(row[width], *row[end:])


def _may_lack(connection: Connection, query: AggregateQuery, scope: Sql) -> bool:
    """Whether calls of the models that are asked for may be among those whose model is not kept."""
    if not query.models:
        return False
    rest = _conditions(replace(query, models=(OTHER,)), scope)
    statement = f"SELECT EXISTS (SELECT 1 FROM rollup_series AS series WHERE {rest.text})"
    row = connection.execute(statement.encode(), rest.values).fetchone()
    return row is not None and bool(row[0])


def _statement(query: AggregateQuery, scope: Sql, named: Sequence[str]) -> Sql:
    """Its parameters begin with the length of a group's time, the level, and both ends of the stretch."""
    rest = _conditions(query, scope)
    columns = ", ".join(
        (f"bucket_s / %s * {_KINDS} + series.kind", *(_KEYS[name] for name in named), _VALUES)
    )
    text = (
        f"SELECT {columns} FROM rollup JOIN rollup_series AS series USING (series_id) "
        f"WHERE level_s = %s AND bucket_s >= %s AND bucket_s < %s AND {rest.text}"
    )
    return Sql(text, rest.values)


def _conditions(query: AggregateQuery, scope: Sql) -> Sql:
    # Where traces are counted, calls are not told apart by their names.
    kind = Sql(f"series.kind {'<>' if query.counts_traces else '='} {CALLS}")
    models = Sql("series.model = ANY(%s::text[])", (list(query.models),)) if query.models else ALWAYS
    return joined("AND", [scope, kind, models])
