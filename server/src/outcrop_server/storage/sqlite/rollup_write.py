"""Writes the deltas that `rollup_deltas` gathered into the tables, at the end of their transaction."""

from __future__ import annotations

from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from outcrop_server.storage.common.rollup_rows import changed, folded
from outcrop_server.storage.sqlite.bulk import Inserts, Lookup
from outcrop_server.storage.sqlite.rollup_series import SeriesNumbers

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.storage.common.rollup_deltas import Deltas
    from outcrop_server.storage.common.rollup_rows import RowKey

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
            row = changed(before, entry)
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
