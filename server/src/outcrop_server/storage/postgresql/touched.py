"""What a piece of writing touches: known before its transaction begins, so that locks are taken in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from outcrop_server.storage.common.trace_terms import Term
from outcrop_server.storage.postgresql.partitions import part_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.common.prepared import PreparedTrace

# Of traces; of what all writers share; of traces that are not known before.
Kind = Literal["traces", "shared", "alone"]


@dataclass(frozen=True, slots=True)
class Touched:
    """What a piece of writing touches.

    Attributes:
        kind: pieces of one kind go into one transaction; one that is `alone` has its own.
        made: traces that are made where they are not there, with their parts; without one, a note waits.
        found: traces that are changed where they are there.
        parts: that traces are made in, or may move to.
        experiments: names that spans say.
        terms: that traces are to have.
    """

    kind: Kind = "traces"
    made: dict[bytes, int | None] = field(default_factory=dict[bytes, "int | None"])
    found: frozenset[bytes] = frozenset()
    parts: frozenset[int] = frozenset()
    experiments: frozenset[str] = frozenset()
    terms: frozenset[Term] = frozenset()


SHARED = Touched("shared")
ALONE = Touched("alone")


def by_spans(traces: Iterable[PreparedTrace]) -> Touched:
    """What spans touch."""
    made: dict[bytes, int] = {}
    experiments: set[str] = set()
    terms: set[Term] = set()
    for trace in traces:
        made[trace.trace_id] = part_of(trace.row.start_time_ns)
        terms |= trace.terms
        # Of all spans, not of the trace alone: where some are there already, the others speak.
        for part in trace.frames:
            experiments.update([span.experiment for span in part.frame.spans])
    return Touched(
        "traces",
        {**made},
        parts=frozenset(made.values()),
        experiments=frozenset(experiments),
        terms=frozenset(terms),
    )


def changed(*trace_ids: bytes, terms: Iterable[Term] = ()) -> Touched:
    """What a change of traces touches that are there."""
    return Touched("traces", found=frozenset(trace_ids), terms=frozenset(terms))


def noted(trace_id: bytes, terms: Iterable[Term]) -> Touched:
    """What a note touches, whose trace may come later."""
    return Touched("traces", made={trace_id: None}, terms=frozenset(terms))


def together(all_of_them: Iterable[Touched]) -> Touched:
    """What several pieces of one kind touch; of a trace that one of them writes, its part."""
    every = list(all_of_them)
    made: dict[bytes, int | None] = {}
    for each in every:
        for trace_id, part in each.made.items():
            if made.get(trace_id) is None:
                made[trace_id] = part
    return Touched(
        every[0].kind,
        made,
        found=frozenset[bytes]().union(*[each.found for each in every]),
        parts=frozenset[int]().union(*[each.parts for each in every]),
        experiments=frozenset[str]().union(*[each.experiments for each in every]),
        terms=frozenset[Term]().union(*[each.terms for each in every]),
    )
