"""Writes the deltas that `rollup_deltas` gathered into the tables, at the end of their transaction."""

from __future__ import annotations

from itertools import chain
from operator import add, itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from outcrop_server.storage.sqlite.bulk import Inserts, Lookup
from outcrop_server.storage.sqlite.rollup_bins import Packed, added, pack
from outcrop_server.storage.sqlite.rollup_deltas import CALLS, EVERY_CALL, Deltas, Entry, EntryKey
from outcrop_server.storage.sqlite.rollup_series import Series, SeriesNumbers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping

# Seconds. Each divides the next, and a question is answered from the coarsest ones that fit into its range.
LEVELS_S = (60, 900, 3600, 14_400)

_COLUMNS = (
    "count, errors, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, "
    "cost_nano_usd, unpriced_calls, latency_first, latency, first_chunk_first, first_chunk"
)
_WITH_KEY = "(level_s, bucket_s, series_id) = (?, ?, ?)"
_KEY = "level_s, bucket_s, series_id"
_FIND_ROWS = Lookup(f"SELECT {_KEY}, {_COLUMNS} FROM rollup WHERE ({_KEY}) IN", 3)  # noqa: S608 - made of constants
_PUT_ROWS = Inserts("INSERT OR REPLACE INTO rollup VALUES", 15)
_DROP_ROW = f"DELETE FROM rollup WHERE {_WITH_KEY}"  # noqa: S608 - made of constants
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
_MOST = 2**63 - 1

# Level, bucket and series.
RowKey = tuple[int, int, int]


class RollupWriter:
    """Writes deltas; to be called within a transaction, by one thread, after the rows are written.

    Args:
        connection: the connection that writes.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._series = SeriesNumbers(connection)

    def forget(self) -> None:
        """Drops what it remembers of the database; needed after a rollback."""
        self._series.forget()

    def write(self, deltas: Deltas) -> None:
        """Adds the deltas to the tables, and leaves no row that counts nothing."""
        put: list[Any] = []
        dropped: list[RowKey] = []
        # In the order of the table: what lies side by side is read and written one after the other.
        changes = sorted(folded(deltas, self._series.number).items(), key=itemgetter(0))
        keys = list(chain.from_iterable(key for key, _ in changes))
        found = {row[:3]: row[3:] for row in _FIND_ROWS.run(self._connection, keys)}
        for key, entry in changes:
            before = found.get(key)
            row = _changed(before, entry)
            if row.sums[0]:
                put += (*key, *row.values())
            elif before is not None:
                dropped.append(key)
        _PUT_ROWS.run(self._connection, put)
        self._connection.executemany(_DROP_ROW, dropped)
        self._write_sessions(deltas)

    def _write_sessions(self, deltas: Deltas) -> None:
        if not deltas.sessions:
            return
        rows = [(*key, *delta.sums, delta.first_ns, delta.last_ns) for key, delta in deltas.sessions.items()]
        self._connection.executemany(_UPSERT_SESSION, rows)
        lost = [key for key, delta in deltas.sessions.items() if delta.has_lost]
        self._connection.executemany(_DROP_SESSION, lost)
        self._connection.executemany(_LOOK_UP_ENDS, lost)


class Row(NamedTuple):
    """A row of `rollup` without its key."""

    sums: list[int]
    latency: Packed
    first_chunk: Packed

    def values(self) -> tuple[Any, ...]:
        """As its columns are."""
        return (*self.sums, *self.latency, *self.first_chunk)


def row_of(entry: Entry) -> Row:
    """The row of what is there alone."""
    count = entry.sums[0]
    return Row(entry.sums, pack(entry.latency, count), pack(entry.first_chunk, count))


def _changed(found: tuple[Any, ...] | None, entry: Entry) -> Row:
    if found is None:
        return row_of(entry)
    *sums, latency_first, latency, first_chunk_first, first_chunk = found
    before = sums[0]
    sums = list(map(add, sums, entry.sums))
    if max(sums) > _MOST:
        # A column holds no more, whatever a sender claims.
        sums = [min(each, _MOST) for each in sums]
    return Row(
        sums,
        added(Packed(latency_first, latency), before, entry.latency, sums[0]),
        added(Packed(first_chunk_first, first_chunk), before, entry.first_chunk, sums[0]),
    )


def folded(deltas: Deltas, series_id: Callable[[Series], int]) -> dict[RowKey, Entry]:
    """What the deltas change of the rows of every level, by their keys."""
    rows: dict[RowKey, Entry] = {}
    for (minute, *series), entry in (*deltas.entries.items(), *_of_every_call(deltas).items()):
        number = series_id(cast("Series", tuple(series)))
        for level_s in LEVELS_S:
            key = (level_s, minute * 60 // level_s * level_s, number)
            kept = rows.get(key)
            # Mostly of one minute: then the levels share what came.
            rows[key] = entry if kept is None else together(kept, entry)
    return rows


def _of_every_call(deltas: Deltas) -> dict[EntryKey, Entry]:
    """Of each minute and experiment all calls, whatever their names."""
    entries: dict[EntryKey, Entry] = {}
    for (minute, experiment_id, kind, *_), entry in deltas.entries.items():
        if kind == CALLS:
            key = (minute, experiment_id, EVERY_CALL, "", "", "")
            kept = entries.get(key)
            entries[key] = entry if kept is None else together(kept, entry)
    return entries


def together(one: Entry, other: Entry) -> Entry:
    """Both in one."""
    both = Entry()
    both.sums = list(map(add, one.sums, other.sums))
    both.latency = _bins_together(one.latency, other.latency)
    both.first_chunk = _bins_together(one.first_chunk, other.first_chunk)
    return both


def _bins_together(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    both = dict(one)
    for number, count in other.items():
        both[number] = both.get(number, 0) + count
    return both
