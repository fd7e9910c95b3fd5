"""What a filter's condition on a duration says of nanoseconds, so that an index can be asked. Pure.

Filters compare whole milliseconds, rounded towards nothing; columns hold nanoseconds.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from outcrop.filter.ast import And, Comparison, Condition, Operator

_NS_IN_MS = 1_000_000
_MAX_MS = 2**63 // _NS_IN_MS


class Bounds(NamedTuple):
    """All that fit are this long or longer, and shorter than that; None where they may be of any length."""

    least_ns: int | None
    below_ns: int | None


NO_BOUNDS = Bounds(None, None)


def bounds_of(comparison: Comparison) -> Bounds:
    """Between which durations all that fit are, and maybe others; no bounds where nothing can be said."""
    value, operator = comparison.value, comparison.operator
    if not isinstance(value, int | float) or not math.isfinite(value):
        return NO_BOUNDS
    least_ms = below_ms = None
    if operator is Operator.GREATER:
        least_ms = math.floor(value) + 1
    if operator in {Operator.GREATER_OR_EQUAL, Operator.EQUAL}:
        least_ms = math.ceil(value)
    if operator is Operator.LESS:
        below_ms = math.ceil(value)
    if operator in {Operator.LESS_OR_EQUAL, Operator.EQUAL}:
        below_ms = math.floor(value) + 1
    return Bounds(
        # What ends before it began, by less than a millisecond, is 0.
        None if least_ms is None or least_ms <= 0 else min(least_ms, _MAX_MS) * _NS_IN_MS,
        None if below_ms is None or below_ms > _MAX_MS else max(below_ms, -_MAX_MS) * _NS_IN_MS,
    )


def bounds_of_span(condition: Condition) -> list[Bounds]:
    """The bounds that a condition on one span sets to how long it took."""
    terms = condition.terms if isinstance(condition, And) else (condition,)
    return [bounds_of(term) for term in terms if isinstance(term, Comparison) and is_of_span(term)]


def is_of_span(comparison: Comparison) -> bool:
    """Whether it speaks of how long a span took."""
    return (comparison.field.entity, comparison.field.name) == ("span", "execution_time")
