"""The second half of the suite: searching, judging and deleting. `conformance` has the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outcrop.filter.parser import parse_filter, parse_order
from outcrop.genai.usage import Usage
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import Failure
from outcrop_server.model.search import NEWEST_FIRST, TraceSearch
from outcrop_server.storage.api import TraceStore
from server.tests.support.annotations import content, judgement
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, span_id, trace_id

MS = 1_000_000
ODD = 'o\'dd "key" %_*?[] \\ 日本 ; DROP TABLE trace --'


def searched_traces() -> list[NewSpan]:
    """Trace 1 is plain, 2 failed, 3 asked two models and called a tool, 4 is of another experiment."""
    error = Failure("ThrottlingException", "Slow down")
    return [
        new_span(1, trace=trace_id(1), name="Plain", end_time_ns=START_NS + 5 * MS, tags={"team": "blue"}),
        new_span(2, trace=trace_id(2), name="failed", status="ERROR", error=error, session_id="s-1"),
        new_span(
            3,
            trace=trace_id(3),
            name="agent",
            status="OK",
            end_time_ns=START_NS + 3_000 * MS,
            tags={ODD: ODD, "team": "red"},
            metadata={"git.commit": "abc"},
            user_id="u-1",
            request_preview="What is 100% of *?",
        ),
        model_call(4, 3, trace=trace_id(3), model="claude-3", tools=("search",), cost_nano_usd=2_000_000_000),
        model_call(5, 3, trace=trace_id(3), model="nova", usage=Usage(100, 50)),
        new_span(6, trace=trace_id(4), name="other", experiment="E", is_experiment_named=True),
    ]


FILTERS: list[tuple[str, list[int]]] = [
    ("", [4, 3, 2, 1]),
    ("status = 'ERROR'", [2]),
    # A trace that nobody marked as failed is OK.
    ("status = 'OK'", [4, 3, 1]),
    ("status IN ('OK', 'ERROR') AND attributes.name = 'agent'", [3]),
    ("name LIKE 'P%'", [1]),
    ("name LIKE 'p%'", []),
    ("name ILIKE 'p%'", [1]),
    ("name NOT LIKE 'P%'", [4, 3, 2]),
    ("name LIKE '_ther'", [4]),
    ("attributes.model LIKE '%claude%'", [3]),
    ("attributes.model = 'nova' AND model = 'claude-3'", [3]),
    # The negative is what the positive does not find, traces without any included.
    ("attributes.model != 'nova'", [4, 2, 1]),
    ("model IS NULL", [4, 2, 1]),
    ("tool = 'search'", [3]),
    ("tags.team = 'blue'", [1]),
    ("tags.team != 'blue'", [4, 3, 2]),
    ("tag.team IS NOT NULL", [3, 1]),
    ("tags.team IN ('blue', 'red')", [3, 1]),
    ("tags.team NOT IN ('blue')", [4, 3, 2]),
    (f"tags.`{ODD}` = '{ODD.replace(chr(39), chr(39) * 2)}'", [3]),
    (f"tags.`{ODD}` LIKE '%DROP%'", [3]),
    ("metadata.git.commit = 'abc'", [3]),
    ("session_id = 's-1'", [2]),
    ("user_id IS NULL", [4, 2, 1]),
    ("error_type = 'ThrottlingException'", [2]),
    ("trace.text LIKE '%100\\%%'", []),
    ("trace.text LIKE '%100% of *?'", [3]),
    ("prompt LIKE '%*_'", [3]),
    ("span.name = 'span 4'", [3]),
    ("span.type = 'LLM' AND span.model = 'nova'", [3]),
    ("span.status = 'ERROR'", [2]),
    ("span.execution_time > 2000", [3]),
    ("execution_time >= 2999", [3]),
    ("execution_time < 2999 AND execution_time_ms >= 4", [1]),
    (f"timestamp = {START_NS // MS}", [4, 3, 2, 1]),
    (f"timestamp > {START_NS // MS}", []),
    ("total_tokens = 165", [3]),
    ("input_tokens >= 110", [3]),
    ("cost > 1.99 AND cost <= 2", [3]),
    ("cost IS NULL", [4, 2, 1]),
    ("span_count > 1", [3]),
    (f"trace_id = 'tr-{trace_id(2).hex().upper()}'", [2]),
    ("feedback.correct = true", [1]),
    ("feedback.correct = 'false'", [2]),
    ("feedback.score > 0.4", [1]),
    ("feedback.score > 0.5", []),
    ("feedback.score IN (0.5, 7)", [1]),
    ("feedback.words LIKE '%good%'", [2]),
    ("feedback.words = 7", []),
    ("expectation.correct = true", []),
    ("expectation.answer = '42'", [3]),
    ("expectation.answer = 42", [3]),
    ("feedback.nothing IS NULL AND feedback.correct IS NOT NULL", [2, 1]),
]


class JudgingConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    @pytest.fixture
    def searched(self, store: TraceStore) -> TraceStore:
        store.append(searched_traces()).result()
        judged: list[tuple[int, str, Any, str]] = [
            (1, "correct", True, "feedback"),
            (1, "score", 0.5, "feedback"),
            (2, "correct", False, "feedback"),
            (2, "words", "not good", "feedback"),
            (3, "answer", 42, "expectation"),
        ]
        given = [
            store.add_assessment(judgement(number, name, value, trace_id(trace), kind=kind))
            for number, (trace, name, value, kind) in enumerate(judged)
        ]
        assert all(each.result() for each in given)
        return store

    @pytest.mark.parametrize(("text", "expected"), FILTERS)
    def test_a_filter_finds_what_fits(self, searched: TraceStore, text: str, expected: list[int]) -> None:
        assert found(searched, TraceSearch(parse_filter(text))) == expected

    def test_experiments_narrow_a_search(self, searched: TraceStore) -> None:
        assert found(searched, TraceSearch(experiments=("E",))) == [4]
        assert found(searched, TraceSearch(experiments=("E", "Default", "nobody"))) == [4, 3, 2, 1]
        assert found(searched, TraceSearch(experiments=("nobody",))) == []

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (["timestamp"], [1, 2, 3, 4]),
            (["execution_time DESC"], [3, 1, 4, 2]),
            (["status", "timestamp DESC"], [2, 4, 3, 1]),
            (["status DESC", "name ASC"], [1, 3, 4, 2]),
            (["cost DESC", "trace_id"], [3, 1, 2, 4]),
            (["total_tokens", "request_id DESC"], [4, 2, 1, 3]),
            (["span_count DESC"], [3, 4, 2, 1]),
        ],
    )
    @pytest.mark.parametrize("limit", [1, 3, 10])
    def test_pages_hold_every_trace_once_in_any_order(
        self, searched: TraceStore, order: list[str], expected: list[int], limit: int
    ) -> None:
        search = TraceSearch(order=parse_order(order), limit=limit)
        assert found(searched, search) == expected

    def test_pages_of_traces_that_are_alike_hold_every_one_once(self, store: TraceStore) -> None:
        spans = [new_span(1, trace=trace_id(i), name="same", start_time_ns=START_NS) for i in range(1, 30)]
        store.append(spans).result()
        for order in (NEWEST_FIRST, parse_order(["name", "timestamp DESC"]), parse_order(["name"])):
            expected = list(range(1, 30))
            is_newest_first = order[-1].is_descending
            search = TraceSearch(order=order, limit=7)
            assert found(store, search) == (expected[::-1] if is_newest_first else expected)

    def test_an_edited_tag_stays_whatever_spans_say_later(self, store: TraceStore) -> None:
        store.append([new_span(1, tags={"a": "span", "b": "span", "c": "span"})]).result()
        assert store.edit_trace(TRACE, TraceEdit({"a": "mine", "b": None, "d": None}, {"m": "1"})).result()
        assert tags(store) == {"a": "mine", "c": "span"}
        late = {"a": "late", "b": "late", "c": "late", "d": "late"}
        store.append([new_span(2, 1, tags=late, metadata={"m": "late", "n": "late"})]).result()
        assert tags(store) == {"a": "mine", "c": "late"}
        assert row(store).metadata == {"m": "1", "n": "late"}
        assert store.edit_trace(TRACE, TraceEdit({"b": "back"})).result()
        assert tags(store) == {"a": "mine", "b": "back", "c": "late"}
        assert found(store, TraceSearch(parse_filter("tags.a = 'mine' AND tags.d IS NULL"))) != []

    def test_an_edit_changes_nothing_else(self, store: TraceStore) -> None:
        store.append([new_span(1, tags={"t": "1"}, session_id="s"), model_call(2, 1)]).result()
        before = row(store)
        assert store.edit_trace(TRACE, TraceEdit({"x": "y"})).result()
        assert row(store) == replace(before, tags={"x": "y", "t": "1"})

    def test_what_is_not_there_cannot_be_edited_or_judged(self, store: TraceStore) -> None:
        assert not store.edit_trace(TRACE, TraceEdit({"a": "b"})).result()
        assert not store.add_assessment(judgement(1)).result()
        assert not store.update_assessment(TRACE, "a-1", content(), 1).result()
        assert not store.delete_assessment(TRACE, "a-1").result()
        assert store.assessments(TRACE) == []
        store.append([new_span(1)]).result()
        assert store.assessments(TRACE) == []
        assert tags(store) == {}

    def test_judgements_come_back_as_they_were_in_order(self, store: TraceStore) -> None:
        store.append([new_span(1), new_span(1, trace=trace_id(7))]).result()
        full = replace(
            judgement(2, author="ann"),
            content=content(
                ODD,
                {"a": [1, 2.5, None, "\x00 日本"]},
                source_type="LLM_JUDGE",
                source_id=ODD,
                rationale=ODD,
                metadata={ODD: ODD},
                span_id=span_id(1),
            ),
        )
        given = [
            judgement(3, "answer", "42", kind="expectation"),
            full,
            judgement(1, value=None),
        ]
        for each in given:
            assert store.add_assessment(each).result()
        assert store.add_assessment(judgement(1, trace=trace_id(7))).result()
        assert store.assessments(TRACE) == given
        together = store.assessments_of([trace_id(7), TRACE, trace_id(8)])
        assert together == {TRACE: given, trace_id(7): store.assessments(trace_id(7))}
        assert store.assessments_of([]) == {}

    def test_a_judgement_can_be_changed_and_deleted_by_its_trace_alone(self, store: TraceStore) -> None:
        store.append([new_span(1), new_span(1, trace=trace_id(7))]).result()
        first, second = judgement(1), judgement(2)
        for each in (first, second):
            store.add_assessment(each).result()
        other = content("other", "text", rationale="because")
        assert not store.update_assessment(trace_id(7), first.assessment_id, other, 5).result()
        assert not store.delete_assessment(trace_id(7), first.assessment_id).result()
        assert store.update_assessment(TRACE, first.assessment_id, other, 5).result()
        assert store.assessments(TRACE) == [replace(first, content=other, updated_at_ns=5), second]
        assert store.delete_assessment(TRACE, first.assessment_id).result()
        assert store.assessments(TRACE) == [second]

    def test_a_deleted_trace_is_gone_with_all_that_was_known_of_it(self, store: TraceStore) -> None:
        store.append([new_span(1, tags={"a": "b"}), new_span(2, 1), new_span(1, trace=trace_id(7))]).result()
        store.add_assessment(judgement(1)).result()
        store.edit_trace(TRACE, TraceEdit({"a": None})).result()
        assert store.delete_traces([TRACE, TRACE, trace_id(404)]).result() == 1
        assert store.trace(TRACE) is None
        assert (store.spans(TRACE), list(store.payloads(TRACE)), store.assessments(TRACE)) == ([], [], [])
        assert store.span(TRACE, span_id(1)) is None
        assert len(store.spans(trace_id(7))) == 1
        assert [e.trace_count for e in store.experiments()] == [1]
        # What comes later begins anew: the old edits are forgotten with the rest.
        store.append([new_span(3, 1, tags={"a": "new"})]).result()
        assert (tags(store), row(store).span_count) == ({"a": "new"}, 1)

    def test_the_oldest_of_an_experiment_are_deleted_first_up_to_the_limits(self, store: TraceStore) -> None:
        spans = [
            new_span(i, trace=trace_id(i), experiment=name, is_experiment_named=True)
            for i, name in enumerate(["a", "b", "a", "a", "a", "b"], start=1)
        ]
        store.append(spans).result()
        assert store.delete_oldest("a", START_NS + 4000, 2).result() == 2
        assert found(store, TraceSearch()) == [6, 5, 4, 2]
        assert store.delete_oldest("a", START_NS + 4000, 10).result() == 1
        assert store.delete_oldest("a", START_NS + 4000, 10).result() == 0
        assert store.delete_oldest("nobody", 2**63 - 1, 10).result() == 0
        assert found(store, TraceSearch()) == [6, 5, 2]

    def test_payloads_of_a_trace_that_is_deleted_meanwhile_end_early(self, store: TraceStore) -> None:
        for number in range(1, 4):
            store.append([new_span(number)]).result()
        payloads = store.payloads(TRACE)
        next(payloads)
        store.delete_traces([TRACE]).result()
        assert len(list(payloads)) <= 2

    def test_payloads_never_go_on_with_those_of_another_trace(self, store: TraceStore) -> None:
        for number in range(1, 4):
            store.append([new_span(number)]).result()
        own = set(store.payloads(TRACE))
        payloads = store.payloads(TRACE)
        given = [next(payloads)]
        store.delete_traces([TRACE]).result()
        # What is kept now may lie where those of the deleted trace did.
        for number in range(1, 9):
            store.append([new_span(number, trace=trace_id(2))]).result()
        given += payloads
        assert set(given) <= own

    def test_changes_are_there_after_reopening(self, tmp_path: Path) -> None:
        first = self.open(tmp_path)
        first.append([new_span(1, tags={"a": "span"}), new_span(1, trace=trace_id(7))]).result()
        first.edit_trace(TRACE, TraceEdit({"a": None, "b": "mine"})).result()
        first.add_assessment(judgement(1)).result()
        first.delete_traces([trace_id(7)]).result()
        first.close()
        second = self.open(tmp_path)
        try:
            second.append([new_span(2, 1, tags={"a": "late"})]).result()
            assert tags(second) == {"b": "mine"}
            assert second.assessments(TRACE) == [judgement(1)]
            assert second.trace(trace_id(7)) is None
        finally:
            second.close()


def found(store: TraceStore, search: TraceSearch) -> list[int]:
    """The numbers of all traces that fit, page by page."""
    numbers: list[int] = []
    after: Sequence[Any] | None = None
    while page := store.search(replace(search, after=None if after is None else tuple(after))):
        assert len(page) <= search.limit
        numbers += [int.from_bytes(each.trace.row.trace_id, "big") for each in page]
        after = page[-1].position
    return numbers


def row(store: TraceStore) -> Any:
    stored = store.trace(TRACE)
    assert stored is not None
    return stored.row


def tags(store: TraceStore) -> dict[str, str]:
    stored = store.trace(TRACE)
    assert stored is not None
    return stored.row.tags
