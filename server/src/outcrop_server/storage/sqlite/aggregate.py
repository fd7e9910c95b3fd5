"""Answers `aggregate`: from the rollups where they hold all that is asked, from the rows where not."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from outcrop_server.storage.sqlite.aggregate_rows import of_rows
from outcrop_server.storage.sqlite.aggregate_scope import rollup_scope
from outcrop_server.storage.sqlite.grouped import Grouped
from outcrop_server.storage.sqlite.rollup_deltas import CALLS
from outcrop_server.storage.sqlite.rollup_write import LEVELS_S

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.aggregates import AggregateQuery, Aggregates
    from outcrop_server.storage.sqlite.conditions import Sql

# After every moment that a column can hold.
_END_S = LEVELS_S[-1] * 1_000_000
_KEYS = {
    "time": "bucket_s - bucket_s % ?",
    "experiment": "experiment.name",
    "model": "nullif(series.model, '')",
    "operation": "series.operation",
    "span_type": "series.span_type",
}
_SUMS = (
    "sum(count), sum(errors), sum(input_tokens), sum(output_tokens), sum(cache_read_input_tokens), "
    "sum(cache_write_input_tokens), sum(cost_nano_usd), sum(unpriced_calls)"
)


def aggregate(connection: sqlite3.Connection, query: AggregateQuery) -> Aggregates:
    """The groups of a query; see `storage.api.TraceStore.aggregate`."""
    grouped = Grouped(query)
    with _one_moment(connection):
        scope = rollup_scope(query)
        if scope is None:
            of_rows(connection, query, grouped)
        else:
            _of_rollups(connection, query, scope, grouped)
    return grouped.result()


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """All that is read within is as it was when the first of it was read."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def stretches(since_s: int, until_s: int, levels: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """The fewest stretches (level, from, to) that make up a range; the finest level must fit it."""
    *finer, level = levels
    first, last = -(-since_s // level) * level, until_s // level * level
    if not finer:
        return [(level, first, last)] if first < last else []
    rest = tuple(finer)
    if first >= last:
        return stretches(since_s, until_s, rest)
    return [*stretches(since_s, first, rest), (level, first, last), *stretches(last, until_s, rest)]


def _of_rollups(
    connection: sqlite3.Connection, query: AggregateQuery, experiments: Sql, grouped: Grouped
) -> None:
    is_by_time = "time" in query.group_by
    levels = tuple(level for level in LEVELS_S if not is_by_time or query.interval_s % level == 0)
    until_s = _END_S if query.until_s is None else min(query.until_s, _END_S)
    parts = stretches(query.since_s, until_s, levels)
    if not parts:
        return
    keys = ", ".join(["series.kind", *(_KEYS[name] for name in query.group_by)])
    intervals = [query.interval_s for name in query.group_by if name == "time"]
    where, values = _conditions(query, experiments)
    order = ", ".join(str(place + 1) for place in range(len(query.group_by) + 1))

    def ask(table: str, columns: str, group_by: str) -> list[tuple[Any, ...]]:
        one = f"SELECT * FROM {table} WHERE level_s = ? AND bucket_s >= ? AND bucket_s < ?"
        text = (
            f"SELECT {keys}, {columns} FROM ({' UNION ALL '.join([one] * len(parts))}) AS part "
            "JOIN rollup_series AS series USING (series_id) JOIN experiment USING (experiment_id) "
            f"{where} GROUP BY {group_by}"
        )
        bounds = [bound for part in parts for bound in part]
        return connection.execute(text, (*intervals, *bounds, *values)).fetchall()

    width = len(query.group_by) + 1
    for row in ask("rollup", _SUMS, order):
        grouped.add_sums(row[1:width], row[0], row[width:])
    for row in ask("rollup_histogram", "measure, bin, sum(count)", f"{order}, measure, bin"):
        grouped.add_bin(row[1:width], row[0], *row[width:])


def _conditions(query: AggregateQuery, experiments: Sql) -> tuple[str, tuple[Any, ...]]:
    texts = [experiments.text] if experiments.text else []
    values = experiments.values
    if not query.counts_traces:
        texts.append(f"series.kind = {CALLS}")
    if query.models:
        texts.append(f"series.model IN ({', '.join('?' for _ in query.models)})")
        values = (*values, *query.models)
    return ("WHERE " + " AND ".join(texts) if texts else ""), values
