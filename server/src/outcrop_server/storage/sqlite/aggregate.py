"""Answers `aggregate`: from the rollups where they hold all that is asked, from the rows where not."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from outcrop_server.model.aggregates import CALL_KEYS, OTHER
from outcrop_server.storage.sqlite.aggregate_rows import of_rows
from outcrop_server.storage.sqlite.aggregate_scope import rollup_scope
from outcrop_server.storage.sqlite.grouped import Grouped
from outcrop_server.storage.sqlite.rollup_bins import BinSums
from outcrop_server.storage.sqlite.rollup_deltas import CALLS, TRACES
from outcrop_server.storage.sqlite.rollup_write import LEVELS_S

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.aggregates import AggregateQuery, Aggregates
    from outcrop_server.storage.sqlite.conditions import Sql

# After every moment that a column can hold.
_END_S = LEVELS_S[-1] * 1_000_000
# Time and kind as one number, by which SQLite sorts faster than by each.
_KINDS = 3
_NUMBER = f"bucket_s / ? * {_KINDS} + series.kind"
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
_HISTOGRAMS = "count, latency_first, latency, first_chunk_first, first_chunk"


def aggregate(connection: sqlite3.Connection, query: AggregateQuery) -> Aggregates:
    """The groups of a query; see `storage.api.TraceStore.aggregate`."""
    grouped = Grouped(query)
    has_others = False
    with _one_moment(connection):
        scope = rollup_scope(query)
        if scope is None:
            of_rows(connection, query, grouped)
        else:
            has_others = _of_rollups(connection, query, scope, grouped)
    return replace(grouped.result(), has_others=has_others)


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
) -> bool:
    """Adds the groups; returns whether some calls have names that are not kept apart."""
    is_by_time = "time" in query.group_by
    levels = tuple(level for level in LEVELS_S if not is_by_time or query.interval_s % level == 0)
    until_s = _END_S if query.until_s is None else min(query.until_s, _END_S)
    parts = stretches(query.since_s, until_s, levels)
    if not parts:
        return False
    interval_s = query.interval_s if is_by_time else _END_S
    named = [name for name in query.group_by if name != "time"]
    of_calls = [place for place, name in enumerate(named) if name in CALL_KEYS]
    names = [_KEYS[name] for name in named]
    rest, values = _conditions(query, experiments)

    def ask(columns: str, end: str) -> sqlite3.Cursor:
        part = "SELECT * FROM rollup WHERE level_s = ? AND bucket_s >= ? AND bucket_s < ?"
        everything = " UNION ALL ".join([part] * len(parts))
        tables = f"({everything}) AS part CROSS JOIN rollup_series AS series USING (series_id)"
        text = f"SELECT {', '.join((_NUMBER, *names))}, {columns} FROM {tables}{rest}{end}"
        bounds = [bound for part in parts for bound in part]
        return connection.execute(text, (interval_s, *bounds, *values))

    def key(time_number: int, texts: tuple[str | None, ...]) -> tuple[int | str | None, ...]:
        left = iter(texts)
        return tuple(time_number * interval_s if name == "time" else next(left) for name in query.group_by)

    has_others = _may_lack(connection, query, experiments)
    width = len(names) + 1
    places = ", ".join(str(place + 1) for place in range(width))
    for number, *row in ask(_SUMS, f" GROUP BY {places}"):
        texts, sums = tuple(row[: width - 1]), row[width - 1 :]
        has_others = has_others or any(texts[place] == OTHER for place in of_calls)
        grouped.add_sums(key(number // _KINDS, texts), _kind(number), sums)
    for (number, *of_group), added in _histograms(ask(_HISTOGRAMS, ""), width).items():
        grouped.add_histograms(key(number // _KINDS, tuple(of_group)), _kind(number), added)
    return has_others


def _kind(number: int) -> int:
    return TRACES if number % _KINDS == TRACES else CALLS


def _histograms(rows: sqlite3.Cursor, width: int) -> dict[tuple[Any, ...], BinSums]:
    """Those of each group: a row has its key, then its histograms."""
    found: dict[tuple[Any, ...], BinSums] = {}
    for row in rows:
        key = row[:width]
        added = found.get(key)
        if added is None:
            added = found[key] = BinSums()
        added.add(*row[width:])
    return found


def _may_lack(connection: sqlite3.Connection, query: AggregateQuery, experiments: Sql) -> bool:
    """Whether calls of the models that are asked for may be among those whose model is not kept."""
    if not query.models:
        return False
    rest, values = _conditions(replace(query, models=(OTHER,)), experiments)
    text = f"SELECT EXISTS (SELECT 1 FROM rollup_series AS series{rest})"
    return bool(connection.execute(text, values).fetchone()[0])


def _conditions(query: AggregateQuery, experiments: Sql) -> tuple[str, tuple[Any, ...]]:
    """What is joined where it is asked for, and the conditions."""
    join = (
        " JOIN experiment USING (experiment_id)" if experiments.text or "experiment" in query.group_by else ""
    )
    texts = [experiments.text] if experiments.text else []
    values = experiments.values
    # Where traces are counted, calls are not told apart by their names.
    texts.append(f"series.kind {'<>' if query.counts_traces else '='} {CALLS}")
    if query.models:
        texts.append(f"series.model IN ({', '.join('?' for _ in query.models)})")
        values = (*values, *query.models)
    return f"{join} WHERE {' AND '.join(texts)}", values
