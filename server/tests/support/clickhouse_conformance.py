"""The suite of the contract as ClickHouse's engine runs it, where a commit takes a tenth of a second.

There are two ways to the engine: over HTTP, and within the process. Each test of the suite goes one of them,
and draws less often than for the other engines. With OUTCROP_LONG_TESTS all go both ways, and draw as often.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcrop.filter.parser import parse_filter
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.storage.conformance import TraceStoreConformance
from server.tests.storage.judging_conformance import FILTERS, found

# Of so many tests one goes the way within the process.
_EMBEDDED_EVERY = 5
# Done by another of `ClickhouseConformance`.
_TOGETHER = "test_a_filter_finds_what_fits"
IS_LONG = bool(os.environ.get("OUTCROP_LONG_TESTS"))


class ClickhouseConformance(TraceStoreConformance):
    """All of its tests."""

    traces_in_pieces = 14 if IS_LONG else 2
    appends = 30 if IS_LONG else 6

    @pytest.mark.parametrize("seed", range(12 if IS_LONG else 1))
    def test_whatever_comes_and_goes_in_any_order_rollups_say_what_the_rows_say(
        self, store: TraceStore, seed: int
    ) -> None:
        super().test_whatever_comes_and_goes_in_any_order_rollups_say_what_the_rows_say(store, seed)

    # Many arguments are asked of one store, in one test: to fill it takes longer than to ask.

    def test_every_filter_finds_what_fits(self, searched: TraceStore) -> None:
        for text, expected in FILTERS:
            assert found(searched, TraceSearch(parse_filter(text))) == expected, text

    def test_pages_hold_every_trace_once_in_any_order(self, searched: TraceStore) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride] - as said
        test = super().test_pages_hold_every_trace_once_in_any_order
        for arguments in arguments_of(test):
            test(searched, **arguments)

    def test_groups_are_of_what_is_asked(self, several: TraceStore) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as said
        test = super().test_groups_are_of_what_is_asked
        for arguments in arguments_of(test):
            test(several, **arguments)

    def test_time_is_cut_from_the_epoch(self, several: TraceStore) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride] - as said
        test = super().test_time_is_cut_from_the_epoch
        for arguments in arguments_of(test):
            test(several, **arguments)

    @given(st.lists(st.integers(0, 10**13), min_size=1, max_size=60))
    @settings(
        max_examples=40 if IS_LONG else 6,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    def test_percentiles_are_near_those_of_the_durations_themselves(
        self, store: TraceStore, durations: list[int]
    ) -> None:
        self.percentiles_are_near(store, durations)

    def prepare(self, store: TraceStore) -> None:
        """Fills the index of words."""
        assert isinstance(store, ClickhouseStore)
        store.fill_words()


def arguments_of(test: Any) -> Iterator[dict[str, Any]]:
    """What pytest would call a test with, one call after the other."""
    marks: list[pytest.Mark] = [mark for mark in test.pytestmark if mark.name == "parametrize"]
    for chosen in itertools.product(*(mark.args[1] for mark in marks)):
        arguments: dict[str, Any] = {}
        for mark, values in zip(marks, chosen, strict=True):
            names = mark.args[0]
            arguments |= {names: values} if isinstance(names, str) else dict(zip(names, values, strict=True))
        yield arguments


def leave_to_the_other_way(suite: type[ClickhouseConformance], *, is_embedded: bool) -> None:
    """Takes the tests out of a suite that go the other way."""
    if IS_LONG:
        return
    # None is no test to pytest.
    setattr(suite, _TOGETHER, None)
    names = [name for name in sorted(dir(suite)) if name.startswith("test_") and name != _TOGETHER]
    for number, name in enumerate(names):
        if (number % _EMBEDDED_EVERY == 0) is not is_embedded:
            setattr(suite, name, None)
