"""Stretches of time that are looked at one after the other, where traces are asked for in order of time.

A page of the newest traces lies in a few minutes of a busy database: what lies further back is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.clickhouse.days import ELSEWHEN, NS_IN_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.storage.clickhouse.client import Client

# A first window holds about so many times what is asked for; each further one is so many times as wide.
_SPARE, _TIMES = 4, 4
_LEAST_NS = 1_000_000_000
# Answered from what the database knows of the parts of a table; old versions of rows count too.
_DAYS = "SELECT day, count() FROM trace GROUP BY day ORDER BY day"


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


class Widths:
    """Remembers how wide a window was that held enough, by what was asked for. For all threads."""

    def __init__(self) -> None:
        self._known: dict[object, int] = {}

    def get(self, key: object) -> int | None:
        """The width, in nanoseconds; None if nothing is known."""
        return self._known.get(key)

    def put(self, key: object, width_ns: int) -> None:
        """Remembers one; of very many the oldest are forgotten."""
        self._known.pop(key, None)
        self._known[key] = width_ns
        while len(self._known) > _REMEMBERED and (oldest := next(iter(self._known), None)) is not None:
            self._known.pop(oldest, None)


_REMEMBERED = 1000


def windows(
    client: Client, from_ns: int | None, limit: int, width_ns: int | None, *, is_newest_first: bool
) -> Iterator[Window]:
    """Windows that hold all time together from a moment on, in their order, without gaps.

    Args:
        client: asks the database.
        from_ns: where to begin, included; None for the newest, or the oldest.
        limit: how many rows are looked for.
        width_ns: of the first one; None to have it guessed by how much lies in its day.
        is_newest_first: whether they go back in time.
    """
    counts = {day: count for day, count in client.query(_DAYS) if day != ELSEWHEN}
    if not counts:
        yield Window(None, None)
        return
    first_ns, behind_ns = min(counts) * NS_IN_DAY, (max(counts) + 1) * NS_IN_DAY
    if is_newest_first:
        yield from _back(counts, from_ns, (first_ns, behind_ns), width_ns, limit)
    else:
        yield from _on(counts, from_ns, (first_ns, behind_ns), width_ns, limit)


def _back(
    counts: dict[int, int], from_ns: int | None, ends: tuple[int, int], width_ns: int | None, limit: int
) -> Iterator[Window]:
    first_ns, behind_ns = ends
    until_ns = None if from_ns is None else from_ns + 1
    at_ns = behind_ns if until_ns is None else min(until_ns, behind_ns)
    width_ns = max(_LEAST_NS, width_ns or _guess(counts, at_ns - 1, limit))
    while at_ns - width_ns > first_ns:
        since_ns = at_ns - width_ns
        yield Window(since_ns, until_ns)
        until_ns = at_ns = since_ns
        width_ns *= _TIMES
    yield Window(None, until_ns)


def _on(
    counts: dict[int, int], from_ns: int | None, ends: tuple[int, int], width_ns: int | None, limit: int
) -> Iterator[Window]:
    first_ns, behind_ns = ends
    since_ns = from_ns
    at_ns = first_ns if since_ns is None else max(since_ns, first_ns)
    width_ns = max(_LEAST_NS, width_ns or _guess(counts, at_ns, limit))
    while at_ns + width_ns < behind_ns:
        until_ns = at_ns + width_ns
        yield Window(since_ns, until_ns)
        since_ns = at_ns = until_ns
        width_ns *= _TIMES
    yield Window(since_ns, None)


def _guess(counts: dict[int, int], at_ns: int, limit: int) -> int:
    count = counts.get(at_ns // NS_IN_DAY, 0)
    return NS_IN_DAY * limit * _SPARE // count if count else NS_IN_DAY
