"""A trace's spans as a tree that is read a page at a time, so that its size does not matter."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.tree import SpanPosition, SubtreeTotals
from outcrop_server.query import span_cursor
from outcrop_server.query.missing import no_span, no_trace

if TYPE_CHECKING:
    from outcrop_server.model.rows import SpanRow
    from outcrop_server.storage.api import KeptTraces

# How many spans are summed below one node, and below all nodes of a page.
_SUMMED_BELOW_ONE = 1000
_SUMMED_BELOW_ALL = 5000


@dataclass(frozen=True, slots=True)
class Node:
    """A span, and sums over what lies below it."""

    row: SpanRow
    below: SubtreeTotals
    is_orphan: bool


@dataclass(frozen=True, slots=True)
class NodePage:
    """Some siblings, and the cursor of the next page; None at the end."""

    nodes: list[Node]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OutlinePage:
    """Some spans of a trace in the order of their ids, when the trace began, and the id to go on behind."""

    base_time_ns: int
    rows: list[SpanRow]
    next_after: bytes | None


class TreeReader:
    """Reads trees.

    Args:
        store: where the traces are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def page(self, trace_id: bytes, parent_id: bytes | None, cursor: str | None, limit: int) -> NodePage:
        """A page of the spans right below one; of roots and orphans for None.

        Raises:
            BadRequestError: the cursor is not ours, or of another parent.
            NotFoundError: there is no such trace; or no such parent, and no span that names it.
        """
        after = None if cursor is None else span_cursor.decode(cursor)
        if after is not None and parent_id is not None and after.parent_id != parent_id:
            raise BadRequestError("This cursor belongs to another parent. Leave it out to start anew.")
        # One more than asked tells whether there is a next page.
        rows = (
            self._store.top_spans(trace_id, after, limit + 1)
            if parent_id is None
            else self._store.child_spans(trace_id, parent_id, after, limit + 1)
        )
        if not rows:
            self._check_there(trace_id, parent_id)
        page = rows[:limit]
        next_cursor = span_cursor.encode(SpanPosition.of(page[-1])) if len(rows) > limit else None
        return NodePage(self._nodes(trace_id, page, is_top=parent_id is None), next_cursor)

    def first_spans(self, trace_id: bytes, limit: int) -> list[SpanRow]:
        """The first spans of a trace, level by level: of each its forebears are there too; by their start."""
        found = self._store.top_spans(trace_id, None, limit)
        waiting = deque(found)
        while waiting and len(found) < limit:
            parent = waiting.popleft()
            below = self._store.child_spans(trace_id, parent.span_id, None, limit - len(found))
            found += below
            waiting.extend(below)
        return sorted(found, key=lambda row: (row.start_time_ns, row.span_id))

    def outline(self, trace_id: bytes, after: bytes | None, limit: int) -> OutlinePage:
        """A page of all spans of a trace, wherever in the tree they are.

        Raises:
            NotFoundError: there is no such trace.
        """
        trace = self._store.trace(trace_id)
        if trace is None:
            raise no_trace(trace_id)
        # One more than asked tells whether there is a next page.
        rows = self._store.span_page(trace_id, after, limit + 1)
        page = rows[:limit]
        return OutlinePage(trace.row.start_time_ns, page, page[-1].span_id if len(rows) > limit else None)

    def _nodes(self, trace_id: bytes, rows: list[SpanRow], *, is_top: bool) -> list[Node]:
        nodes: list[Node] = []
        left = _SUMMED_BELOW_ALL
        for row in rows:
            below = self._store.subtree(trace_id, row.span_id, min(left, _SUMMED_BELOW_ONE))
            left -= below.span_count
            nodes.append(Node(row, below, is_orphan=is_top and row.parent_id is not None))
        return nodes

    def _check_there(self, trace_id: bytes, parent_id: bytes | None) -> None:
        if self._store.trace(trace_id) is None:
            raise no_trace(trace_id)
        if parent_id is not None and not self._store.has_span(trace_id, parent_id):
            raise no_span(trace_id, parent_id)


def orphans(spans: list[SpanRow]) -> set[bytes]:
    """The ids of the spans of a whole trace that have to stand at the top although they name a parent.

    That parent never came; or it is below the span itself, and then the earliest of such a circle is taken.
    """
    parents = {row.span_id: row.parent_id for row in spans}
    starts = {row.span_id: row.start_time_ns for row in spans}
    found = {row.span_id for row in spans if row.parent_id is not None and row.parent_id not in parents}
    settled = found | {row.span_id for row in spans if row.parent_id is None}
    for row in sorted(spans, key=lambda each: (each.start_time_ns, each.span_id)):
        way: dict[bytes, None] = {}
        at: bytes | None = row.span_id
        while at is not None and at not in settled and at not in way:
            way[at] = None
            at = parents[at]
        if at is not None and at in way:
            # The first that is looked at may hang below a circle; it is the circle that is opened.
            steps = list(way)
            circle = steps[steps.index(at) :]
            found.add(min(circle, key=lambda each: (starts[each], each)))
        settled.update(way)
    return found
