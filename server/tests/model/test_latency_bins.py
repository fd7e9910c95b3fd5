from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from outcrop_server.model.latency_bins import RELATIVE_ERROR, Percentiles, bin_of, duration_of, percentiles

DURATIONS = st.one_of(st.integers(0, 2**63 - 1), st.integers(0, 5000))


@given(DURATIONS)
@example(57)
def test_a_bin_stands_for_its_durations_within_the_error(duration_ns: int) -> None:
    assert abs(duration_of(bin_of(duration_ns)) - duration_ns) <= RELATIVE_ERROR * duration_ns + 1


@given(DURATIONS, DURATIONS)
def test_bins_are_in_the_order_of_durations(one: int, other: int) -> None:
    assert (bin_of(one) <= bin_of(other)) or one > other


def test_few_bins_hold_all_durations() -> None:
    day_ns = 86_400 * 10**9
    assert len({bin_of(10**6 + step * day_ns // 100_000) for step in range(100_000)}) < 330


def test_what_takes_no_time_or_less_is_zero() -> None:
    assert duration_of(bin_of(0)) == duration_of(bin_of(-5)) == 0


def test_ranks_are_counted_from_below() -> None:
    # Durations that have a bin of their own.
    one, two, three = bin_of(7), bin_of(10), bin_of(20)
    assert percentiles([(three, 1), (one, 50), (two, 49)]) == Percentiles(7, 10, 10)
    assert percentiles([(one, 49), (two, 49), (three, 2)]) == Percentiles(10, 10, 20)
    assert percentiles([(two, 1)]) == Percentiles(10, 10, 10)
    assert percentiles([]) is None
