"""The part of the suite about what retention asks. `conformance` has the first."""

from __future__ import annotations

from pathlib import Path

from outcrop_server.model.rows import OldTrace, TracePosition
from outcrop_server.storage.api import TraceStore
from server.tests.support.spans import START_NS, new_span, trace_id

BIG = b"".join(number.to_bytes(4, "big") for number in range(250_000))


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

    def test_one_opener_at_a_time_removes_what_is_old(self, store: TraceStore, tmp_path: Path) -> None:
        other = self.open(tmp_path)
        with store.keeping() as is_mine, other.keeping() as is_others:
            assert (is_mine, is_others) == (True, False)
        with other.keeping() as is_others, store.keeping() as is_mine:
            assert (is_mine, is_others) == (False, True)
        other.close()
