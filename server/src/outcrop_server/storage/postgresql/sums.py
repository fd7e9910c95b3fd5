"""Writes the deltas that `common.rollup_deltas` gathered: rollups, sessions, and the counts of experiments.

To be called under the lock of what is shared, after the rows of traces and spans are written.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from outcrop_server.storage.common.rollup_deltas import CALLS, EVERY_CALL, TRACES
from outcrop_server.storage.common.rollup_rows import changed, folded
from outcrop_server.storage.postgresql.arrays import byteas, integers
from outcrop_server.storage.postgresql.series import SeriesNumbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg

    from outcrop_server.storage.common.rollup_deltas import Deltas, Entry
    from outcrop_server.storage.common.rollup_rows import RowKey
    from outcrop_server.storage.common.series import Series
    from outcrop_server.storage.postgresql.connections import Connection

_KEY = "level_s, bucket_s, series_id"
_SUMS = (
    "count",
    "errors",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_write_input_tokens",
    "cost_nano_usd",
    "unpriced_calls",
)
_VALUES = (*_SUMS, "latency_first", "latency", "first_chunk_first", "first_chunk")
_COLUMNS = ", ".join(_VALUES)
_KEY_ARRAYS = "%s::integer[], %s::bigint[], %s::bigint[]"
_KEY_COUNT = 3
_ARRAYS = ", ".join(
    (
        *("%s::bigint[]" for _ in _SUMS),
        "%s::integer[]",
        "%s::bytea[]",
        "%s::integer[]",
        "%s::bytea[]",
    )
)
_FIND = f"SELECT {_KEY}, {_COLUMNS} FROM rollup JOIN unnest({_KEY_ARRAYS}) AS wanted ({_KEY}) USING ({_KEY})"  # noqa: S608 - made of constants
_PUT = (
    f"INSERT INTO rollup ({_KEY}, {_COLUMNS}) SELECT * FROM unnest({_KEY_ARRAYS}, {_ARRAYS}) "  # noqa: S608 - made of constants
    f"ON CONFLICT ({_KEY}) DO UPDATE SET ({_COLUMNS}) = "
    f"({', '.join(f'excluded.{name}' for name in _VALUES)})"
)
_DROP = f"DELETE FROM rollup USING unnest({_KEY_ARRAYS}) AS gone ({_KEY}) WHERE " + " AND ".join(  # noqa: S608 - made of constants
    f"rollup.{name} = gone.{name}" for name in _KEY.split(", ")
)

SESSION_SUMS = ("trace_count", "error_count", *_SUMS[2:])
_UPSERT_SESSIONS = (
    f"INSERT INTO session (session_id, experiment_id, {', '.join(SESSION_SUMS)}, first_start_ns, "  # noqa: S608 - made of constants
    "last_start_ns) SELECT * FROM unnest(%s::text[], %s::bigint[], "
    f"{', '.join('%s::bigint[]' for _ in SESSION_SUMS)}, %s::bigint[], %s::bigint[]) "
    "ON CONFLICT (session_id, experiment_id) DO UPDATE SET "
    + "".join(f"{name} = session.{name} + excluded.{name}, " for name in SESSION_SUMS)
    + "first_start_ns = least(session.first_start_ns, excluded.first_start_ns), "
    "last_start_ns = greatest(session.last_start_ns, excluded.last_start_ns)"
)
_LOST = "unnest(%s::text[], %s::bigint[]) AS lost (session_id, experiment_id)"
_OF_LOST = "session.session_id = lost.session_id AND session.experiment_id = lost.experiment_id"
_DROP_SESSIONS = f"DELETE FROM session USING {_LOST} WHERE {_OF_LOST} AND trace_count = 0"  # noqa: S608 - made of constants
_LOOK_UP_ENDS = f"""
    UPDATE session SET first_start_ns = ends.first_ns, last_start_ns = ends.last_ns
    FROM (
        SELECT lost.session_id, lost.experiment_id, min(start_time_ns) AS first_ns,
            max(start_time_ns) AS last_ns
        FROM {_LOST} JOIN trace ON trace.session_id = lost.session_id
            AND trace.experiment_id = lost.experiment_id
        GROUP BY lost.session_id, lost.experiment_id
    ) AS ends
    WHERE session.session_id = ends.session_id AND session.experiment_id = ends.experiment_id
"""  # noqa: S608 - made of constants
_COUNT = """
    UPDATE experiment SET trace_count = trace_count + more.traces, error_count = error_count + more.errors
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS more (experiment_id, traces, errors)
    WHERE experiment.experiment_id = more.experiment_id
"""


class Sums:
    """Writes deltas, in two steps: what is there is read, and then all is written; by one thread."""

    def __init__(self) -> None:
        self.series = SeriesNumbers()
        self._changes: list[tuple[RowKey, Entry]] = []
        self._looking: psycopg.Cursor[Any] | None = None

    def are_known(self, deltas: Deltas) -> bool:
        """Whether nothing has to be asked before rows can be looked for."""
        return self.series.remembers(_series_of(deltas))

    def look(self, connection: Connection, deltas: Deltas) -> None:
        """Asks for the rows that change; the answer is taken by `put`."""
        if not deltas:
            return
        self.series.find(connection, dict.fromkeys(_series_of(deltas)))
        rows = folded(deltas, lambda series: self.series.number(connection, series))
        self._changes = sorted(rows.items(), key=itemgetter(0))
        self._looking = connection.execute(_FIND, _integer_columns([key for key, _ in self._changes]))

    def put(self, connection: Connection, deltas: Deltas) -> None:
        """Adds the deltas to the tables, and leaves no row that counts nothing."""
        if self._looking is None:
            return
        self._put_rollups(connection, self._looking)
        self.forget()
        _write_sessions(connection, deltas)
        _count(connection, deltas)

    def forget(self) -> None:
        """Drops what was looked at."""
        self._changes, self._looking = [], None

    def _put_rollups(self, connection: Connection, looking: psycopg.Cursor[Any]) -> None:
        found = {row[:_KEY_COUNT]: row[_KEY_COUNT:] for row in looking}
        put: list[tuple[Any, ...]] = []
        dropped: list[RowKey] = []
        for key, entry in self._changes:
            before = found.get(key)
            row = changed(before, entry)
            if row.sums[0]:
                put.append((*key, *row.values()))
            elif before is not None:
                dropped.append(key)
        if put:
            connection.execute(_PUT, _rollup_columns(put))
        if dropped:
            connection.execute(_DROP, _integer_columns(dropped))


def _series_of(deltas: Deltas) -> Iterator[Series]:
    for _, experiment_id, kind, model, operation, span_type in deltas.entries:
        yield (experiment_id, kind, model, operation, span_type)
        if kind == CALLS:
            yield (experiment_id, EVERY_CALL, "", "", "")


def _write_sessions(connection: Connection, deltas: Deltas) -> None:
    if not deltas.sessions:
        return
    # Each by the order of the table: `ON CONFLICT` takes no row twice.
    rows = [
        (*key, *delta.sums, delta.first_ns, delta.last_ns)
        for key, delta in sorted(deltas.sessions.items(), key=itemgetter(0))
    ]
    sessions, *numbers = zip(*rows, strict=True)
    connection.execute(_UPSERT_SESSIONS, (list(sessions), *map(integers, numbers)))
    lost = [key for key, delta in deltas.sessions.items() if delta.has_lost]
    if lost:
        connection.execute(_DROP_SESSIONS, _session_columns(lost))
        look_up_ends(connection, lost)


def look_up_ends(connection: Connection, sessions: Sequence[tuple[str, int]]) -> None:
    """Says anew when the first and the last trace of sessions began: some of theirs are gone."""
    connection.execute(_LOOK_UP_ENDS, _session_columns(sessions))


def _session_columns(sessions: Sequence[tuple[str, int]]) -> tuple[list[str], str]:
    return [session for session, _ in sessions], integers(number for _, number in sessions)


def _count(connection: Connection, deltas: Deltas) -> None:
    more: dict[int, list[int]] = {}
    for (_, experiment_id, kind, *_), entry in deltas.entries.items():
        if kind == TRACES:
            counts = more.setdefault(experiment_id, [0, 0])
            counts[0] += entry.sums[0]
            counts[1] += entry.sums[1]
    rows = [(number, *counts) for number, counts in sorted(more.items()) if any(counts)]
    if rows:
        connection.execute(_COUNT, _integer_columns(rows))


def _integer_columns(rows: Iterable[Sequence[int]]) -> list[str]:
    """Rows of whole numbers as arrays, one for each column."""
    return [integers(column) for column in zip(*rows, strict=True)]


def _rollup_columns(rows: Iterable[Sequence[Any]]) -> list[str]:
    """Rows of rollups as arrays, one for each column."""
    *numbers, latency_first, latency, chunk_first, chunk = zip(*rows, strict=True)
    return [
        *map(integers, numbers),
        integers(latency_first),
        byteas(latency),
        integers(chunk_first),
        byteas(chunk),
    ]
