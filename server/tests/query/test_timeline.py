"""Which steps a timeline has."""

from __future__ import annotations

from collections import Counter

import pytest

from outcrop_server.model.timeline import Bar, Timeline
from outcrop_server.query.timeline import Drawn, drawn

MINUTE, HOUR, DAY = 60, 3600, 86_400
NOW = 20_000 * DAY + 5 * HOUR


class Asked:
    """Traces at some moments, and the steps that were asked for."""

    def __init__(self, *starts_s: int) -> None:
        self._starts_s = starts_s
        self.steps: list[int] = []

    def __call__(self, interval_s: int) -> Timeline:
        self.steps.append(interval_s)
        counts = Counter(start // interval_s for start in self._starts_s)
        return Timeline([Bar(step * interval_s, counts[step], 0) for step in sorted(counts)], is_exact=True)


@pytest.mark.parametrize(
    ("length_s", "interval_s"),
    [(HOUR, MINUTE), (6 * HOUR, 5 * MINUTE), (DAY, 30 * MINUTE), (7 * DAY, 3 * HOUR), (30 * DAY, 12 * HOUR)],
)
def test_a_range_is_asked_for_once_by_the_finest_steps_that_fit(length_s: int, interval_s: int) -> None:
    ask = Asked(NOW - 10)
    found = drawn(ask, NOW - length_s, None, NOW, 100)
    assert ask.steps == [interval_s]
    assert found.interval_s == interval_s
    # Whole steps: one more where the range begins within one.
    assert found.until_s - found.since_s in {length_s, length_s + interval_s}


def test_ends_are_whole_steps_that_hold_the_range() -> None:
    found = drawn(Asked(), NOW - HOUR - 7, NOW - 7, NOW, 100)
    assert (found.since_s, found.until_s) == (NOW - HOUR - MINUTE, NOW)


def test_over_all_time_it_reaches_from_the_first_trace_to_the_last() -> None:
    ask = Asked(NOW - 9 * HOUR, NOW - 8 * HOUR - 5 * MINUTE)
    found = drawn(ask, None, None, NOW, 100)
    assert ask.steps[0] == DAY
    assert (found.interval_s, found.since_s) == (MINUTE, NOW - 9 * HOUR)
    assert found.until_s == NOW - 8 * HOUR - 4 * MINUTE
    assert [bar.traces for bar in found.timeline.bars] == [1, 1]


def test_a_few_traces_do_not_fill_the_whole_line() -> None:
    found = drawn(Asked(NOW - 30), None, None, NOW, 100)
    assert (found.interval_s, found.since_s, found.until_s) == (MINUTE, NOW - 30 * MINUTE, NOW)


def test_over_years_steps_are_longer_than_days() -> None:
    found = drawn(Asked(NOW - 900 * DAY, NOW), None, None, NOW, 100)
    assert found.interval_s == 30 * DAY
    assert (found.until_s - found.since_s) // found.interval_s <= 100


def test_without_traces_there_is_a_line_without_bars() -> None:
    ask = Asked()
    found = drawn(ask, None, None, NOW, 100)
    assert len(ask.steps) == 1
    assert found.timeline.bars == []
    assert found.since_s < found.until_s


@pytest.mark.parametrize("start_s", [0, 1, 2**62 // 10**9])
def test_moments_far_away_come_to_an_end(start_s: int) -> None:
    found: Drawn = drawn(Asked(start_s, NOW), None, None, NOW, 100)
    assert found.since_s <= start_s < found.until_s or found.since_s <= NOW < found.until_s
    assert drawn(Asked(NOW), start_s, None, NOW, 100).until_s > start_s


def test_an_end_before_the_begin_is_an_empty_step() -> None:
    found = drawn(Asked(), NOW, NOW - HOUR, NOW, 100)
    assert found.since_s < found.until_s
