"""The spans of a trace by their parents: pages of a tree, sums below a span, parents that have not come."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.tree import SubtreeTotals
from outcrop_server.storage.common import columns
from outcrop_server.storage.postgresql.reading import place_of

if TYPE_CHECKING:
    from outcrop_server.model.rows import SpanRow
    from outcrop_server.model.tree import SpanPosition
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.reading import TracePlace

_MISSING = (
    "SELECT parent_id FROM missing_parent WHERE trace_key = %s AND parent_id > %s ORDER BY parent_id LIMIT %s"
)
_CHILDREN = (
    f"SELECT {columns.SPAN} FROM span WHERE part = %s AND trace_key = %s AND {{of_parent}} "
    "AND (start_time_ns, span_id) > (%s, %s) ORDER BY start_time_ns, span_id LIMIT %s"
)
_OF_PARENT = _CHILDREN.format(of_parent="parent_id = %s").encode()
_ROOTS = _CHILDREN.format(of_parent="parent_id IS NULL").encode()
_PAGE = (
    f"SELECT {columns.SPAN} FROM span WHERE part = %s AND trace_key = %s AND span_id > %s "
    "ORDER BY span_id LIMIT %s"
)
_BELOW = (
    "SELECT span_id, status = 'ERROR', input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens, cost_nano_usd FROM span "
    "WHERE part = %s AND trace_key = %s AND parent_id = %s LIMIT %s"
)
_BEFORE_ALL = (-1, b"")


def top_spans(
    connection: Connection, trace_id: bytes, after: SpanPosition | None, limit: int
) -> list[SpanRow]:
    """A page of roots, then of orphans."""
    place = place_of(connection, trace_id)
    if place is None:
        return []
    found: list[SpanRow] = []
    parent_id = None if after is None else after.parent_id
    found += _children(connection, place, parent_id, after, limit)
    missing = connection.execute(_MISSING, (place.key, parent_id or b"", limit)).fetchall()
    for (next_parent_id,) in missing:
        if len(found) >= limit:
            break
        found += _children(connection, place, next_parent_id, None, limit - len(found))
    return found


def child_spans(
    connection: Connection, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
) -> list[SpanRow]:
    """A page of the spans right below one."""
    place = place_of(connection, trace_id)
    return [] if place is None else _children(connection, place, parent_id, after, limit)


def span_page(connection: Connection, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
    """A page of spans in the order of their ids, which is that of the table."""
    place = place_of(connection, trace_id)
    if place is None:
        return []
    rows = connection.execute(_PAGE, (*place, after or b"", limit)).fetchall()
    return [columns.to_span(row) for row in rows]


def subtree(connection: Connection, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
    """Sums over the spans below one, the nearest `limit` of them."""
    place = place_of(connection, trace_id)
    if place is None:
        return SubtreeTotals()
    # Not one recursive statement: that would queue all children of a span before it looks at the limit.
    found: list[tuple[Any, ...]] = []
    waiting = deque([span_id])
    child_count = 0
    while waiting and len(found) <= limit:
        parent_id = waiting.popleft()
        rows = connection.execute(_BELOW, (*place, parent_id, limit + 1 - len(found))).fetchall()
        child_count = child_count or min(len(rows), limit) * (parent_id == span_id)
        found += rows
        waiting.extend(row[0] for row in rows)
    nearest = found[:limit]
    errors, fresh, out, read, written, cost = (_sum(nearest, place) for place in range(1, 7))
    usage, is_partial = Usage(fresh, out, read, written), len(found) > limit
    return SubtreeTotals(child_count, len(nearest), errors or 0, usage, cost, is_partial)


def _sum(rows: list[tuple[Any, ...]], place: int) -> int | None:
    """Of a column's known values; None if none is known."""
    known = [row[place] for row in rows if row[place] is not None]
    return sum(known) if known else None


def _children(
    connection: Connection,
    place: TracePlace,
    parent_id: bytes | None,
    after: SpanPosition | None,
    limit: int,
) -> list[SpanRow]:
    start_ns, span_id = _BEFORE_ALL if after is None else after[1:]
    behind = (start_ns, span_id, limit)
    if parent_id is None:
        rows = connection.execute(_ROOTS, (*place, *behind)).fetchall()
    else:
        rows = connection.execute(_OF_PARENT, (*place, parent_id, *behind)).fetchall()
    return [columns.to_span(row) for row in rows]
