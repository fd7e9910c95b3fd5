"""What changed in the store, by the numbers that its triggers give (`schema`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.model.changes import ChangePosition
from outcrop_server.storage.sqlite import statements as sql

if TYPE_CHECKING:
    import sqlite3

# The triggers drop what is older.
HISTORY = 100_000
# The counter outlives its rows: a number is never given twice, whatever is deleted.
_LAST = (
    "SELECT mark, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'trace_change'), 0) "
    "FROM change_history"
)
_SINCE = (
    sql.select_traces_with("change").replace(" FROM ", " FROM trace_change CROSS JOIN ", 1)
    + " WHERE trace.trace_key = trace_change.trace_key AND change > ? ORDER BY change LIMIT ?"
)


def last(connection: sqlite3.Connection) -> ChangePosition:
    """The newest change."""
    mark, number = connection.execute(_LAST).fetchone()
    return ChangePosition(mark, number)


def since(connection: sqlite3.Connection, after: ChangePosition, limit: int) -> list[tuple[Any, ...]] | None:
    """Rows of `sql.SELECT_TRACES` with the change's number behind; None if `after` is not of this history."""
    newest = last(connection)
    if after.history != newest.history or not newest.number - HISTORY <= after.number <= newest.number:
        return None
    return connection.execute(_SINCE, (after.number, limit)).fetchall()
