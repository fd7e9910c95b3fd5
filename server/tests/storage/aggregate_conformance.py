"""The third part of the suite: numbers of many traces and calls, by group."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcrop.filter.parser import parse_filter
from outcrop.genai.usage import Usage
from outcrop_server.model.aggregates import (
    MAX_COUNTED,
    AggregateQuery,
    Aggregates,
    CallNumbers,
    Group,
    GroupKey,
    SessionQuery,
    SessionRow,
    TraceNumbers,
)
from outcrop_server.model.latency_bins import RELATIVE_ERROR, Percentiles, bin_of, duration_of
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.api import TraceStore
from server.tests.storage.exploring_conformance import ExploringConformance
from server.tests.support.aggregates import MS, START_S, S, a_trace, random_trace
from server.tests.support.spans import START_NS, model_call, new_span, trace_id

# Holds for every trace, and no rollup can tell: so the same question goes to the rows.
OF_ROWS = parse_filter("span_count >= 0")
GROUPINGS: list[tuple[GroupKey, ...]] = [
    (),
    ("time",),
    ("experiment",),
    ("time", "experiment"),
    ("model",),
    ("operation", "span_type"),
    ("time", "model", "experiment"),
]


def about(duration_ns: int) -> Percentiles:
    """All three percentiles of equal durations, as bins have them."""
    return Percentiles(*[duration_of(bin_of(duration_ns))] * 3)


def the_same(tokens: int) -> Usage:
    return Usage(tokens, tokens, tokens, tokens)


def numbers(groups: Aggregates) -> dict[tuple[Any, ...], tuple[int | None, int]]:
    """How many traces and calls each group has."""
    return {
        group.key: (group.traces.count if group.traces else None, group.calls.count)
        for group in groups.groups
    }


class AggregateConformance(ExploringConformance):
    """The suite."""

    def test_numbers_of_all_traces_and_their_calls(self, several: TraceStore) -> None:
        for where in (AggregateQuery().where, OF_ROWS):
            assert several.aggregate(AggregateQuery(where=where)) == Aggregates(
                [
                    Group(
                        (),
                        TraceNumbers(4, 1, about(1000 * MS)),
                        CallNumbers(
                            count=8,
                            errors=1,
                            latency=about(100 * MS - 1),
                            time_to_first_chunk=about(20 * MS),
                            usage=Usage(440, 20, 240, 120),
                            cost_nano_usd=20,
                            unpriced=4,
                        ),
                    )
                ],
                is_complete=True,
            )

    def test_nothing_is_one_group_of_nothing_or_none(self, store: TraceStore) -> None:
        for where in (AggregateQuery().where, OF_ROWS):
            (only,) = store.aggregate(AggregateQuery(where=where)).groups
            assert only == Group((), TraceNumbers(), CallNumbers())
            assert store.aggregate(AggregateQuery(where=where, group_by=("time",))) == Aggregates([], True)

    @pytest.mark.parametrize(
        ("group_by", "expected"),
        [
            (("experiment",), {("Default",): (2, 4), ("b",): (2, 4)}),
            (("session",), {("s-1",): (2, 4), ("s-2",): (1, 2), (None,): (1, 2)}),
            (("user",), {("ann",): (2, 4), ("bob",): (1, 2), (None,): (1, 2)}),
            (("session", "model"), {
                ("s-1", "claude"): (None, 2), ("s-1", "titan"): (None, 2),
                ("s-2", "claude"): (None, 1), ("s-2", "titan"): (None, 1),
                (None, "claude"): (None, 1), (None, "titan"): (None, 1),
            }),
            (("model",), {("claude",): (None, 4), ("titan",): (None, 4)}),
            (("operation",), {("chat",): (None, 4), ("embed",): (None, 4)}),
            (("span_type", "experiment"), {
                ("EMBEDDING", "Default"): (None, 2), ("EMBEDDING", "b"): (None, 2),
                ("LLM", "Default"): (None, 2), ("LLM", "b"): (None, 2),
            }),
        ],
    )  # fmt: skip  # as a table
    def test_groups_are_of_what_is_asked(
        self, several: TraceStore, group_by: tuple[GroupKey, ...], expected: dict[tuple[Any, ...], Any]
    ) -> None:
        for where in (AggregateQuery().where, OF_ROWS):
            answer = several.aggregate(AggregateQuery(group_by=group_by, where=where))
            assert numbers(answer) == expected
            assert answer.is_complete

    @pytest.mark.parametrize("interval_s", [60, 120, 900, 3600, 14_400, 86_400])
    def test_time_is_cut_from_the_epoch(self, several: TraceStore, interval_s: int) -> None:
        expected: dict[tuple[Any, ...], tuple[int, int]] = {}
        for minute in (0, 1, 20, 300):
            key = ((START_S + minute * 60) // interval_s * interval_s,)
            traces, calls = expected.get(key, (0, 0))
            expected[key] = (traces + 1, calls + 2)
        for where in (AggregateQuery().where, OF_ROWS):
            query = AggregateQuery(group_by=("time",), interval_s=interval_s, where=where)
            answer = several.aggregate(query)
            assert list(numbers(answer).items()) == sorted(expected.items())

    def test_a_range_holds_its_first_moment_and_not_its_last(self, several: TraceStore) -> None:
        for since, until, expected in ((0, 1, 1), (1, 20, 1), (1, 21, 2), (0, 301, 4), (2, 20, 0), (5, 5, 0)):
            for where in (AggregateQuery().where, OF_ROWS):
                query = AggregateQuery(START_S + since * 60, START_S + until * 60, where=where)
                (only,) = several.aggregate(query).groups
                assert only.traces is not None
                assert only.traces.count == expected

    def test_calls_count_with_their_trace_whenever_they_were_made(self, store: TraceStore) -> None:
        start_ns = START_S * S
        late = model_call(2, 1, start_time_ns=start_ns + 7200 * S, end_time_ns=start_ns + 7300 * S)
        store.append([new_span(1, start_time_ns=start_ns, end_time_ns=start_ns + 9000 * S), late]).result()
        for where in (AggregateQuery().where, OF_ROWS):
            query = AggregateQuery(START_S, START_S + 60, where=where)
            assert numbers(store.aggregate(query)) == {(): (1, 1)}

    def test_experiments_and_filters_choose_traces_and_models_calls(self, several: TraceStore) -> None:
        def asked(text: str = "", **changes: Any) -> tuple[int | None, int]:
            query = AggregateQuery(where=parse_filter(text), **changes)
            return numbers(several.aggregate(query))[()]

        assert asked(experiments=("b",)) == (2, 4)
        assert asked(experiments=("b", "Default")) == (4, 8)
        assert asked(experiments=("nobody",)) == (0, 0)
        assert asked("experiment LIKE 'b%'") == asked("NOT experiment = 'Default'") == (2, 4)
        assert asked("experiment = 'b' OR experiment = 'Default'", experiments=("b",)) == (2, 4)
        assert asked("status = 'ERROR'") == (1, 2)
        assert asked("status = 'ERROR'", experiments=("b",)) == (0, 0)
        assert asked(models=("claude",)) == asked("span_count > 0", models=("claude",)) == (None, 4)
        assert asked(models=("claude", "titan"), experiments=("b",)) == (None, 4)
        # A filter speaks of traces: all calls of those that asked the model.
        assert asked("model = 'claude'") == (4, 8)

    def test_the_largest_groups_are_kept_and_it_is_said(self, several: TraceStore) -> None:
        several.append(a_trace(9, 0, session_id="s-9", user_id="ann")).result()
        choices: list[tuple[tuple[GroupKey, ...], str]] = [
            (("session",), "s-1"),
            (("user",), "ann"),
            (("experiment",), "Default"),
        ]
        for group_by, largest in choices:
            for where in (AggregateQuery().where, OF_ROWS):
                query = AggregateQuery(group_by=group_by, limit=1, where=where)
                answer = several.aggregate(query)
                assert ([group.key for group in answer.groups], answer.is_complete) == ([(largest,)], False)

    def test_what_is_a_call_is_told_by_type_or_numbers(self, store: TraceStore) -> None:
        spans = [
            new_span(1),
            new_span(2, 1, span_type="LLM"),
            new_span(3, 1, span_type="RERANKER"),
            new_span(4, 1, span_type="AGENT", model="named but not asked"),
            new_span(5, 1, span_type="CHAIN", usage=Usage(cache_read_input_tokens=1)),
            new_span(6, 1, span_type="CHAIN", usage=Usage()),
            new_span(7, 1, cost_nano_usd=0),
            new_span(8, 1, cost_reason="refused"),
        ]
        store.append(spans).result()
        for where in (AggregateQuery().where, OF_ROWS):
            (only,) = store.aggregate(AggregateQuery(where=where)).groups
            # What was refused cost nothing.
            assert (only.calls.count, only.calls.unpriced) == (5, 0)

    def test_a_senders_absurd_numbers_count_up_to_a_bound_and_go_again(self, store: TraceStore) -> None:
        absurd: dict[str, Any] = {
            "usage": Usage(2**62, 2**62, 2**62, 2**62),
            "cost_nano_usd": 2**62,
            "session_id": "s",
        }
        for number in range(3):
            store.append([model_call(1, trace=trace_id(number), **absurd)]).result()
        (only,) = store.aggregate(AggregateQuery()).groups
        assert only.calls.usage == the_same(3 * MAX_COUNTED)
        store.delete_traces([trace_id(0), trace_id(1)]).result()
        (only,) = store.aggregate(AggregateQuery()).groups
        (session,) = store.sessions(SessionQuery())
        assert only.calls.usage == session.usage == the_same(MAX_COUNTED)
        assert only.calls.cost_nano_usd == session.cost_nano_usd == MAX_COUNTED

    @given(st.lists(st.integers(0, 10**13), min_size=1, max_size=60))
    @settings(
        max_examples=40,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    def test_percentiles_are_near_those_of_the_durations_themselves(
        self, store: TraceStore, durations: list[int]
    ) -> None:
        self.percentiles_are_near(store, durations)

    def percentiles_are_near(self, store: TraceStore, durations: list[int]) -> None:
        """What the test before it draws."""
        spans = [
            model_call(
                number, name="p", start_time_ns=0, end_time_ns=duration, time_to_first_chunk_ns=duration
            )
            for number, duration in enumerate(durations)
        ]
        store.append([span._replace(trace_id=trace_id(i)) for i, span in enumerate(spans)]).result()
        ordered = sorted(durations)
        for where in (AggregateQuery().where, OF_ROWS):
            (only,) = store.aggregate(AggregateQuery(where=where)).groups
            assert only.traces is not None
            for found in (only.traces.latency, only.calls.latency, only.calls.time_to_first_chunk):
                assert found is not None
                for part, percentile in zip((0.5, 0.95, 0.99), found, strict=True):
                    exact = ordered[math.ceil(round(len(ordered) * part, 6)) - 1]
                    assert abs(percentile - exact) <= max(1, RELATIVE_ERROR * exact)
        store.delete_oldest("Default", 2**62, 1000).result()

    @pytest.mark.parametrize("seed", range(12 if os.environ.get("OUTCROP_LONG_TESTS") else 4))
    def test_whatever_comes_and_goes_in_any_order_rollups_say_what_the_rows_say(
        self, store: TraceStore, seed: int
    ) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        waiting = [span for number in range(12) for span in random_trace(chance, number)]
        chance.shuffle(waiting)
        while waiting:
            count = chance.randint(1, 9)
            pending = [store.append(waiting[:count])]
            if chance.random() < 0.2:
                pending.append(store.append(waiting[: count // 2]))
            if chance.random() < 0.3:
                pending.append(store.delete_traces([trace_id(chance.randrange(12))]))
            if chance.random() < 0.1:
                pending.append(store.delete_oldest("a", START_NS + 3600 * S, 2))
            for each in pending:
                each.result()
            del waiting[:count]
            if chance.random() < 0.2:
                agree(store, chance)
        agree(store, chance)
        store.delete_traces([trace_id(number) for number in range(12)]).result()
        assert store.aggregate(AggregateQuery(group_by=("time", "model"))).groups == []
        assert store.sessions(SessionQuery()) == []


def agree(store: TraceStore, chance: random.Random) -> None:
    """Rollups and rows say the same, and so do sessions and rows."""
    since = START_S + chance.choice([0, 60, 900, 7200]) - 7200
    for group_by in GROUPINGS:
        for query in (
            AggregateQuery(group_by=group_by, interval_s=chance.choice([60, 300, 900, 3600, 86_400])),
            AggregateQuery(since, since + chance.choice([60, 3960, 28_800]), group_by=group_by),
            AggregateQuery(group_by=group_by, models=("claude",), experiments=("a", "b")),
        ):
            assert store.aggregate(query) == store.aggregate(replace(query, where=OF_ROWS)), query
    by_session = store.aggregate(AggregateQuery(group_by=("session", "experiment"))).groups
    expected = {group.key: group for group in by_session if group.key[0] is not None}
    sessions = store.sessions(SessionQuery(limit=1000))
    assert {(row.session_id, row.experiment) for row in sessions} == set(expected)
    for row in sessions:
        group = expected[row.session_id, row.experiment]
        assert group.traces is not None
        assert (row.trace_count, row.error_count) == (group.traces.count, group.traces.errors)
        assert (row.usage, row.cost_nano_usd, row.unpriced_calls) == (
            group.calls.usage,
            group.calls.cost_nano_usd,
            group.calls.unpriced,
        )
        starts = _starts(store, row)
        assert (row.first_start_ns, row.last_start_ns) == (min(starts), max(starts))


def _starts(store: TraceStore, session: SessionRow) -> Sequence[int]:
    where = parse_filter(f"session_id = '{session.session_id}'")
    found = store.search(TraceSearch(where, experiments=(session.experiment,), limit=1000))
    return [each.trace.row.start_time_ns for each in found]
