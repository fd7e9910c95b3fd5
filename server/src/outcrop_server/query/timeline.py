"""Chooses the steps of a timeline: as fine as can be told apart, over what there is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.model.timeline import Timeline

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# What people count time in; aggregates are kept by the minute.
_STEPS_S = (
    *(_MINUTE * n for n in (1, 5, 10, 30)),
    *(_HOUR * n for n in (1, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 7, 30, 90, 365, 3650)),
)
_LEAST_STEPS = 30
_LONGEST_S = 36_500 * _DAY


@dataclass(frozen=True, slots=True)
class Drawn:
    """A timeline, its steps and its ends, in seconds; the ends are whole steps."""

    timeline: Timeline
    interval_s: int
    since_s: int
    until_s: int


def step_for(length_s: int, most: int) -> int:
    """The finest step that divides a length into no more than so many."""
    return next((step for step in _STEPS_S if length_s <= step * most), _LONGEST_S)


def drawn(
    ask: Callable[[int], Timeline], since_s: int | None, until_s: int | None, now_s: int, most: int
) -> Drawn:
    """Asks for a timeline by steps that fit.

    Where an end is not given, the timeline reaches as far as there are traces, but for some steps at least;
    how far is seen by days first.

    Args:
        ask: gives the timeline by steps of so many seconds.
        since_s: where it begins; None for the first trace.
        until_s: where it ends; None for now, or for the last trace where it begins with the first.
        now_s: the time.
        most: steps.
    """
    last_s = max(now_s if until_s is None else until_s, since_s or 0)
    step = _DAY if since_s is None else step_for(last_s - since_s, most)
    while True:
        found = ask(step)
        begin, end = since_s, last_s
        if begin is None:
            begin = found.bars[0].start_s if found.bars else max(last_s - step, 0)
            end = found.bars[-1].start_s + step if found.bars else last_s
        begin = begin // step * step
        end = max(-(-end // step), begin // step + 1) * step
        fitting = step_for(end - begin, most)
        # Coarser than days is one step more; finer may be a few: finer steps show the ends more closely.
        is_final = fitting > step and (since_s is not None or step != _DAY)
        if not found.bars or fitting == step or is_final:
            # One trace alone would fill the whole line.
            first = begin if since_s is not None else max(0, min(begin, end - _LEAST_STEPS * step))
            return Drawn(found, step, first, end)
        step = fitting
