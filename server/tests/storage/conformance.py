"""What every store must do: one test for each promise of `outcrop_server.storage.api`.

An engine's test module derives a class from `TraceStoreConformance` and says how a store is opened.
"""

from __future__ import annotations

import os
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

import pytest

from outcrop.genai.usage import Usage
from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import Failure, TracePosition, TraceRow
from outcrop_server.storage.api import TraceStore
from server.tests.storage.ageing_conformance import AgeingConformance
from server.tests.storage.aggregate_conformance import AggregateConformance
from server.tests.storage.binaries_conformance import BinariesConformance
from server.tests.storage.experiment_conformance import ExperimentConformance
from server.tests.storage.judging_conformance import JudgingConformance
from server.tests.storage.note_conformance import NoteConformance
from server.tests.storage.text_conformance import TextConformance
from server.tests.storage.token_conformance import TokenConformance
from server.tests.storage.tree_conformance import TreeConformance
from server.tests.storage.view_conformance import ViewConformance
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, span_id, trace_id


def an_agents_trace() -> list[NewSpan]:
    """A root, two model calls, a tool between them."""
    error = Failure("ThrottlingException", "Slow down")
    return [
        new_span(
            1,
            name="agent",
            span_type="AGENT",
            status="OK",
            end_time_ns=START_NS + 900_000,
            request_preview="How is the weather?",
            response_preview="Sunny",
            session_id="s-1",
            tags={"team": "blue"},
            experiment="weather",
            is_experiment_named=True,
        ),
        model_call(
            2,
            1,
            request_preview="inner",
            tools=("get_weather",),
            attempts=3,
            usage=Usage(100, 20, 60, None),
            cost_nano_usd=4_100_000,
            vendor="anthropic",
            response_model="claude-answered",
        ),
        new_span(3, 1, name="get_weather", span_type="TOOL", tools=("get_weather",), user_id="u-1"),
        model_call(
            4,
            1,
            model="nova",
            status="ERROR",
            error=error,
            time_to_first_chunk_ns=77,
            is_stream=True,
            cost_reason="unknown-model",
        ),
    ]


class TraceStoreConformance(
    AgeingConformance,
    AggregateConformance,
    BinariesConformance,
    ExperimentConformance,
    JudgingConformance,
    NoteConformance,
    TextConformance,
    TokenConformance,
    TreeConformance,
    ViewConformance,
    ABC,
):
    """The suite."""

    # Appends one after the other, each looked at: of some engines each takes its time.
    appends = 30

    @abstractmethod
    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[TraceStore]:
        opened = self.open(tmp_path)
        yield opened
        opened.close()

    def test_a_trace_reads_as_its_spans_say(self, store: TraceStore) -> None:
        assert store.append(an_agents_trace()).result() == 4
        stored = store.trace(TRACE)
        assert stored is not None
        assert stored.row == TraceRow(
            trace_id=TRACE,
            experiment="weather",
            name="agent",
            status="OK",
            start_time_ns=START_NS + 1000,
            duration_ns=899_000,
            span_count=4,
            models=("claude", "nova"),
            usage=Usage(110, 25, 60, None),
            time_to_first_chunk_ns=77,
            attempts=3,
            request_preview="How is the weather?",
            response_preview="Sunny",
            tools=("get_weather",),
            session_id="s-1",
            user_id="u-1",
            tags={"team": "blue"},
            cost_nano_usd=4_100_000,
            unpriced_calls=1,
            cost_reason="unknown-model",
            longest_span_ns=899_000,
            shortest_span_ns=500,
        )

    def test_spans_come_back_as_they_were_in_order_of_start(self, store: TraceStore) -> None:
        spans = an_agents_trace()
        store.append(in_any_order(spans, 7)).result()
        assert store.spans(TRACE) == [span.row for span in spans]

    def test_a_payload_comes_back_byte_for_byte(self, store: TraceStore) -> None:
        spans = [new_span(i, payload=bytes([i]) * i * 1000) for i in range(5)]
        store.append(spans).result()
        for span in spans:
            assert store.span(TRACE, span.row.span_id) == (span.row, span.payload)

    def test_payloads_larger_than_any_buffer_come_back(self, store: TraceStore) -> None:
        spans = [new_span(i, payload=os.urandom(3_000_000)) for i in range(3)]
        store.append(spans).result()
        assert sorted(store.payloads(TRACE)) == sorted(span.payload for span in spans)

    def test_payloads_of_a_trace_come_all_whenever_they_were_appended(self, store: TraceStore) -> None:
        spans = [new_span(i) for i in range(20)]
        for span in spans:
            store.append([span, new_span(1, trace=trace_id(99))]).result()
        assert sorted(store.payloads(TRACE)) == sorted(span.payload for span in spans)

    def test_what_is_not_there_is_none_or_empty(self, store: TraceStore) -> None:
        store.append([new_span(1)]).result()
        assert store.trace(trace_id(404)) is None
        assert store.spans(trace_id(404)) == []
        assert store.span(TRACE, span_id(404)) is None
        assert store.span(trace_id(404), span_id(1)) is None
        assert list(store.payloads(trace_id(404))) == []
        assert store.traces("nobody used this", None, 10) == []

    def test_an_empty_append_succeeds(self, store: TraceStore) -> None:
        assert store.append([]).result() == 0

    def test_the_same_span_twice_is_kept_once_and_stays_as_it_was(self, store: TraceStore) -> None:
        first = new_span(1, name="first", usage=Usage(1, 1))
        again = new_span(1, name="again", usage=Usage(9, 9))
        assert store.append([first, again]).result() == 1
        assert store.append([again]).result() == 0
        stored = store.trace(TRACE)
        assert stored is not None
        assert (stored.row.name, stored.row.span_count, stored.row.usage) == ("first", 1, Usage(1, 1))
        assert store.span(TRACE, span_id(1)) == (first.row, first.payload)
        assert list(store.payloads(TRACE)) == [first.payload]

    def test_a_retried_batch_with_new_spans_adds_only_these(self, store: TraceStore) -> None:
        spans = an_agents_trace()
        assert store.append(spans[:2]).result() == 2
        assert store.append(spans).result() == 2
        stored = store.trace(TRACE)
        assert stored is not None
        assert stored.row.usage == Usage(110, 25, 60, None)
        assert sorted(store.payloads(TRACE)) == sorted(span.payload for span in spans)

    def test_the_same_span_id_in_two_traces_is_two_spans(self, store: TraceStore) -> None:
        assert store.append([new_span(1), new_span(1, trace=trace_id(5))]).result() == 2

    @pytest.mark.parametrize("seed", range(6))
    def test_the_order_of_arrival_changes_nothing(self, store: TraceStore, seed: int) -> None:
        spans = an_agents_trace()
        shuffled = in_any_order(spans, seed)
        for span in shuffled:
            store.append([span]).result()
        store.append([span_of_another_trace(span) for span in spans]).result()
        one_by_one, together = store.trace(TRACE), store.trace(trace_id(1))
        assert one_by_one is not None
        assert together is not None
        assert one_by_one.experiment_id == together.experiment_id
        assert {**as_dict(one_by_one.row), "trace_id": None} == {**as_dict(together.row), "trace_id": None}

    def test_a_late_root_takes_over_and_moves_the_trace_to_its_experiment(self, store: TraceStore) -> None:
        root, *children = an_agents_trace()
        store.append(children).result()
        before = store.trace(TRACE)
        assert before is not None
        assert (before.row.name, before.row.experiment) == ("span 2", "Default")
        store.append([root]).result()
        assert [trace.row.name for trace in store.traces("weather", None, 10)] == ["agent"]
        assert store.traces("Default", None, 10) == []
        assert {e.name: e.trace_count for e in store.experiments()} == {"weather": 1, "Default": 0}

    def test_experiments_count_traces_and_errors_and_come_newest_first(self, store: TraceStore) -> None:
        failed = Failure("Boom", "it broke")
        for number, (name, status) in enumerate([("a", "OK"), ("b", "ERROR"), ("b", "OK"), ("a", "UNSET")]):
            error = failed if status == "ERROR" else None
            span = new_span(
                number,
                trace=trace_id(number),
                status=status,
                error=error,
                experiment=name,
                is_experiment_named=True,
            )
            store.append([span]).result()
        found = [(e.name, e.trace_count, e.error_count, e.last_trace_at_ns) for e in store.experiments()]
        assert found == [("a", 2, 0, START_NS + 3000), ("b", 2, 1, START_NS + 2000)]

    def test_an_error_that_arrives_with_the_late_root_is_counted(self, store: TraceStore) -> None:
        store.append([new_span(2, 1)]).result()
        assert [e.error_count for e in store.experiments()] == [0]
        store.append([new_span(1, status="ERROR", error=Failure("Boom", ""))]).result()
        assert [e.error_count for e in store.experiments()] == [1]

    def test_pages_hold_every_trace_once_where_many_start_together(self, store: TraceStore) -> None:
        # Three moments, eleven traces at each.
        spans = [
            new_span(1, trace=trace_id(i), start_time_ns=START_NS + i % 3, end_time_ns=START_NS + 10)
            for i in range(33)
        ]
        store.append(in_any_order(spans, 1)).result()
        expected = sorted(((START_NS + i % 3, trace_id(i)) for i in range(33)), reverse=True)
        for limit in (1, 2, 7, 33, 50):
            for experiment in (None, "Default"):
                assert list(all_positions(store, experiment, limit)) == expected

    def test_traces_that_come_while_pages_are_read_disturb_nothing(self, store: TraceStore) -> None:
        store.append([new_span(i, trace=trace_id(i)) for i in range(10)]).result()
        first = store.traces(None, None, 5)
        store.append([new_span(i, trace=trace_id(i)) for i in range(10, 20)]).result()
        last = first[-1].row
        second = store.traces(None, TracePosition(last.start_time_ns, last.trace_id), 50)
        assert [t.row.trace_id for t in first + second] == [trace_id(i) for i in reversed(range(10))]

    def test_names_in_any_script_and_with_odd_characters_survive(self, store: TraceStore) -> None:
        name = "日本 🪨 \x00 ' \" % _ \u202e"
        store.append(
            [new_span(1, name=name, experiment=name, is_experiment_named=True, tags={name: name})]
        ).result()
        (stored,) = store.traces(name, None, 10)
        assert (stored.row.name, stored.row.tags) == (name, {name: name})

    def test_threads_append_and_read_at_once(self, store: TraceStore) -> None:
        go = threading.Barrier(8)

        def write(worker: int) -> int:
            go.wait()
            kept = [
                store.append([new_span(worker * 100 + i), new_span(i, trace=trace_id(worker))])
                for i in range(25)
            ]
            assert len(store.traces(None, None, 10)) <= 9
            return sum(each.result() for each in kept)

        with ThreadPoolExecutor(8) as pool:
            counts = list(pool.map(write, range(1, 9)))
        assert counts == [50] * 8
        stored = store.trace(TRACE)
        assert stored is not None
        assert stored.row.span_count == len(store.spans(TRACE)) == 200

    def test_an_append_is_seen_by_reads_that_begin_after_it_is_done(self, store: TraceStore) -> None:
        for number in range(self.appends):
            store.append([new_span(number)]).result()
            assert store.span(TRACE, span_id(number)) is not None

    def test_two_open_stores_see_each_others_traces(self, store: TraceStore, tmp_path: Path) -> None:
        other = self.open(tmp_path)
        try:
            store.append([new_span(1)]).result()
            assert other.append([new_span(1), new_span(2, 1)]).result() == 1
            assert len(store.spans(TRACE)) == 2
        finally:
            other.close()

    def test_everything_is_there_after_reopening(self, tmp_path: Path) -> None:
        spans = an_agents_trace()
        first = self.open(tmp_path)
        first.append(spans).result()
        before = first.trace(TRACE)
        first.close()
        second = self.open(tmp_path)
        try:
            assert second.trace(TRACE) == before
            assert second.append(spans).result() == 0
        finally:
            second.close()

    def test_closing_commits_what_was_taken_and_takes_no_more(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        taken = [store.append([new_span(i)]) for i in range(50)]
        store.close()
        store.close()
        done, waiting = wait(taken, timeout=0)
        assert not waiting
        assert sum(each.result() for each in done) == 50
        with pytest.raises(UnavailableError):
            store.append([new_span(99)])

    def test_health_says_what_the_store_is_like_before_and_after_it_is_closed(self, tmp_path: Path) -> None:
        store = self.open(tmp_path)
        store.append([new_span(1)]).result()
        health = store.health()
        assert (health.is_open, health.writer_fault, health.disk_fault) == (True, None, None)
        assert (health.waiting_items, health.waiting_bytes) == (0, 0)
        assert sum(health.file_bytes.values()) > 0
        assert store.capabilities.engine
        store.close()
        assert not store.health().is_open


def in_any_order(spans: list[NewSpan], seed: int) -> list[NewSpan]:
    return random.Random(seed).sample(spans, len(spans))  # noqa: S311 - no secret


def span_of_another_trace(span: NewSpan) -> NewSpan:
    return span._replace(trace_id=trace_id(1))


def as_dict(row: TraceRow) -> dict[str, object]:
    return asdict(row)


def all_positions(store: TraceStore, experiment: str | None, limit: int) -> Iterator[TracePosition]:
    """Every trace's position, page by page."""
    after: TracePosition | None = None
    while page := store.traces(experiment, after, limit):
        for stored in page:
            after = TracePosition(stored.row.start_time_ns, stored.row.trace_id)
            yield after
