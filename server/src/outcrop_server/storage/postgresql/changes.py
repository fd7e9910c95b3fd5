"""What changed in the store, by the numbers that `finishing` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.changes import ChangedTrace, ChangePosition
from outcrop_server.storage.postgresql.finishing import HISTORY, new_mark
from outcrop_server.storage.postgresql.reading import TracePlace, read_some

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection

_LAST = "SELECT mark, last FROM change_history"
_SINCE = "SELECT change, part, trace_key FROM trace_change WHERE change > %s ORDER BY change LIMIT %s"
_BEGIN = """
    INSERT INTO change_history (mark, last)
    SELECT %s, 0 WHERE NOT EXISTS (SELECT 1 FROM change_history)
"""
# While no writer has begun a new history: no store's mark is like it.
_NONE = ChangePosition("none", 0)


def begin_history(connection: Connection, lock: int) -> None:
    """Sees to it that there is a history, as a store opens.

    Args:
        connection: that writes, in no transaction.
        lock: that of what all writers share.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
        connection.execute(_BEGIN, (new_mark(),))


def last(connection: Connection) -> ChangePosition:
    """The newest change."""
    found = connection.execute(_LAST).fetchone()
    return _NONE if found is None else ChangePosition(*found)


def since(connection: Connection, after: ChangePosition, limit: int) -> list[ChangedTrace] | None:
    """What changed after a position; to be called within a snapshot. None if that is not of this history."""
    newest = last(connection)
    if after.history != newest.history or not newest.number - HISTORY <= after.number <= newest.number:
        return None
    rows = connection.execute(_SINCE, (after.number, limit)).fetchall()
    traces = read_some(connection, [TracePlace(part, key) for _, part, key in rows])
    return [ChangedTrace(number, traces[key]) for number, _, key in rows if key in traces]
