"""Windows of time, one after the other, where traces come in order of it: few are looked at. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.clickhouse.days import ELSEWHEN
from outcrop_server.storage.common.sql import Sql
from outcrop_server.storage.common.start_bounds import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NS_IN_DAY = 86_400 * 1_000_000_000
_LEAST_NS = 1_000_000_000
_TIMES = 4


class Window(NamedTuple):
    """Traces that are looked at together.

    Attributes:
        range: when they began.
        days: in which they can lie; those of no day of their own are asked for everywhere.
    """

    range: Range
    days: tuple[int, ...]

    def sql(self) -> Sql:
        """As a condition over the row of `trace`."""
        text = f"trace.day IN ({', '.join(map(str, self.days)) or ELSEWHEN})"
        if self.range.since_ns is not None:
            text += f" AND trace.start_time_ns >= {self.range.since_ns:d}"
        if self.range.until_ns is not None:
            text += f" AND trace.start_time_ns < {self.range.until_ns:d}"
        return Sql(text)


def whole(counts: Mapping[int, int], bounds: Range) -> Window:
    """All days in one.

    Args:
        counts: how many rows each day has.
        bounds: when traces began.
    """
    return Window(bounds, _days(counts, bounds))


def windows(counts: Mapping[int, int], bounds: Range, first: int, *, descends: bool) -> Iterator[Window]:
    """Windows that together hold everything, in order of time.

    Args:
        counts: how many rows each day has.
        bounds: when traces began.
        first: about so many rows are in the first one; each further one has more.
        descends: whether they go back in time.
    """
    edges = [edge for edge in _edges(counts, bounds, first, descends=descends) if _is_inside(edge, bounds)]
    ends: list[int | None] = [None, *edges, None]
    for one, other in pairwise(ends):
        of_window = Range(other, one) if descends else Range(one, other)
        inside = of_window.within(bounds)
        yield Window(inside, _days(counts, inside))


def _edges(counts: Mapping[int, int], bounds: Range, first: int, *, descends: bool) -> Iterator[int]:
    """Where one window ends and the next begins, in their order."""
    days = sorted((day for day in _days(counts, bounds) if day != ELSEWHEN), reverse=descends)
    wanted, gathered = first, 0
    for day in days:
        count = counts[day]
        begin, end = day * NS_IN_DAY, (day + 1) * NS_IN_DAY
        if count <= 2 * wanted:
            gathered += count
            if gathered >= wanted:
                yield begin if descends else end
                wanted, gathered = wanted * _TIMES, 0
            continue
        # A day of many traces, which may lie anywhere in it.
        since_ns = begin if bounds.since_ns is None else max(begin, bounds.since_ns)
        until_ns = end if bounds.until_ns is None else min(end, bounds.until_ns)
        at = until_ns if descends else since_ns
        while True:
            width = max(NS_IN_DAY * wanted // count, _LEAST_NS)
            at = at - width if descends else at + width
            if (at <= since_ns) if descends else (at >= until_ns):
                break
            yield at
            wanted *= _TIMES
        gathered = 0
        yield begin if descends else end


def _is_inside(edge: int, bounds: Range) -> bool:
    return (bounds.since_ns is None or edge > bounds.since_ns) and (
        bounds.until_ns is None or edge < bounds.until_ns
    )


def _days(counts: Mapping[int, int], bounds: Range) -> tuple[int, ...]:
    first = None if bounds.since_ns is None else bounds.since_ns // NS_IN_DAY
    last = None if bounds.until_ns is None else (bounds.until_ns - 1) // NS_IN_DAY
    return tuple(
        day
        for day in sorted(counts)
        if day == ELSEWHEN or ((first is None or day >= first) and (last is None or day <= last))
    )
