"""Pages of traces, newest first or oldest first, and of a session's."""

# ruff: noqa: S608 - put together from constants and numbers only; values go in as parameters.

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.clickhouse.client import fixed
from outcrop_server.storage.clickhouse.facts import VERSION
from outcrop_server.storage.clickhouse.reading import TRACE_OF, stored
from outcrop_server.storage.clickhouse.windows import Edge, windows, within

if TYPE_CHECKING:
    from outcrop_server.model.rows import StoredTrace, TracePosition
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.facts import Facts, Known
    from outcrop_server.storage.clickhouse.windows import Edges

Rows = list[tuple[Any, ...]]
# A row and those that it replaces lie in one day.
BY_DAYS = {"do_not_merge_across_partitions_select_final": 1}
_SESSION = (
    "SELECT count(), min(first_start_ns), max(last_start_ns) FROM session FINAL "
    "WHERE session_id = {session_id:String} AND NOT gone"
)


def read_traces(
    facts: Facts, edges: Edges, experiment: str | None, after: TracePosition | None, limit: int
) -> list[StoredTrace]:
    """A page of traces, newest first."""
    known = facts.last
    while True:
        condition = of_experiment(known, experiment)
        found: Rows = []
        if condition is not None:
            asked = Asked(f"{TRACE_OF}, {VERSION}", condition, after, limit, is_newest_first=True)
            found = read_page(facts.client, edges, asked)
        traces = stored(facts, found)
        # The experiment may have come, or have another name, since what is known of it was read.
        now = facts.last if found else facts.now()
        if of_experiment(now, experiment) == condition:
            return traces
        known = now


def read_session_traces(
    facts: Facts, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
) -> list[StoredTrace]:
    """A page of a session's traces, the first ones first."""
    client, condition = facts.client, of_experiment(facts.now(), experiment)
    if condition is None:
        return []
    # From where the session begins to where it ends: other days hold none of it.
    values = {"session_id": session_id}
    ((count, first_ns, last_ns),) = client.query(f"{_SESSION} AND {condition}", values)
    if not count:
        return []
    since_ns = first_ns if after is None else max(first_ns, after.start_time_ns)
    found = client.query(
        f"SELECT {TRACE_OF}, {VERSION} FROM trace FINAL WHERE {within(since_ns, last_ns)} AND {condition} "
        f"AND NOT gone AND session_id = {{session_id:String}} AND {_behind(after, is_newest_first=False)} "
        f"ORDER BY start_time_ns, trace_id LIMIT 1 BY trace_id LIMIT {limit}",
        values,
        settings=BY_DAYS,
    )
    return stored(facts, found)


def of_experiment(known: Known, experiment: str | None) -> str | None:
    """A condition that holds of an experiment's rows; None if there is no such experiment."""
    if experiment is None:
        return "1"
    number = known.number_of(experiment)
    return None if number is None else f"experiment_id = {number}"


class Asked(NamedTuple):
    """What a page is to hold.

    Attributes:
        columns: of `trace`.
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


def read_page(client: Client, edges: Edges, asked: Asked) -> Rows:
    """A page of rows of `trace` by start and id, window by window until it is full.

    Args:
        client: asks the database.
        edges: where pages lay before.
        asked: what it is to hold.
    """
    columns, condition, after, limit, is_newest_first = asked
    order = "DESC" if is_newest_first else "ASC"
    behind = _behind(after, is_newest_first=is_newest_first)
    from_ns = None if after is None else after.start_time_ns
    key = condition, limit, is_newest_first
    found: dict[bytes, tuple[Any, ...]] = {}
    for window in windows(client, from_ns, limit, edges.get(key), is_newest_first=is_newest_first):
        rows = client.query(
            f"SELECT start_time_ns, trace_id, {columns} FROM trace FINAL WHERE {window.holds} "
            f"AND {condition} AND NOT gone AND {behind} ORDER BY start_time_ns {order}, trace_id {order} "
            f"LIMIT 1 BY trace_id LIMIT {limit - len(found)}",
            settings=BY_DAYS,
        )
        # One that moves meanwhile may lie in two of them.
        for row in rows:
            found.setdefault(row[1], row)
        if len(found) >= limit:
            break
    page = list(found.values())
    if len(page) >= limit:
        first_ns, last_ns = page[0][0], page[-1][0]
        edge = Edge(first_ns if from_ns is None else from_ns, abs(last_ns - first_ns), time.monotonic())
        edges.put(key, edge)
    return [row[2:] for row in page]


def _behind(after: TracePosition | None, *, is_newest_first: bool) -> str:
    if after is None:
        return "1"
    sign = "<" if is_newest_first else ">"
    return f"(start_time_ns, trace_id) {sign} ({after.start_time_ns}, {fixed(after.trace_id)})"
