"""The eighth part of the suite: what lies in payloads is found, at once and later."""

from __future__ import annotations

from pathlib import Path

import pytest

from outcrop.filter.parser import parse_filter
from outcrop_server.model.aggregates import AggregateQuery
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.scoped import ScopedStore
from server.tests.support.spans import trace_id
from server.tests.support.texts import found, saying


class TextConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def prepare(self, store: TraceStore) -> None:
        """Brings the store's preparation as far as its spans, where it has any."""

    @pytest.mark.parametrize("is_filled", [False, True])
    def test_what_payloads_say_is_found(self, store: TraceStore, is_filled: bool) -> None:
        store.append(
            [
                saying(1, "Where is my refund for order A-4711?", region="us-east-1", tries=3),
                saying(2, ["東京タワーへ行きたい", {"city": "Zürich", "count": 5}]),
                saying(3, "A refusal. order: none", region="eu-west-1"),
            ]
        ).result()
        if is_filled:
            self.prepare(store)
        for text, numbers in {
            "refund": {1},
            "REFU": {1, 3},
            "eFu": {1, 3},
            '"refund for order"': {1},
            '"refund  for"': set[int](),
            "A-4711": {1},
            "タワー": {2},
            "東京": {2},
            "京東": set[int](),
            "Zürich": {2},
            "refund OR Zürich": {1, 2},
            "order NOT refund": {3},
            "span.content LIKE '%order%'": {1, 3},
            "span.content LIKE 'A refusal%'": {3},
            "span.content = 'A refusal. order: none'": {3},
            "span.content RLIKE 'A-\\d{4}'": {1},
            "span.content RLIKE '(refund|refusal).*order'": {1, 3},
            "NOT span.content ILIKE '%ORDER%'": {2},
            "span.attributes.region = 'us-east-1'": {1},
            "span.attributes.region LIKE '%-1' AND span.content LIKE '%none%'": {3},
            "span.attributes.tries > 2": {1},
            "span.attributes.region IS NOT NULL": {1, 3},
            "span.attributes.nowhere IS NOT NULL": set[int](),
            "us-east": set[int](),
            "name RLIKE '^span [12]$'": {1, 2},
        }.items():
            assert found(store, text) == numbers, text

    def test_pages_of_words_hold_each_trace_once(self, store: TraceStore) -> None:
        store.append([saying(number, f"common word {number}") for number in range(1, 8)]).result()
        self.prepare(store)
        store.append([saying(number, f"common word {number}") for number in range(8, 12)]).result()
        search = TraceSearch(parse_filter("common"), limit=3)
        numbers: list[int] = []
        while page := store.search(search):
            numbers += [int.from_bytes(each.trace.row.trace_id, "big") for each in page]
            search = TraceSearch(search.where, limit=3, after=page[-1].position)
        assert numbers == list(range(11, 0, -1))

    def test_spans_that_come_later_are_found_in_their_trace(self, store: TraceStore) -> None:
        store.append([saying(1, "early", trace=7)]).result()
        self.prepare(store)
        store.append([saying(2, "late", trace=7)]).result()
        assert found(store, "early AND late") == {7}
        self.prepare(store)
        assert found(store, "early AND late") == {7}
        store.append([saying(2, "never kept", trace=7)]).result()
        self.prepare(store)
        assert found(store, "never") == set()

    def test_what_was_deleted_is_not_found_and_its_successor_is(self, store: TraceStore) -> None:
        store.append([saying(1, "first"), saying(2, "second secret")]).result()
        self.prepare(store)
        store.delete_traces([trace_id(2)]).result()
        assert found(store, "secret") == set()
        # An engine may give the new one the key of the old.
        store.append([saying(3, "third secret of others", trace=2)]).result()
        assert found(store, "second") == set()
        self.prepare(store)
        assert (found(store, "second"), found(store, "secret"), found(store, "first")) == (set(), {2}, {1})

    def test_counts_and_charts_take_the_same_filters(self, store: TraceStore) -> None:
        store.append([saying(1, "blue"), saying(2, "blue"), saying(3, "red")]).result()
        search = TraceSearch(parse_filter("blue"))
        assert store.count(search, 10).count == 2
        assert store.facets(search, 5, 10).trace_count == 2
        assert sum(bar.traces for bar in store.timeline(search, 60, 10).bars) == 2
        (group,) = store.aggregate(AggregateQuery(where=search.where)).groups
        assert group.traces is not None
        assert group.traces.count == 2

    def test_nothing_waits_where_all_was_looked_at(self, store: TraceStore) -> None:
        store.append([saying(number, "said") for number in range(1, 5)]).result()
        assert store.words_waiting() == 0
        self.prepare(store)
        assert store.words_waiting() == ScopedStore(store, frozenset({"other"})).words_waiting() == 0

    def test_filling_is_begun_once_and_survives_a_second_opening(
        self, store: TraceStore, tmp_path: Path
    ) -> None:
        store.start_filling()
        store.start_filling()
        store.append([saying(1, "kept")]).result()
        other = self.open(tmp_path)
        other.start_filling()
        assert found(other, "kept") == {1}
        other.close()
        assert found(store, "kept") == {1}
