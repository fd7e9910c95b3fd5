"""Rollups from the rows that they sum up: what a deletion takes, all of them anew, and their check."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.common.call_columns import CALL_COLUMNS, IS_CALL, TRACE_COLUMNS
from outcrop_server.storage.common.rollup_deltas import CallPart, Deltas, Entry, SessionDelta, TracePart
from outcrop_server.storage.common.rollup_rows import RowKey, folded, row_of, together
from outcrop_server.storage.common.series import Series, number_among
from outcrop_server.storage.sqlite.rollup_write import RollupWriter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

# Deltas of this many minutes and series are written before more are gathered: memory stays bounded.
_GATHERED = 20_000
_MOST_FAULTS = 20

_CALLS_OF = f"SELECT {CALL_COLUMNS} FROM span WHERE trace_key = ? AND {IS_CALL}"
_TRACE = f"SELECT {TRACE_COLUMNS}, experiment_id FROM trace WHERE trace_key = ?"
_TRACES = f"SELECT {TRACE_COLUMNS}, experiment_id, trace_key FROM trace ORDER BY trace_key"
_TABLES = ("rollup", "session")
_SUMS = 8


def calls_of(connection: sqlite3.Connection, trace_key: int) -> list[CallPart]:
    """The calls of a trace."""
    return [CallPart(*row) for row in connection.execute(_CALLS_OF, (trace_key,))]


def take_away(connection: sqlite3.Connection, deltas: Deltas, trace_key: int) -> None:
    """Takes a trace and its calls out of the rollups; to be called before its rows are deleted."""
    *values, experiment_id = connection.execute(_TRACE, (trace_key,)).fetchone()
    part = TracePart(*values)
    deltas.add_trace(part, experiment_id, sign=-1)
    deltas.add_calls(part.place(experiment_id), calls_of(connection, trace_key), sign=-1)


def rebuild(connection: sqlite3.Connection) -> None:
    """Computes all rollups anew; to be called within a transaction that writes."""
    # The names of series keep their numbers, which other processes may remember.
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")
    writer = RollupWriter(connection)
    for deltas in _gathered(connection):
        writer.write(deltas)


def check(connection: sqlite3.Connection) -> list[str]:
    """Compares the rollups with the rows; holds all rollups in memory meanwhile.

    Args:
        connection: any, best within a transaction, so that nothing is written between two looks.

    Returns:
        A sentence for each difference, the first ones if there are very many; empty if all is right.
    """
    known: dict[Series, int] = {
        tuple(series): number
        for number, *series in connection.execute(
            "SELECT series_id, experiment_id, kind, model, operation, span_type FROM rollup_series"
        )
    }
    rows: dict[RowKey, Entry] = {}
    sessions: dict[tuple[str, int], SessionDelta] = {}

    def number_of(series: Series) -> int:
        found = number_among(known, series)
        # A series that the store does not know gets a number that none has.
        return known.setdefault(series, -len(known) - 1) if found is None else found

    for deltas in _gathered(connection):
        for row, entry in folded(deltas, number_of).items():
            rows[row] = together(rows[row], entry) if row in rows else entry
        for key, session in deltas.sessions.items():
            sessions.setdefault(key, SessionDelta()).add(session)
    expected: dict[str, dict[Any, tuple[Any, ...]]] = {
        "rollup": {key: row_of(entry).values() for key, entry in rows.items()},
        "session": {key: (*each.sums, each.first_ns, each.last_ns) for key, each in sessions.items()},
    }
    faults = [fault for table in _TABLES for fault in _differences(connection, table, expected[table])]
    return faults[:_MOST_FAULTS]


def _gathered(connection: sqlite3.Connection) -> Iterator[Deltas]:
    deltas = Deltas()
    for *values, experiment_id, trace_key in connection.execute(_TRACES):
        part = TracePart(*values)
        deltas.add_trace(part, experiment_id)
        deltas.add_calls(part.place(experiment_id), calls_of(connection, trace_key))
        if len(deltas.entries) + len(deltas.sessions) >= _GATHERED:
            yield deltas
            deltas = Deltas()
    yield deltas


def _differences(
    connection: sqlite3.Connection, table: str, expected: dict[tuple[Any, ...], tuple[Any, ...]]
) -> Iterator[str]:
    left = dict(expected)
    width = len(next(iter(expected), ())) or None
    for row in connection.execute(f"SELECT * FROM {table}"):
        key = row[:width] if width else row
        values, wanted = row[len(key) :], left.pop(key, None)
        if wanted is None or values[:_SUMS] != wanted[:_SUMS]:
            told = wanted[:_SUMS] if wanted else "nothing"
            yield f"{table} has {values[:_SUMS]} at {key}; the rows say {told}."
        elif values != wanted:
            what = "other durations" if table == "rollup" else "another beginning or end"
            yield f"{table} has {what} at {key} than the rows say."
    for key, wanted in left.items():
        yield f"{table} has nothing at {key}; the rows say {wanted[:_SUMS]}."
