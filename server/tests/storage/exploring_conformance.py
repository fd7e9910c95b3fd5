"""The fourth part of the suite: facets, counts and sessions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outcrop.filter.parser import parse_filter
from outcrop.genai.usage import Usage
from outcrop_server.model.aggregates import Count, FacetValue, SessionPosition, SessionQuery, SessionRow
from outcrop_server.model.rows import TracePosition
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.timeline import Bar, Timeline
from outcrop_server.storage.api import TraceStore
from server.tests.support.aggregates import START_S, S, a_trace
from server.tests.support.spans import START_NS, new_span, trace_id


class ExploringConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    @pytest.fixture
    def several(self, store: TraceStore) -> TraceStore:
        """Traces of two experiments, four minutes, two sessions and two users; one failed."""
        in_b: dict[str, Any] = {"experiment": "b", "is_experiment_named": True}
        tagged: dict[str, Any] = {"tags": {"team": "blue"}}
        for spans in (
            a_trace(1, 0, session_id="s-1", user_id="ann", **tagged),
            a_trace(2, 1, session_id="s-1", user_id="bob", failed="Throttled", **tagged),
            a_trace(3, 20, session_id="s-2", user_id="ann", **in_b),
            a_trace(4, 300, tools=("search",), **in_b),
        ):
            store.append(spans).result()
        return store

    def test_facets_count_each_trace_once_for_each_value(self, several: TraceStore) -> None:
        facets = several.facets(TraceSearch(), 10, 100)
        assert (facets.trace_count, facets.is_exact) == (4, True)
        assert facets.values == {
            "status": [FacetValue("OK", 3), FacetValue("ERROR", 1)],
            "model": [FacetValue("claude", 4), FacetValue("titan", 4)],
            "operation": [FacetValue("chat", 4), FacetValue("embed", 4)],
            "error": [FacetValue("Throttled", 1)],
            "tool": [FacetValue("search", 1)],
            "session": [FacetValue("s-1", 2), FacetValue("s-2", 1)],
            "user": [FacetValue("ann", 2), FacetValue("bob", 1)],
            "tag": [FacetValue("blue", 2, "team")],
        }

    def test_facets_are_of_the_search_and_cut_to_the_top(self, several: TraceStore) -> None:
        facets = several.facets(TraceSearch(parse_filter("user = 'ann'"), experiments=("b",)), 1, 100)
        assert facets.trace_count == 1
        assert facets.values["session"] == [FacetValue("s-2", 1)]
        assert facets.values["model"] == [FacetValue("claude", 1)]
        assert facets.values["error"] == []

    def test_facets_of_too_many_traces_are_of_the_newest_and_say_so(self, several: TraceStore) -> None:
        facets = several.facets(TraceSearch(), 10, 2)
        assert (facets.trace_count, facets.is_exact) == (2, False)
        assert facets.values["session"] == [FacetValue("s-2", 1)]
        assert several.facets(TraceSearch(), 10, 4).is_exact

    def test_counts_are_exact_without_a_filter_and_bounded_with_one(self, several: TraceStore) -> None:
        failed = TraceSearch(parse_filter("status = 'ERROR'"))
        fine = TraceSearch(parse_filter("status = 'OK'"))
        assert several.count(TraceSearch(), 1) == Count(4, is_exact=True)
        assert several.count(TraceSearch(experiments=("b",)), 1) == Count(2, is_exact=True)
        assert several.count(failed, 10) == Count(1, is_exact=True)
        assert several.count(replace(failed, experiments=("b",)), 10) == Count(0, is_exact=True)
        assert several.count(fine, 3) == Count(3, is_exact=True)
        assert several.count(fine, 2) == Count(2, is_exact=False)

    def test_a_timeline_says_when_the_traces_began_and_how_many_failed(self, several: TraceStore) -> None:
        of_all = [
            Bar((START_S + seconds) // 60 * 60, 1, errors)
            for seconds, errors in ((0, 0), (60, 1), (1200, 0), (18_000, 0))
        ]
        assert several.timeline(TraceSearch(), 60, 10) == Timeline(of_all, is_exact=True)
        days = several.timeline(TraceSearch(), 86_400, 10)
        assert sum(bar.traces for bar in days.bars) == 4
        failed = TraceSearch(parse_filter("status = 'ERROR'"))
        assert several.timeline(failed, 60, 10) == Timeline([of_all[1]], is_exact=True)
        assert several.timeline(replace(failed, experiments=("b",)), 60, 10) == Timeline([], is_exact=True)
        assert several.timeline(TraceSearch(), 60, 2) == Timeline(of_all[2:], is_exact=False)

    def test_sessions_sum_up_their_traces(self, several: TraceStore) -> None:
        ids = {row.name: row.experiment_id for row in several.experiments()}
        second = SessionRow(
            session_id="s-2",
            experiment="b",
            experiment_id=ids["b"],
            trace_count=1,
            error_count=0,
            first_start_ns=(START_S + 1200) * S,
            last_start_ns=(START_S + 1200) * S,
            usage=Usage(110, 5, 60, 30),
            cost_nano_usd=5,
            unpriced_calls=1,
        )
        first = SessionRow(
            session_id="s-1",
            experiment="Default",
            experiment_id=ids["Default"],
            trace_count=2,
            error_count=1,
            first_start_ns=START_S * S,
            last_start_ns=(START_S + 60) * S,
            usage=Usage(220, 10, 120, 60),
            cost_nano_usd=10,
            unpriced_calls=2,
        )
        assert several.sessions(SessionQuery()) == [second, first]
        assert several.sessions(SessionQuery(experiments=("b",))) == [second]
        assert several.sessions(SessionQuery(experiments=("Default", "nobody"))) == [first]
        assert several.sessions(SessionQuery(session_id="s-1")) == [first]
        several.delete_traces([trace_id(2), trace_id(3)]).result()
        (left,) = several.sessions(SessionQuery())
        assert (left.trace_count, left.error_count, left.last_start_ns) == (1, 0, START_S * S)

    def test_a_sessions_traces_come_in_pages_from_its_first(self, several: TraceStore) -> None:
        several.append(a_trace(5, 0, session_id="s-1", experiment="b", is_experiment_named=True)).result()
        for limit in (1, 2, 9):
            for experiment, expected in ((None, [1, 5, 2]), ("b", [5]), ("Default", [1, 2]), ("nobody", [])):
                seen: list[bytes] = []
                after: TracePosition | None = None
                while page := several.session_traces("s-1", experiment, after, limit):
                    seen += [stored.row.trace_id for stored in page]
                    after = TracePosition(page[-1].row.start_time_ns, seen[-1])
                assert seen == [trace_id(number) for number in expected]
        assert several.session_traces("nobody", None, None, 9) == []

    def test_pages_hold_every_session_once_where_many_end_together(self, store: TraceStore) -> None:
        spans = [
            new_span(
                1,
                trace=trace_id(number),
                start_time_ns=START_NS + number % 3,
                end_time_ns=START_NS + 10,
                session_id=f"s-{number // 2}",
                experiment=f"e-{number % 2}",
                is_experiment_named=True,
            )
            for number in range(30)
        ]
        store.append(spans).result()
        for limit in (1, 4, 30, 99):
            for experiments, expected in (((), 30), (("e-0",), 15), (("e-0", "e-1"), 30)):
                query = SessionQuery(experiments, limit=limit)
                seen: list[tuple[int, str, str]] = []
                while page := store.sessions(query):
                    seen += [(row.last_start_ns, row.experiment_id, row.session_id) for row in page]
                    query = replace(query, after=SessionPosition(*seen[-1]))
                assert len(set(seen)) == len(seen) == expected
                assert [each[0] for each in seen] == sorted((each[0] for each in seen), reverse=True)
