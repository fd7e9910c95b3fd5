"""What every store must do with trees and changes: promises of `outcrop_server.storage.api`."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from pathlib import Path

from outcrop.genai.usage import Usage
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.changes import ChangePosition
from outcrop_server.model.rows import SpanRow
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.tree import SpanPosition, SubtreeTotals
from outcrop_server.storage.api import TraceStore
from server.tests.support.annotations import content, judgement
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, span_id, trace_id


def numbers(rows: list[SpanRow]) -> list[int]:
    return [int.from_bytes(row.span_id, "big") for row in rows]


class TreeConformance(ABC):
    """A part of the suite."""

    traces_in_pieces = 14

    @abstractmethod
    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""

    def test_roots_come_first_and_orphans_stand_by_their_missing_parent(self, store: TraceStore) -> None:
        spans = [
            new_span(5, 90),
            new_span(2),
            new_span(3, 80),
            new_span(1),
            new_span(4, 90),
            new_span(6, 1),
            new_span(7, 6),
        ]
        store.append(spans).result()
        assert numbers(store.top_spans(TRACE, None, 100)) == [1, 2, 3, 4, 5]
        assert numbers(store.child_spans(TRACE, span_id(1), None, 100)) == [6]
        assert numbers(store.child_spans(TRACE, span_id(90), None, 100)) == [4, 5]
        assert store.child_spans(TRACE, span_id(7), None, 100) == []
        assert store.top_spans(trace_id(99), None, 100) == []

    def test_an_orphan_finds_its_place_when_its_parent_comes(self, store: TraceStore) -> None:
        store.append([new_span(3, 2)]).result()
        store.append([new_span(4, 3)]).result()
        assert numbers(store.top_spans(TRACE, None, 10)) == [3]
        store.append([new_span(2, 1)]).result()
        assert numbers(store.top_spans(TRACE, None, 10)) == [2]
        store.append([new_span(1), new_span(2, 1)]).result()
        assert numbers(store.top_spans(TRACE, None, 10)) == [1]
        assert numbers(store.child_spans(TRACE, span_id(2), None, 10)) == [3]

    def test_orphans_are_the_same_in_whatever_pieces_spans_come(self, store: TraceStore) -> None:
        chance = random.Random(7)  # noqa: S311 - no secret
        for trace in map(trace_id, range(1, 1 + self.traces_in_pieces)):
            spans = [new_span(i, chance.choice([None, *range(1, 40)]), trace=trace) for i in range(1, 20)]
            spans = [span for span in spans if span.row.parent_id != span.row.span_id]
            chance.shuffle(spans)
            for start in range(0, len(spans), 3):
                store.append(spans[start : start + 3]).result()
            there = {span.row.span_id for span in spans}
            expected = {span.row.span_id for span in spans if span.row.parent_id not in there}
            assert {row.span_id for row in store.top_spans(trace, None, 100)} == expected

    def test_pages_of_a_tree_hold_each_span_once(self, store: TraceStore) -> None:
        roots = [new_span(i, start_time_ns=START_NS) for i in range(1, 8)]
        below = [new_span(i, 1, start_time_ns=START_NS + i % 3) for i in range(10, 40)]
        orphans = [new_span(i, 900 + i % 5) for i in range(50, 80)]
        store.append([*orphans, *below, *roots]).result()
        tops: list[int] = []
        after = None
        while rows := store.top_spans(TRACE, after, 4):
            tops += numbers(rows)
            after = SpanPosition.of(rows[-1])
        assert tops == numbers(store.top_spans(TRACE, None, 100))
        assert sorted(tops) == [*range(1, 8), *range(50, 80)]
        children: list[SpanRow] = []
        after = None
        while rows := store.child_spans(TRACE, span_id(1), after, 7):
            children += rows
            after = SpanPosition.of(rows[-1])
        assert sorted(numbers(children)) == list(range(10, 40))
        assert children == sorted(children, key=lambda row: (row.start_time_ns, row.span_id))
        every: list[int] = []
        last = None
        while rows := store.span_page(TRACE, last, 9):
            every += numbers(rows)
            last = rows[-1].span_id
        assert every == sorted([*range(1, 8), *range(10, 40), *range(50, 80)])

    def test_what_lies_below_a_span_is_summed_up_to_a_limit(self, store: TraceStore) -> None:
        spans = [
            new_span(1),
            model_call(2, 1, usage=Usage(10, 5, 3), cost_nano_usd=7),
            new_span(3, 1, status="ERROR"),
            model_call(4, 3, usage=Usage(1, 2), cost_nano_usd=1, status="ERROR"),
            new_span(5, 4),
        ]
        store.append([*spans, new_span(5, 4, trace=trace_id(9))]).result()
        assert store.subtree(TRACE, span_id(1), 4) == SubtreeTotals(2, 4, 2, Usage(11, 7, 3), 8)
        # The nearest are summed first.
        assert store.subtree(TRACE, span_id(1), 2) == SubtreeTotals(
            2, 2, 1, Usage(10, 5, 3), 7, is_partial=True
        )
        assert store.subtree(TRACE, span_id(5), 10) == SubtreeTotals()
        assert store.subtree(trace_id(77), span_id(1), 10) == SubtreeTotals()

    def test_spans_that_are_each_others_parents_end_within_the_limit(self, store: TraceStore) -> None:
        store.append([new_span(1, 2), new_span(2, 1)]).result()
        assert store.subtree(TRACE, span_id(1), 50).is_partial

    def test_a_trace_tells_whether_its_root_has_come(self, store: TraceStore) -> None:
        def has_root() -> bool:
            kept = store.trace(TRACE)
            assert kept is not None
            return kept.row.has_root

        store.append([new_span(2, 1)]).result()
        assert not has_root()
        store.append([new_span(1)]).result()
        assert has_root()
        store.append([new_span(3, 1)]).result()
        assert has_root()

    def test_each_change_of_a_trace_has_a_higher_number(self, store: TraceStore) -> None:
        seen = [store.last_change()]

        def changed() -> list[bytes]:
            found = store.changes(seen[-1], 100)
            assert found is not None
            seen.append(store.last_change())
            assert [each.number for each in found] == sorted(each.number for each in found)
            assert not found or found[-1].number == seen[-1].number > seen[-2].number
            for each in found:
                assert store.trace(each.trace.row.trace_id) == each.trace
            return [each.trace.row.trace_id for each in found]

        assert changed() == []
        store.append([new_span(1), new_span(1, trace=trace_id(7))]).result()
        assert changed() == [TRACE, trace_id(7)]
        store.append([new_span(1)]).result()
        assert changed() == []
        store.append([new_span(2, 1)]).result()
        assert changed() == [TRACE]
        judged = judgement(1).assessment_id
        assert store.edit_trace(TRACE, TraceEdit({"a": "b"})).result()
        assert changed() == [TRACE]
        assert store.add_assessment(judgement(1)).result()
        assert changed() == [TRACE]
        assert store.update_assessment(TRACE, judged, content(value=False), 5).result()
        assert changed() == [TRACE]
        assert store.delete_assessment(TRACE, judged).result()
        assert changed() == [TRACE]
        assert store.delete_traces([TRACE]).result() == 1
        assert changed() == []

    def test_a_trace_that_changed_often_is_told_once(self, store: TraceStore) -> None:
        start = store.last_change()
        for number in range(1, 6):
            store.append([new_span(number), new_span(number, trace=trace_id(number))]).result()
        found = store.changes(start, 100)
        assert found is not None
        assert [each.trace.row.trace_id for each in found] == [
            *map(trace_id, range(1, 5)),
            TRACE,
            trace_id(5),
        ]
        part = store.changes(start, 2)
        assert part == found[:2]
        assert store.changes(ChangePosition(start.history, found[1].number), 100) == found[2:]

    def test_numbers_go_on_after_the_newest_trace_was_deleted(self, store: TraceStore) -> None:
        store.append([new_span(1)]).result()
        seen = store.last_change()
        store.delete_traces([TRACE]).result()
        store.append([new_span(1)]).result()
        found = store.changes(seen, 10)
        assert found is not None
        assert [each.trace.row.trace_id for each in found] == [TRACE]

    def test_a_position_of_another_store_or_of_the_future_is_not_known(
        self, store: TraceStore, tmp_path: Path
    ) -> None:
        folder = tmp_path / "other"
        folder.mkdir()
        other = self.open(folder)
        there = other.last_change()
        other.close()
        here = store.last_change()
        assert store.changes(there, 10) is None
        assert store.changes(ChangePosition(here.history, here.number + 1), 10) is None

    def test_another_opening_of_the_store_sees_the_numbers(self, store: TraceStore, tmp_path: Path) -> None:
        start = store.last_change()
        other = self.open(tmp_path)
        other.append([new_span(1)]).result()
        found = store.changes(start, 10)
        other.close()
        assert found is not None
        assert [each.trace.row.trace_id for each in found] == [TRACE]

    def test_a_search_looks_only_among_the_traces_that_are_named(self, store: TraceStore) -> None:
        store.append([new_span(1, trace=trace_id(number)) for number in range(1, 6)]).result()

        def found(*among: int) -> list[int]:
            page = store.search(TraceSearch(among=tuple(map(trace_id, among))))
            return sorted(int.from_bytes(each.trace.row.trace_id, "big") for each in page)

        assert found(2, 4, 99) == [2, 4]
        assert found() == []

    def test_a_judgement_whose_id_is_known_is_not_kept_again(self, store: TraceStore) -> None:
        store.append([new_span(1), new_span(1, trace=trace_id(7))]).result()
        assert store.add_assessment(judgement(1)).result()
        assert not store.add_assessment(judgement(1, value="other")).result()
        assert store.assessments(TRACE) == [judgement(1)]
