"""Pages of traces, newest first or oldest first, and of a session's."""

# ruff: noqa: S608 - put together from constants and numbers only; values go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.clickhouse.client import fixed
from outcrop_server.storage.clickhouse.named import number_of
from outcrop_server.storage.clickhouse.reading import TRACE_OF, stored
from outcrop_server.storage.clickhouse.windows import windows, within

if TYPE_CHECKING:
    from outcrop_server.model.rows import StoredTrace, TracePosition
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.windows import Widths

Rows = list[tuple[Any, ...]]
# A row and those that it replaces lie in one day.
BY_DAYS = {"do_not_merge_across_partitions_select_final": 1}
_SESSION = (
    "SELECT count(), min(first_start_ns), max(last_start_ns) FROM session FINAL "
    "WHERE session_id = {session_id:String} AND NOT gone"
)


def read_traces(
    client: Client, widths: Widths, experiment: str | None, after: TracePosition | None, limit: int
) -> list[StoredTrace]:
    """A page of traces, newest first."""
    condition = of_experiment(client, experiment)
    if condition is None:
        return []
    asked = Asked(TRACE_OF, condition, after, limit, is_newest_first=True)
    return stored(client, read_page(client, widths, asked))


def read_session_traces(
    client: Client, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
) -> list[StoredTrace]:
    """A page of a session's traces, the first ones first."""
    condition = of_experiment(client, experiment)
    if condition is None:
        return []
    # From where the session begins to where it ends: other days hold none of it.
    values = {"session_id": session_id}
    ((count, first_ns, last_ns),) = client.query(f"{_SESSION} AND {condition}", values)
    if not count:
        return []
    since_ns = first_ns if after is None else max(first_ns, after.start_time_ns)
    found = client.query(
        f"SELECT {TRACE_OF} FROM trace FINAL WHERE {within(since_ns, last_ns)} AND {condition} AND NOT gone "
        f"AND session_id = {{session_id:String}} AND {_behind(after, is_newest_first=False)} "
        f"ORDER BY start_time_ns, trace_id LIMIT 1 BY trace_id LIMIT {limit}",
        values,
        settings=BY_DAYS,
    )
    return stored(client, found)


def of_experiment(client: Client, experiment: str | None) -> str | None:
    """A condition that holds of an experiment's rows; None if there is no such experiment."""
    if experiment is None:
        return "1"
    number = number_of(client, experiment)
    return None if number is None else f"experiment_id = {number}"


class Asked(NamedTuple):
    """What a page is to hold.

    Attributes:
        columns: of `trace`, its id first.
        condition: that holds of all rows.
        after: the last row of the page before.
        limit: at most so many.
        is_newest_first: whether the newest come first.
    """

    columns: str
    condition: str
    after: TracePosition | None
    limit: int
    is_newest_first: bool


def read_page(client: Client, widths: Widths, asked: Asked) -> Rows:
    """A page of rows of `trace` by start and id, window by window until it is full.

    Args:
        client: asks the database.
        widths: of windows that held enough before.
        asked: what it is to hold.
    """
    columns, condition, after, limit, is_newest_first = asked
    order = "DESC" if is_newest_first else "ASC"
    behind = _behind(after, is_newest_first=is_newest_first)
    from_ns = None if after is None else after.start_time_ns
    key = condition, limit, is_newest_first
    found: dict[bytes, tuple[Any, ...]] = {}
    for window in windows(client, from_ns, limit, widths.get(key), is_newest_first=is_newest_first):
        lacking = limit - len(found)
        rows = client.query(
            f"SELECT {columns} FROM trace FINAL WHERE {window.holds} AND {condition} AND NOT gone "
            f"AND {behind} ORDER BY start_time_ns {order}, trace_id {order} "
            f"LIMIT 1 BY trace_id LIMIT {lacking}",
            settings=BY_DAYS,
        )
        # One that moves meanwhile may lie in two of them.
        for row in rows:
            found.setdefault(row[0], row)
        if len(found) >= limit:
            if window.since_ns is not None and window.until_ns is not None:
                # Half of it next time: else one that was needed once would be read for ever.
                widths.put(key, (window.until_ns - window.since_ns) // 2)
            break
    return list(found.values())


def _behind(after: TracePosition | None, *, is_newest_first: bool) -> str:
    if after is None:
        return "1"
    sign = "<" if is_newest_first else ">"
    return f"(start_time_ns, trace_id) {sign} ({after.start_time_ns}, {fixed(after.trace_id)})"
