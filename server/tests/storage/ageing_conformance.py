"""The part of the suite about what retention asks. `conformance` has the first."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from outcrop_server.model.aggregates import AggregateQuery, SessionQuery
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import OldTrace, TracePosition
from outcrop_server.storage.api import TraceStore
from server.tests.support.annotations import judgement
from server.tests.support.binaries import turn
from server.tests.support.spans import START_NS, model_call, new_span, trace_id

DAY_NS = 86_400 * 10**9
BIG = b"".join(number.to_bytes(4, "big") for number in range(250_000))


def recent_day() -> int:
    """The number of a day that is over, and near enough to have tables of its own."""
    return time.time_ns() // DAY_NS - 10


def _on(day: int, number: int, experiment: str, *, at_ns: int = 0, **changes: Any) -> NewSpan:
    """The one span of a trace of this number, which began on a day."""
    start_ns = day * DAY_NS + at_ns
    return model_call(
        number,
        trace=trace_id(number),
        start_time_ns=start_ns,
        end_time_ns=start_ns + 5,
        experiment=experiment,
        **changes,
    )


class AgeingConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def test_the_oldest_come_first_in_pages_each_once(self, store: TraceStore) -> None:
        # Two begin at once: then the smaller id is the older one.
        numbers = [5, 3, 9, 7, 8]
        for number in numbers:
            start_ns = START_NS + 7 if number in {7, 8} else START_NS + number
            span = new_span(number, trace=trace_id(number), start_time_ns=start_ns, end_time_ns=start_ns)
            store.append(
                [span, new_span(100 + number, trace=trace_id(100 + number), experiment="B")]
            ).result()
        found: list[OldTrace] = []
        after: TracePosition | None = None
        while page := store.oldest("Default", after, 2):
            found.extend(page)
            after = page[-1].position
        assert [int.from_bytes(old.trace_id, "big") for old in found] == [3, 5, 7, 8, 9]
        assert {old.experiment for old in found} == {"Default"}
        assert store.oldest("nobody's", None, 5) == []

    def test_an_experiment_takes_what_its_traces_take(self, store: TraceStore) -> None:
        store.append([new_span(1, payload=BIG), new_span(2, trace=trace_id(2))]).result()
        store.append([new_span(3, 1), new_span(4, trace=trace_id(4), experiment="B")]).result()
        large, small = sorted((old.kept_bytes for old in store.oldest("Default", None, 9)), reverse=True)
        assert store.experiment_bytes("Default") == large + small
        assert large > 100 * small > 0
        assert 0 < store.experiment_bytes("B") < large
        assert store.experiment_bytes("nobody's") == 0

    def test_the_room_of_what_was_deleted_is_given_back(self, store: TraceStore) -> None:
        store.append([new_span(1, trace=trace_id(1))]).result()
        little = store.used_bytes()
        for number in range(2, 6):
            store.append([new_span(number, trace=trace_id(number), payload=BIG)]).result()
        much = store.used_bytes()
        assert much > little + 4 * store.oldest("Default", None, 9)[-1].kept_bytes * 0.9
        store.delete_traces([trace_id(number) for number in range(2, 6)]).result()
        # Not given back yet, and not used either.
        assert store.used_bytes() < little + (much - little) / 20
        given = 0
        while step := store.give_back(1 << 18):
            assert step <= 1 << 18
            given += step
        assert given > (much - little) * 0.9
        assert store.give_back(1 << 18) == 0
        assert [old.trace_id for old in store.oldest("Default", None, 9)] == [trace_id(1)]

    def test_no_day_goes_of_which_anything_is_to_stay(self, store: TraceStore) -> None:
        days = [recent_day() - number for number in range(4)]
        for number, day in enumerate(days):
            store.append([_on(day, 10 + number, "A"), _on(day, 20 + number, "B")]).result()
        store.append([_on(days[3], 30, "kept"), _on(days[2], 31, "A", at_ns=DAY_NS - 1)]).result()
        # A day may go where all experiments say so, and only where it is wholly before what they say.
        assert store.delete_day({}) == {}
        assert store.delete_day({"A": days[0] * DAY_NS, "nobody's": 2**62}) == {}
        assert store.delete_day({"A": days[2] * DAY_NS + DAY_NS - 1, "B": days[1] * DAY_NS}) == {}
        before = {"A": days[1] * DAY_NS, "B": days[0] * DAY_NS + 5}
        gone = store.delete_day(before)
        assert gone in ({}, {"A": 2, "B": 1})
        assert store.delete_day(before) == {}
        left = {int.from_bytes(each.row.trace_id, "big") for each in store.traces(None, None, 100)}
        assert left == {10, 11, 13, 20, 21, 23, 30} | (set() if gone else {12, 22, 31})

    def test_a_day_leaves_nothing_that_counts(self, store: TraceStore, tmp_path: Path) -> None:
        day = recent_day()
        for number, at in enumerate((day - 3, day - 3, day - 2, day), start=1):
            session = "of one day" if number == 1 else "over days"
            payload = turn(1, 1) if number == 1 else b"{}"
            store.append([_on(at, number, "A", payload=payload, session_id=session)]).result()
            store.add_assessment(judgement(number, trace=trace_id(number))).result()
        store.append([_on(day - 3, 9, "A", parent=77)]).result()
        other = self.open(tmp_path)
        until = {"A": (day - 2) * DAY_NS}
        if store.delete_day(until):
            # The same is found as when each trace is deleted by itself, by whoever has the store open.
            assert store.delete_day(until) == {}
        else:
            store.delete_traces([trace_id(number) for number in (1, 2, 9)]).result()
        for each in (store, other):
            assert [int.from_bytes(old.trace_id, "big") for old in each.oldest("A", None, 9)] == [3, 4]
            assert each.trace(trace_id(1)) is None
            assert each.spans(trace_id(2)) == []
            assert each.assessments(trace_id(2)) == []
            assert [row.trace_count for row in each.experiments()] == [2]
            (found,) = each.sessions(SessionQuery())
            assert (found.session_id, found.trace_count) == ("over days", 2)
            assert (found.first_start_ns, found.last_start_ns) == ((day - 2) * DAY_NS, day * DAY_NS)
            (group,) = each.aggregate(AggregateQuery()).groups
            assert group.traces is not None
            assert (group.traces.count, group.calls.count) == (2, 2)
        # One of them may come anew, on a day that was gone.
        assert other.append([_on(day - 3, 2, "A")]).result() == 1
        assert store.trace(trace_id(2)) is not None
        other.close()

    def test_one_opener_at_a_time_removes_what_is_old(self, store: TraceStore, tmp_path: Path) -> None:
        other = self.open(tmp_path)
        with store.keeping() as is_mine, other.keeping() as is_others:
            assert (is_mine, is_others) == (True, False)
        with other.keeping() as is_others, store.keeping() as is_mine:
            assert (is_mine, is_others) == (False, True)
        other.close()
