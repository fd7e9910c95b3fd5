"""The spans of a trace by their parents: pages of a tree, sums below a span, parents that have not come."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.tree import SubtreeTotals
from outcrop_server.storage.common import columns
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.bulk import Inserts

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.rows import SpanRow
    from outcrop_server.model.tree import SpanPosition

INSERT_MISSING = Inserts("INSERT INTO missing_parent (trace_key, parent_id) VALUES", 2)
INSERT_IF_MISSING = (
    "INSERT OR IGNORE INTO missing_parent (trace_key, parent_id) SELECT ?1, ?2 "
    "WHERE NOT EXISTS (SELECT 1 FROM span WHERE trace_key = ?1 AND span_id = ?2)"
)
DELETE_MISSING = "DELETE FROM missing_parent WHERE trace_key = ? AND parent_id = ?"

_MISSING = (
    "SELECT parent_id FROM missing_parent WHERE trace_key = ? AND parent_id > ? ORDER BY parent_id LIMIT ?"
)
# IS, so that the roots' NULL is found in the index like any other parent.
_CHILDREN = (
    f"SELECT {columns.SPAN} FROM span WHERE trace_key = ? AND parent_id IS ? "
    "AND (start_time_ns, span_id) > (?, ?) ORDER BY start_time_ns, span_id LIMIT ?"
)
_PAGE = f"SELECT {columns.SPAN} FROM span WHERE trace_key = ? AND span_id > ? ORDER BY span_id LIMIT ?"
# Left to itself, SQLite looks through all spans of the trace each time, by the key of the table.
_BELOW = (
    "SELECT span_id, status = 'ERROR', input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens, cost_nano_usd FROM span INDEXED BY span_by_parent "
    "WHERE trace_key = ? AND parent_id = ? LIMIT ?"
)
_BEFORE_ALL = (-1, b"")


def top_spans(
    connection: sqlite3.Connection, trace_id: bytes, after: SpanPosition | None, limit: int
) -> list[SpanRow]:
    """A page of roots, then of orphans."""
    trace_key = _trace_key(connection, trace_id)
    if trace_key is None:
        return []
    found: list[SpanRow] = []
    parent_id = None if after is None else after.parent_id
    found += _children(connection, trace_key, parent_id, after, limit)
    missing = connection.execute(_MISSING, (trace_key, parent_id or b"", limit)).fetchall()
    for (next_parent_id,) in missing:
        if len(found) >= limit:
            break
        found += _children(connection, trace_key, next_parent_id, None, limit - len(found))
    return found


def child_spans(
    connection: sqlite3.Connection, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
) -> list[SpanRow]:
    """A page of the spans right below one."""
    trace_key = _trace_key(connection, trace_id)
    return [] if trace_key is None else _children(connection, trace_key, parent_id, after, limit)


def span_page(
    connection: sqlite3.Connection, trace_id: bytes, after: bytes | None, limit: int
) -> list[SpanRow]:
    """A page of spans in the order of their ids, which is that of the table."""
    trace_key = _trace_key(connection, trace_id)
    if trace_key is None:
        return []
    rows = connection.execute(_PAGE, (trace_key, after or b"", limit)).fetchall()
    return [columns.to_span(row) for row in rows]


def subtree(connection: sqlite3.Connection, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
    """Sums over the spans below one, the nearest `limit` of them."""
    trace_key = _trace_key(connection, trace_id)
    if trace_key is None:
        return SubtreeTotals()
    # Not one recursive statement: that would queue all children of a span before it looks at the limit.
    found: list[tuple[Any, ...]] = []
    waiting = deque([span_id])
    child_count = 0
    while waiting and len(found) <= limit:
        parent_id = waiting.popleft()
        rows = connection.execute(_BELOW, (trace_key, parent_id, limit + 1 - len(found))).fetchall()
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
    connection: sqlite3.Connection,
    trace_key: int,
    parent_id: bytes | None,
    after: SpanPosition | None,
    limit: int,
) -> list[SpanRow]:
    start_ns, span_id = _BEFORE_ALL if after is None else after[1:]
    rows = connection.execute(_CHILDREN, (trace_key, parent_id, start_ns, span_id, limit)).fetchall()
    return [columns.to_span(row) for row in rows]


def _trace_key(connection: sqlite3.Connection, trace_id: bytes) -> int | None:
    found = connection.execute(sql.FIND_TRACE_KEY, (trace_id,)).fetchone()
    return None if found is None else int(found[0])
