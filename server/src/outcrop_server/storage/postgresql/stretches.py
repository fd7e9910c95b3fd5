"""The days of a store one after the other, a few at first: a page of traces mostly lies in the newest ones.

To plan a question to every day of a year takes far longer than to answer it from the two that hold what is
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.postgresql.schema import ELSEWHEN

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection

_DAY_NS = 86_400 * 1_000_000_000
_FIRST_DAYS = 2
_GROWTH = 4
# Those in which something is; what is read of it and of them is of one snapshot.
_DAYS = "SELECT part FROM part_use WHERE trace_count > 0 AND part <> %s ORDER BY part"


class Stretch(NamedTuple):
    """A stretch of time, and the parts in which all traces lie that began in it.

    Attributes:
        parts: some days, and what is of no day of its own.
        since_ns: when it begins; None if there is nothing before.
        until_ns: when it ends, itself not in it; None if there is nothing behind.
    """

    parts: list[int]
    since_ns: int | None
    until_ns: int | None

    def sql(self) -> tuple[str, list[Any]]:
        """A condition on rows of `trace`, and its values."""
        text, values = "trace.part = ANY(%s::integer[])", list[Any]([self.parts])
        for bound, sign in ((self.since_ns, ">="), (self.until_ns, "<")):
            if bound is not None:
                text += f" AND start_time_ns {sign} %s"
                values.append(bound)
        return text, values


def stretches(connection: Connection, from_ns: int | None, *, is_newest_first: bool) -> Iterator[Stretch]:
    """Stretches of time that together hold every trace from a moment on, in their order.

    Args:
        connection: within a snapshot.
        from_ns: where to begin, itself in it; None for the newest, or the oldest.
        is_newest_first: whether they go back in time.
    """
    days = [part for (part,) in connection.execute(_DAYS, (ELSEWHEN,))]
    if from_ns is not None:
        day = from_ns // _DAY_NS
        days = [part for part in days if (part <= day if is_newest_first else part >= day)]
    if is_newest_first:
        days.reverse()
    at, size = 0, _FIRST_DAYS
    # Where the one before ended: midnight before its last day, or behind it.
    edge_ns: int | None = None
    while True:
        some = days[at : at + size]
        at, size = at + size, size * _GROWTH
        is_last = at >= len(days)
        before_ns = edge_ns
        if not is_last:
            edge_ns = (some[-1] if is_newest_first else some[-1] + 1) * _DAY_NS
        end_ns = None if is_last else edge_ns
        bounds = (end_ns, before_ns) if is_newest_first else (before_ns, end_ns)
        yield Stretch([ELSEWHEN, *some], *bounds)
        if is_last:
            return
