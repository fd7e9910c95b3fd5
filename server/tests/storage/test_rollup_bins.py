from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.model.latency_bins import bin_of, percentiles
from outcrop_server.storage.common.rollup_bins import EMPTY, MOST_NARROW, BinSums, Packed, added, pack

HIGHEST = bin_of(2**64)
BINS = st.dictionaries(st.integers(0, HIGHEST), st.integers(1, 3000), max_size=9)


def counted(*histograms: dict[int, int]) -> dict[int, int]:
    """All of these together, bin by bin."""
    places = {place for bins in histograms for place in bins}
    return {place: sum(bins.get(place, 0) for bins in histograms) for place in places}


def negative(bins: dict[int, int]) -> dict[int, int]:
    return {place: -count for place, count in bins.items()}


@given(st.lists(BINS, max_size=6))
def test_adding_and_taking_leaves_what_is_there_whatever_the_order(parts: list[dict[int, int]]) -> None:
    packed, count = EMPTY, 0
    there: list[dict[int, int]] = []
    for bins in parts:
        packed = added(packed, count, bins, count + sum(bins.values()))
        count += sum(bins.values())
        there.append(bins)
        # The same bytes as if it had been packed at once.
        assert packed == pack(counted(*there), count)
    for bins in parts:
        there.remove(bins)
        packed = added(packed, count, negative(bins), count - sum(bins.values()))
        count -= sum(bins.values())
        assert packed == pack(counted(*there), count)
    assert packed == EMPTY


def test_a_row_that_counts_much_has_wide_lanes_and_goes_back() -> None:
    few = pack({300: MOST_NARROW}, MOST_NARROW)
    assert few == Packed(300, MOST_NARROW.to_bytes(2, "little"))
    many = added(few, MOST_NARROW, {301: 2**40}, MOST_NARROW + 2**40)
    assert many == Packed(300, MOST_NARROW.to_bytes(8, "little") + (2**40).to_bytes(8, "little"))
    assert added(many, MOST_NARROW + 2**40, {301: -(2**40)}, MOST_NARROW) == few


def test_what_comes_and_goes_at_once_may_run_over_a_lane() -> None:
    assert added(pack({300: 4000}, 4000), 4000, {300: -4000, 301: 4000}, 4000) == pack({301: 4000}, 4000)
    many = pack({300: 100_000}, 100_000)
    assert added(many, 100_000, {299: 3, 300: -100_000}, 3) == pack({299: 3}, 3)


@given(st.lists(st.tuples(BINS, BINS), max_size=20), st.booleans())
def test_sums_of_many_rows_have_the_percentiles_of_all_that_was_counted(
    rows: list[tuple[dict[int, int], dict[int, int]]], has_large: bool
) -> None:
    if has_large:
        rows = [*rows, ({400: 10_000, 401: 2**33}, {HIGHEST: 5_000})]
    sums = BinSums()
    for latency, chunk in rows:
        count = max(sum(latency.values()), sum(chunk.values()))
        sums.add(count, *pack(latency, count), *pack(chunk, count))
    for place, found in enumerate(sums.percentiles()):
        assert found == percentiles(counted(*[row[place] for row in rows]).items())


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_lanes_do_not_run_over_however_many_rows_are_full(count: int) -> None:
    sums = BinSums()
    chance = random.Random(count)  # noqa: S311 - no secret
    slow = 0
    for _ in range(count):
        part = chance.randrange(MOST_NARROW)
        slow += part
        bins = {300: MOST_NARROW - part, 301: part}
        sums.add(MOST_NARROW, *pack(bins, MOST_NARROW), *EMPTY)
    everything = percentiles([(300, count * MOST_NARROW - slow), (301, slow)])
    assert sums.percentiles() == (everything, None)


def test_a_damaged_row_that_counts_less_than_nothing_is_nothing() -> None:
    assert added(pack({300: 1}, 1), 1, {300: -2}, -1) == EMPTY
    assert pack({300: -1}, -1) == EMPTY
