"""Days that are looked at one after the other, where traces are asked for in order of time.

A statement costs a plan for each day that it may look at: a page of the newest traces is found in a few days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.common.sql import ALWAYS, Sql, joined
from outcrop_server.storage.postgresql.parts import NS_IN_DAY, Parts
from outcrop_server.storage.postgresql.schema import ELSEWHEN

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection

# Expressions over `trace` and whether they descend; the last one is the trace's id.
Order = Sequence[tuple[str, bool]]
NEWEST_FIRST: Order = (("trace.start_time_ns", True), ("trace.trace_id", True))
_BY_TIME = [key for key, _ in NEWEST_FIRST]

# So many days at first, then so many times as many.
_FIRST, _TIMES = 4, 4
_DAYS = (
    "SELECT part FROM part_use WHERE trace_count > 0 AND part BETWEEN %s AND %s AND part <> %s ORDER BY part"
)


class Window(NamedTuple):
    """Days that are looked at together.

    Attributes:
        parts: which.
        bounds: of when traces began: what is of no day of its own is in one window alone.
    """

    parts: Parts
    bounds: Sql = ALWAYS


def windows(connection: Connection, parts: Parts, order: Order) -> Iterator[Window]:
    """Windows that hold all parts together, in an order; one where it is not by time."""
    if [key for key, _ in order] != _BY_TIME:
        yield Window(parts)
        return
    rows = connection.execute(_DAYS, (parts.first, parts.last, ELSEWHEN)).fetchall()
    days = [part for (part,) in rows]
    edges = _edges(days, descends=order[0][1])
    # From edge to edge, and beyond the last ones, so that no day is left out, whoever counted them.
    found = list(zip([None, *edges], [*edges, None], strict=True))
    for first, behind in reversed(found) if order[0][1] else found:
        yield _window(parts, first, behind)


def _edges(days: Sequence[int], *, descends: bool) -> list[int]:
    """Days with which a window begins, in their order; beside the very first."""
    edges: list[int] = []
    size, taken = _FIRST, 0
    while taken + size < len(days):
        taken += size
        edges.append(days[-taken] if descends else days[taken])
        size *= _TIMES
    return sorted(edges)


def _window(parts: Parts, first: int | None, behind: int | None) -> Window:
    bounds: list[Sql] = []
    if first is not None:
        parts = parts._replace(first=max(parts.first, first))
        bounds.append(Sql("trace.start_time_ns >= %s", (first * NS_IN_DAY,)))
    if behind is not None:
        parts = parts._replace(last=min(parts.last, behind - 1))
        bounds.append(Sql("trace.start_time_ns < %s", (behind * NS_IN_DAY,)))
    return Window(parts, joined("AND", bounds))
