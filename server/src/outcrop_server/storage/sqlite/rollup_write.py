"""Writes the deltas that `rollup_deltas` gathered into the tables, at the end of their transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from outcrop_server.storage.sqlite.rollup_deltas import Deltas, Entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

# Seconds. Each divides the next, and a question is answered from the coarsest ones that fit into its range.
LEVELS_S = (60, 900, 14_400)
LATENCY = 1
FIRST_CHUNK = 2
_MAX_REMEMBERED = 10_000

# An entry's key without its minute.
Series = tuple[int, int, str, str, str]
Sums = dict[tuple[int, int, int], list[int]]
Bins = dict[tuple[int, int, int, int, int], int]

_UPSERT_SUMS = """
    INSERT INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        count = count + excluded.count,
        errors = errors + excluded.errors,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = cache_write_input_tokens + excluded.cache_write_input_tokens,
        cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,
        unpriced_calls = unpriced_calls + excluded.unpriced_calls
"""
_UPSERT_BIN = """
    INSERT INTO rollup_histogram VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
_DROP_EMPTY = "DELETE FROM rollup WHERE (level_s, bucket_s, series_id) = (?, ?, ?) AND count = 0"
_DROP_EMPTY_BIN = """
    DELETE FROM rollup_histogram
    WHERE (level_s, bucket_s, series_id, measure, bin) = (?, ?, ?, ?, ?) AND count = 0
"""
_ADD_SERIES = """
    INSERT OR IGNORE INTO rollup_series (experiment_id, kind, model, operation, span_type)
    VALUES (?, ?, ?, ?, ?)
"""
_FIND_SERIES = """
    SELECT series_id FROM rollup_series
    WHERE (experiment_id, kind, model, operation, span_type) = (?, ?, ?, ?, ?)
"""
_UPSERT_SESSION = """
    INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        trace_count = trace_count + excluded.trace_count,
        error_count = error_count + excluded.error_count,
        input_tokens = input_tokens + excluded.input_tokens,
        output_tokens = output_tokens + excluded.output_tokens,
        cache_read_input_tokens = cache_read_input_tokens + excluded.cache_read_input_tokens,
        cache_write_input_tokens = cache_write_input_tokens + excluded.cache_write_input_tokens,
        cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,
        unpriced_calls = unpriced_calls + excluded.unpriced_calls,
        first_start_ns = min(first_start_ns, excluded.first_start_ns),
        last_start_ns = max(last_start_ns, excluded.last_start_ns)
"""
_DROP_SESSION = "DELETE FROM session WHERE (session_id, experiment_id) = (?, ?) AND trace_count = 0"
_OF_SESSION = (
    "(SELECT start_time_ns FROM trace WHERE trace.session_id = session.session_id "
    "AND trace.experiment_id = session.experiment_id ORDER BY start_time_ns {} LIMIT 1)"
)
_LOOK_UP_ENDS = (
    f"UPDATE session SET first_start_ns = {_OF_SESSION.format('ASC')}, "  # noqa: S608 - made of constants
    f"last_start_ns = {_OF_SESSION.format('DESC')} WHERE (session_id, experiment_id) = (?, ?)"
)


class RollupWriter:
    """Writes deltas; to be called within a transaction, by one thread, after the rows are written.

    Args:
        connection: the connection that writes.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._series: dict[Series, int] = {}

    def forget(self) -> None:
        """Drops what it remembers of the database; needed after a rollback."""
        self._series.clear()

    def write(self, deltas: Deltas) -> None:
        """Adds the deltas to the tables, and leaves no row that counts nothing."""
        sums, bins = folded(deltas, self._series_id)
        changed = sorted((*key, *values) for key, values in sums.items() if any(values))
        self._connection.executemany(_UPSERT_SUMS, changed)
        self._connection.executemany(
            _UPSERT_BIN, sorted((*key, count) for key, count in bins.items() if count)
        )
        self._connection.executemany(_DROP_EMPTY, [row[:3] for row in changed if row[3] < 0])
        self._connection.executemany(_DROP_EMPTY_BIN, [key for key, count in bins.items() if count < 0])
        self._write_sessions(deltas)

    def _write_sessions(self, deltas: Deltas) -> None:
        if not deltas.sessions:
            return
        rows = [(*key, *delta.sums, delta.first_ns, delta.last_ns) for key, delta in deltas.sessions.items()]
        self._connection.executemany(_UPSERT_SESSION, rows)
        lost = [key for key, delta in deltas.sessions.items() if delta.has_lost]
        self._connection.executemany(_DROP_SESSION, lost)
        self._connection.executemany(_LOOK_UP_ENDS, lost)

    def _series_id(self, series: Series) -> int:
        known = self._series.get(series)
        if known is None:
            if len(self._series) >= _MAX_REMEMBERED:
                self._series.clear()
            found = self._connection.execute(_FIND_SERIES, series).fetchone()
            if found is None:
                self._connection.execute(_ADD_SERIES, series)
                found = self._connection.execute(_FIND_SERIES, series).fetchone()
            known = self._series[series] = int(found[0])
        return known


def folded(deltas: Deltas, series_id: Callable[[Series], int]) -> tuple[Sums, Bins]:
    """The deltas of every level: rows of `rollup` and of `rollup_histogram` by their keys."""
    sums: Sums = {}
    bins: Bins = {}
    for (minute, *series), entry in deltas.entries.items():
        number = series_id(cast("Series", tuple(series)))
        for level_s in LEVELS_S:
            key = (level_s, minute * 60 // level_s * level_s, number)
            kept = sums.get(key)
            if kept is None:
                sums[key] = entry.sums.copy()
            else:
                for place, value in enumerate(entry.sums):
                    kept[place] += value
            for measure, number_of_bin, count in _bins(entry):
                of_bin = (*key, measure, number_of_bin)
                bins[of_bin] = bins.get(of_bin, 0) + count
    return sums, bins


def _bins(entry: Entry) -> Iterator[tuple[int, int, int]]:
    for measure, counts in ((LATENCY, entry.latency), (FIRST_CHUNK, entry.first_chunk)):
        for number, count in counts.items():
            yield measure, number, count
