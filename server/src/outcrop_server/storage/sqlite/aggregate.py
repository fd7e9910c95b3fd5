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
from outcrop_server.storage.sqlite.rollup_write import LATENCY, LEVELS_S

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.aggregates import AggregateQuery, Aggregates
    from outcrop_server.storage.sqlite.conditions import Sql

# After every moment that a column can hold.
_END_S = LEVELS_S[-1] * 1_000_000
# Of bins, measures and kinds there are fewer than this: so they and the time fit into one number, by which
# SQLite sorts twice as fast as by each.
_BINS = 1024
_MEASURES = 4
_KINDS = 2
_TIME = "bucket_s / ?"
_BIN_NUMBER = f"(({_TIME} * {_KINDS} + series.kind) * {_MEASURES} + measure) * {_BINS} + bin"
_KEYS = {
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
    interval_s = query.interval_s if is_by_time else _END_S
    names = [_KEYS[name] for name in query.group_by if name != "time"]
    rest, values = _conditions(query, experiments)

    def ask(table: str, number: str, numbers: tuple[int, ...], sums: str) -> sqlite3.Cursor:
        part = f"SELECT * FROM {table} WHERE level_s = ? AND bucket_s >= ? AND bucket_s < ?"
        places = ", ".join(str(place + 1) for place in range(len(names) + 1))
        text = (
            f"SELECT {', '.join((number, *names))}, {sums} FROM ({' UNION ALL '.join([part] * len(parts))}) "
            f"AS part CROSS JOIN rollup_series AS series USING (series_id){rest} GROUP BY {places}"
        )
        bounds = [bound for part in parts for bound in part]
        return connection.execute(text, (*numbers, *bounds, *values))

    def key(time_number: int, texts: tuple[str | None, ...]) -> tuple[int | str | None, ...]:
        left = iter(texts)
        return tuple(time_number * interval_s if name == "time" else next(left) for name in query.group_by)

    for number, *row in ask("rollup", f"{_TIME} * {_KINDS} + series.kind", (interval_s,), _SUMS):
        texts, sums = tuple(row[: len(names)]), row[len(names) :]
        grouped.add_sums(key(number // _KINDS, texts), number % _KINDS, sums)
    last: tuple[Any, ...] = ()
    bins: dict[int, int] = {}
    for number, *row in ask("rollup_histogram", _BIN_NUMBER, (interval_s,), "sum(count)"):
        # What comes one after the other is mostly of one histogram: its bins are looked up once.
        *texts, count = row
        head, of_bin = number // _BINS, number % _BINS
        if (head, *texts) != last:
            last = (head, *texts)
            time_number, of_kind = divmod(head, _KINDS * _MEASURES)
            found = grouped.entry(key(time_number, tuple(texts)), of_kind // _MEASURES)
            bins = found.latency if of_kind % _MEASURES == LATENCY else found.first_chunk
        bins[of_bin] = count


def _conditions(query: AggregateQuery, experiments: Sql) -> tuple[str, tuple[Any, ...]]:
    """What is joined where it is asked for, and the conditions."""
    join = (
        " JOIN experiment USING (experiment_id)" if experiments.text or "experiment" in query.group_by else ""
    )
    texts = [experiments.text] if experiments.text else []
    values = experiments.values
    if not query.counts_traces:
        texts.append(f"series.kind = {CALLS}")
    if query.models:
        texts.append(f"series.model IN ({', '.join('?' for _ in query.models)})")
        values = (*values, *query.models)
    return join + (" WHERE " + " AND ".join(texts) if texts else ""), values
