"""Answers `aggregate`: from the rollups where they hold all that is asked, from the rows where not."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from operator import add
from typing import TYPE_CHECKING, Any

from outcrop_server.model.aggregates import CALL_KEYS, OTHER
from outcrop_server.storage.common.grouped import Grouped
from outcrop_server.storage.common.rollup_bins import BinSums
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S, stretches
from outcrop_server.storage.sqlite.aggregate_rows import of_rows
from outcrop_server.storage.sqlite.aggregate_scope import rollup_scope
from outcrop_server.storage.sqlite.conditions import Sql

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.aggregates import AggregateQuery, Aggregates

# After every moment that a column can hold.
_END_S = LEVELS_S[-1] * 1_000_000
# So many stretches of time are read at once: few enough that memory stays bounded.
_AT_ONCE = 64
_KINDS = 3
_KEYS = {
    "experiment": "experiment.name",
    "model": "nullif(series.model, '')",
    "operation": "series.operation",
    "span_type": "series.span_type",
}
# What a row holds behind the names of its group: the sums as `Entry` has them, and its histograms.
_VALUES = (
    "count, errors, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, "
    "cost_nano_usd, unpriced_calls, latency_first, hex(latency), first_chunk_first, hex(first_chunk)"
)
_SUMS = 8


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


def _of_rollups(
    connection: sqlite3.Connection, query: AggregateQuery, experiments: Sql, grouped: Grouped
) -> bool:
    """Adds the groups; returns whether some calls have names that are not kept apart."""
    is_by_time = "time" in query.group_by
    levels = tuple(level for level in LEVELS_S if not is_by_time or query.interval_s % level == 0)
    until_s = _END_S if query.until_s is None else min(query.until_s, _END_S)
    interval_s = query.interval_s if is_by_time else _END_S
    named = [name for name in query.group_by if name != "time"]
    statement = _statement(query, experiments, named)
    found: dict[tuple[Any, ...], tuple[list[int], BinSums]] = {}
    for part in stretches(query.since_s, until_s, levels):
        for rows in _read(connection, statement, interval_s, part):
            _add_rows(found, rows, len(named) + 1)
    of_calls = [place for place, name in enumerate(named) if name in CALL_KEYS]
    has_others = _may_lack(connection, query, experiments)
    for (number, *texts), (sums, histograms) in found.items():
        left = iter(texts)
        key = tuple(
            number // _KINDS * interval_s if name == "time" else next(left) for name in query.group_by
        )
        kind = TRACES if number % _KINDS == TRACES else CALLS
        grouped.add(key, kind, sums, histograms)
        has_others = has_others or any(texts[place] == OTHER for place in of_calls)
    return has_others


def _read(
    connection: sqlite3.Connection, statement: Sql, interval_s: int, part: tuple[int, int, int]
) -> Iterator[list[list[Any]]]:
    """The rows of a stretch, many at once.

    For each row that SQLite gives the interpreter's lock is let go, and in the middle of a batch of spans it
    takes five milliseconds to come back. So rows come together, as one.
    """
    level, start, last = part
    while start is not None:
        end = min(start + level * _AT_ONCE, last)
        bounds = (level, end, last, interval_s, level, start, end)
        start, rows = connection.execute(statement.text, (*bounds, *statement.values)).fetchone()
        yield json.loads(rows)


def _add_rows(
    found: dict[tuple[Any, ...], tuple[list[int], BinSums]], rows: list[list[Any]], width: int
) -> None:
    """Adds rows to their groups: the key of one is so wide."""
    end = width + _SUMS
    for row in rows:
        key = tuple(row[:width])
        group = found.get(key)
        if group is None:
            group = found[key] = ([0] * _SUMS, BinSums())
        sums, histograms = group
        sums[:] = map(add, sums, row[width:end])
        latency_first, latency, first_chunk_first, first_chunk = row[end:]
        histograms.add(
            row[width], latency_first, bytes.fromhex(latency), first_chunk_first, bytes.fromhex(first_chunk)
        )


def _may_lack(connection: sqlite3.Connection, query: AggregateQuery, experiments: Sql) -> bool:
    """Whether calls of the models that are asked for may be among those whose model is not kept."""
    if not query.models:
        return False
    rest, values = _conditions(replace(query, models=(OTHER,)), experiments)
    text = f"SELECT EXISTS (SELECT 1 FROM rollup_series AS series{rest})"
    return bool(connection.execute(text, values).fetchone()[0])


def _statement(query: AggregateQuery, experiments: Sql, named: Sequence[str]) -> Sql:
    """Gives where the next rows are, and those of a piece as one JSON.

    Its parameters begin with the level, the end of the piece and that of the stretch; then the length of a
    group's time, the level, and both ends of the piece.
    """
    rest, values = _conditions(query, experiments)
    columns = ", ".join((f"bucket_s / ? * {_KINDS} + series.kind", *(_KEYS[name] for name in named), _VALUES))
    text = (
        "SELECT (SELECT min(bucket_s) FROM rollup WHERE level_s = ? AND bucket_s >= ? AND bucket_s < ?), "
        f"json_group_array(json_array({columns})) FROM "
        "(SELECT * FROM rollup WHERE level_s = ? AND bucket_s >= ? AND bucket_s < ?) AS part "
        f"CROSS JOIN rollup_series AS series USING (series_id){rest}"
    )
    return Sql(text, values)


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
