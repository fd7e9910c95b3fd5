"""Stretches of time that are looked at one after the other, where traces are asked for in order of time.

A page of the newest traces lies in a few minutes of a busy database: what lies further back is not looked at.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.clickhouse.days import ELSEWHEN, NS_IN_DAY
from outcrop_server.storage.common.rollup_deltas import TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.storage.clickhouse.client import Client

# A first window holds about so many times what is asked for; each further one is so many times as wide.
_SPARE, _TIMES = 4, 4
_LEAST_NS = 1_000_000_000
_DAY_S = 86_400
_DAYS = (
    f"SELECT intDiv(bucket_s, {_DAY_S}) AS day, sum(count) AS traces FROM rollup "  # noqa: S608 - constants
    f"WHERE level_s = {LEVELS_S[-1]} AND kind = {TRACES} GROUP BY day HAVING traces > 0"
)


class Window(NamedTuple):
    """A stretch of time.

    Attributes:
        since_ns: its beginning; None for all before its end.
        until_ns: its end, which is not in it; None for all behind its beginning.
    """

    since_ns: int | None
    until_ns: int | None

    @property
    def holds(self) -> str:
        """A condition that holds of rows of `trace` that began within."""
        return within(self.since_ns, None if self.until_ns is None else self.until_ns - 1)


def within(first_ns: int | None, last_ns: int | None) -> str:
    """A condition that holds of rows of `trace` that began from one moment to another, both included."""
    parts = ["1"]
    days: list[str] = []
    if first_ns is not None:
        parts.append(f"start_time_ns >= {first_ns}")
        days.append(f"day >= {max(0, first_ns // NS_IN_DAY)}")
    if last_ns is not None:
        parts.append(f"start_time_ns <= {last_ns}")
        days.append(f"day <= {max(0, last_ns // NS_IN_DAY)}")
    if days:
        parts.append(f"(day = {ELSEWHEN} OR {' AND '.join(days)})")
    return " AND ".join(parts)


class Edge(NamedTuple):
    """Where a page lay.

    Attributes:
        from_ns: where it began.
        width_ns: how far it reached.
        at_s: when it was asked for, on the monotonic clock.
    """

    from_ns: int
    width_ns: int
    at_s: float


class Edges:
    """Remembers where pages lay, by what was asked for. For all threads."""

    def __init__(self) -> None:
        self._known: dict[object, Edge] = {}

    def get(self, key: object) -> Edge | None:
        """Where the last one lay; None if nothing is known, or if that was long ago."""
        edge = self._known.get(key)
        return None if edge is None or edge.at_s < time.monotonic() - _FRESH_S else edge

    def put(self, key: object, edge: Edge) -> None:
        """Remembers one; of very many the oldest are forgotten."""
        self._known.pop(key, None)
        self._known[key] = edge
        while len(self._known) > _REMEMBERED and (oldest := next(iter(self._known), None)) is not None:
            self._known.pop(oldest, None)


_REMEMBERED = 1000
# Much may have come since.
_FRESH_S = 30.0
# The next page is looked for in so many times what the last one took: else a window would often not do.
_ROOM = 2


def windows(
    client: Client, from_ns: int | None, limit: int, edge: Edge | None, *, is_newest_first: bool
) -> Iterator[Window]:
    """Windows that hold all time together from a moment on, in their order, without gaps.

    Args:
        client: asks the database.
        from_ns: where to begin, included; None for the newest, or the oldest.
        limit: how many rows are looked for.
        edge: where the last page of the kind lay; None to have the first window guessed by how much lies in
            its day, which costs a question.
        is_newest_first: whether they go back in time.
    """
    if edge is not None:
        # Since then newer ones have come, or older ones have gone: that end is open.
        at_ns = edge.from_ns if from_ns is None else from_ns
        width_ns = max(_LEAST_NS, edge.width_ns * _ROOM)
        if is_newest_first:
            yield Window(at_ns - width_ns, None if from_ns is None else from_ns + 1)
            from_ns = at_ns - width_ns - 1
        else:
            yield Window(from_ns, at_ns + width_ns)
            from_ns = at_ns + width_ns
    counts = {int(day): int(count) for day, count in client.query(_DAYS)}
    if not counts:
        yield Window(None, None)
        return
    ends = min(counts) * NS_IN_DAY, (max(counts) + 1) * NS_IN_DAY
    yield from (_back if is_newest_first else _on)(counts, from_ns, ends, limit)


def _back(counts: dict[int, int], from_ns: int | None, ends: tuple[int, int], limit: int) -> Iterator[Window]:
    first_ns, behind_ns = ends
    until_ns = None if from_ns is None else from_ns + 1
    at_ns = behind_ns if until_ns is None else min(until_ns, behind_ns)
    width_ns = max(_LEAST_NS, _guess(counts, at_ns - 1, limit))
    while at_ns - width_ns > first_ns:
        since_ns = at_ns - width_ns
        yield Window(since_ns, until_ns)
        until_ns = at_ns = since_ns
        width_ns *= _TIMES
    yield Window(None, until_ns)


def _on(counts: dict[int, int], from_ns: int | None, ends: tuple[int, int], limit: int) -> Iterator[Window]:
    first_ns, behind_ns = ends
    since_ns = from_ns
    at_ns = first_ns if since_ns is None else max(since_ns, first_ns)
    width_ns = max(_LEAST_NS, _guess(counts, at_ns, limit))
    while at_ns + width_ns < behind_ns:
        until_ns = at_ns + width_ns
        yield Window(since_ns, until_ns)
        since_ns = at_ns = until_ns
        width_ns *= _TIMES
    yield Window(since_ns, None)


def _guess(counts: dict[int, int], at_ns: int, limit: int) -> int:
    count = counts.get(at_ns // NS_IN_DAY, 0)
    return NS_IN_DAY * limit * _SPARE // count if count else NS_IN_DAY
