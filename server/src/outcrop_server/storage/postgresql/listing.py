"""Pages of traces, newest first or oldest first, and of a session's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.postgresql.reading import SELECT_TRACES, stored
from outcrop_server.storage.postgresql.stretches import stretches

if TYPE_CHECKING:
    from outcrop_server.model.rows import StoredTrace, TracePosition
    from outcrop_server.storage.postgresql.connections import Connection

# By id, so that the index on (experiment, start) gives the rows in order.
IN_EXPERIMENT = "experiment_id = (SELECT experiment_id FROM experiment WHERE name = %s)"
_SELECT_SESSION = f"SELECT min(first_start_ns) FROM session WHERE session_id = %s AND ({IN_EXPERIMENT} OR %s)"  # noqa: S608 - made of constants
Rows = list[tuple[Any, ...]]


def read_traces(
    connection: Connection, experiment: str | None, after: TracePosition | None, limit: int
) -> list[StoredTrace]:
    """A page of traces, newest first; to be called within a snapshot."""
    conditions = [] if experiment is None else [(IN_EXPERIMENT, experiment)]
    rows = read_pages(connection, SELECT_TRACES, conditions, after, limit, is_newest_first=True)
    return [stored(row) for row in rows]


def read_session_traces(
    connection: Connection, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
) -> list[StoredTrace]:
    """A page of a session's traces, the first ones first; to be called within a snapshot."""
    # From where the session begins: the days before hold none of it.
    values = (session_id, experiment, experiment is None)
    found = connection.execute(_SELECT_SESSION.encode(), values).fetchone()
    if found is None or found[0] is None:
        return []
    conditions = [("session_id = %s", session_id)]
    if experiment is not None:
        conditions.append((IN_EXPERIMENT, experiment))
    rows = read_pages(
        connection, SELECT_TRACES, conditions, after, limit, is_newest_first=False, from_ns=found[0]
    )
    return [stored(row) for row in rows]


def read_pages(
    connection: Connection,
    select: str,
    conditions: list[tuple[str, Any]],
    after: TracePosition | None,
    limit: int,
    *,
    is_newest_first: bool,
    from_ns: int | None = None,
) -> Rows:
    """A page of rows of `trace` by start and id, day by day until it is full.

    Args:
        connection: within a snapshot.
        select: the statement up to its conditions.
        conditions: each with its value.
        after: the last row of the page before.
        limit: at most so many.
        is_newest_first: whether the newest come first.
        from_ns: before this, or behind it where the newest come first, there is nothing.
    """
    order, sign = ("DESC", "<") if is_newest_first else ("ASC", ">")
    texts = [text for text, _ in conditions]
    values: list[Any] = [value for _, value in conditions]
    if after is not None:
        texts.append(f"(start_time_ns, trace_id) {sign} (%s, %s)")
        values += after
    begin_ns = from_ns if after is None else after.start_time_ns
    found: Rows = []
    for stretch in stretches(connection, begin_ns, is_newest_first=is_newest_first):
        text, bounds = stretch.sql()
        statement = (
            f"{select} WHERE {' AND '.join([*texts, text])} "
            f"ORDER BY start_time_ns {order}, trace_id {order} LIMIT %s"
        )
        rows = connection.execute(statement.encode(), (*values, *bounds, limit - len(found)))
        found += rows.fetchall()
        if len(found) >= limit:
            break
    return found
