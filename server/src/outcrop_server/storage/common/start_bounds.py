"""What a filter's conditions on when a trace began say of nanoseconds. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

from outcrop.filter.ast import And, Comparison, Condition, Field, Operator

_NS_IN_MS = 1_000_000
_START = Field("trace", "timestamp", "number")
_MAX_MS = 2**63 // _NS_IN_MS - 1
# Whether it is a bound below, and whether a fraction of a millisecond is rounded up or passed by.
_BOUNDS = {
    Operator.GREATER: (True, False),
    Operator.GREATER_OR_EQUAL: (True, True),
    Operator.LESS: (False, True),
    Operator.LESS_OR_EQUAL: (False, False),
}


class Range(NamedTuple):
    """From one moment, itself in it, to another, itself not; None where there is no end."""

    since_ns: int | None = None
    until_ns: int | None = None

    def within(self, other: Range) -> Range:
        """What is in both."""
        since = [each for each in (self.since_ns, other.since_ns) if each is not None]
        until = [each for each in (self.until_ns, other.until_ns) if each is not None]
        return Range(max(since, default=None), min(until, default=None))


def range_of(condition: Condition) -> Range:
    """When the traces began of which a condition can hold."""
    found = Range()
    for term in condition.terms if isinstance(condition, And) else (condition,):
        bound = start_bounds(term) if isinstance(term, Comparison) else None
        if bound is not None:
            is_from, bound_ns = bound
            found = found.within(Range(bound_ns, None) if is_from else Range(None, bound_ns))
    return found


def start_bound(operator: Operator, value_ms: float) -> tuple[bool, int]:
    """Whether it is a bound below, and it in nanoseconds: the first moment inside, or behind."""
    is_from, is_ceiling = _BOUNDS[operator]
    whole = math.ceil(value_ms) if is_ceiling else math.floor(value_ms) + 1
    return is_from, max(-_MAX_MS, min(_MAX_MS, whole)) * _NS_IN_MS


def start_bounds(condition: Comparison) -> tuple[bool, int] | None:
    """The bound that a comparison sets to when a trace began; None if it sets none."""
    if condition.field != _START or condition.operator not in _BOUNDS:
        return None
    value = condition.value
    return start_bound(condition.operator, value) if isinstance(value, int | float) else None
