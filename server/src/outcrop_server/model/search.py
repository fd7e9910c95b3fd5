"""A search as a store takes it, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

from outcrop.filter.ast import And, Condition, OrderKey
from outcrop_server.model.rows import StoredTrace

# What a trace is ordered by: a value for each key of the order, then its id in hex.
Position = tuple[str | int | float, ...]
NEWEST_FIRST = (OrderKey("timestamp", is_descending=True),)


@dataclass(frozen=True, slots=True)
class TraceSearch:
    """Which traces, in which order.

    Attributes:
        where: what holds for each of them; field names are those of `outcrop.filter.fields`.
        order: one key or more. What is equal in all of them is ordered by trace id, in the direction of the
            last key. What is not known comes before every number.
        experiments: names; empty for all experiments.
        after: the position of the last trace of the page before; None for the first page.
        limit: most traces, 1 or more.
        among: the ids of the only traces that are looked at; None for all of them.
    """

    where: Condition = field(default_factory=And)
    order: tuple[OrderKey, ...] = NEWEST_FIRST
    experiments: tuple[str, ...] = ()
    after: Position | None = None
    limit: int = 100
    among: tuple[bytes, ...] | None = None


@dataclass(frozen=True, slots=True)
class FoundTrace:
    """A trace that fits, and its place in the order."""

    trace: StoredTrace
    position: Position
