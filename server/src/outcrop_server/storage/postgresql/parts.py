"""Which days' parts a condition can hold in, so that the others are not looked at. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.common.sql import ALWAYS, Sql
from outcrop_server.storage.common.start_bounds import range_of
from outcrop_server.storage.postgresql.conditions import OF_TRACE
from outcrop_server.storage.postgresql.schema import ELSEWHEN

if TYPE_CHECKING:
    from outcrop.filter.ast import Condition

NS_IN_DAY = 86_400 * 1_000_000_000
_FIRST, _LAST = 0, 2**31 - 1


class Parts(NamedTuple):
    """Days between two, both among them, and what is of no day of its own.

    Attributes:
        first: the first day.
        last: the last day.
    """

    first: int = _FIRST
    last: int = _LAST

    def has(self, part: int) -> bool:
        """Whether a part is one of them."""
        return part == ELSEWHEN or self.first <= part <= self.last

    def sql(self) -> Sql:
        """As a condition over the row of `trace`."""
        if (self.first, self.last) == (_FIRST, _LAST):
            return ALWAYS
        return Sql(f"(trace.part BETWEEN %s AND %s OR trace.part = {ELSEWHEN})", (self.first, self.last))

    def of_spans(self, statement: str) -> str:
        """A statement over these parts of `trace`, with its looks at spans in the same parts.

        That a trace and its spans have one part is not known when it is planned.
        """
        if self == Parts():
            return statement
        bounds = f"(span.part BETWEEN {self.first:d} AND {self.last:d} OR span.part = {ELSEWHEN})"
        return statement.replace(OF_TRACE, f"{OF_TRACE} AND {bounds}")


def of_spans_in(statement: str, part: int) -> str:
    """The same of a statement over one part."""
    return statement.replace(OF_TRACE, f"{OF_TRACE} AND span.part = {part:d}")


def parts_between(since_ns: int | None, until_ns: int | None) -> Parts:
    """The parts of traces that began at a moment or later, and before another one."""
    first = _FIRST if since_ns is None else max(_FIRST, min(_LAST, since_ns // NS_IN_DAY))
    last = _LAST if until_ns is None else max(_FIRST, min(_LAST, (until_ns - 1) // NS_IN_DAY))
    return Parts(first, last)


def parts_of(condition: Condition) -> Parts:
    """The parts in which a condition can hold."""
    return parts_between(*range_of(condition))
