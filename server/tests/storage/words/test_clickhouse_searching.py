"""Searches of texts in ClickHouse: few payloads are read, time is bounded, with an index and without."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from outcrop.filter.parser import parse_filter
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.span_text import SpanText
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.clickhouse import fitting, searching
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.clickhouse.words import trace_texts, waiting, word_index
from server.tests.support.spans import new_span, trace_id
from server.tests.support.texts import found, saying

if TYPE_CHECKING:
    from outcrop_server.model.new_span import NewSpan
    from server.tests.support.clickhouse import Clickhouse

_DAY_NS = 86_400 * 10**9
# Days of which each has a partition of its own.
_FIRST_NS = (time.time_ns() // _DAY_NS - 8) * _DAY_NS


class Reading:
    """Reads texts and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, payload: bytes) -> SpanText:
        self.count += 1
        return read_text(payload)


def opened(uri: str, **given: Any) -> ClickhouseStore:
    return ClickhouseStore(uri, gather_s=0.0, patience_s=0.5, is_durable=False, **given)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading()


@pytest.fixture(scope="module", params=["with an index", "without"])
def kept(
    clickhouse: Clickhouse, reading: Reading, request: pytest.FixtureRequest
) -> Iterator[ClickhouseStore]:
    """Sixty traces over six days; no test changes them."""
    uri = clickhouse.new_database()
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "without":
            # As a version that has none.
            begin = Client.__init__

            def older(self: Client, *given: Any) -> None:
                begin(self, *given)
                self.has_text_index = False

            patch.setattr(Client, "__init__", older)
        with closing(opened(uri, search_s=60.0, read_text=reading)) as store:
            spans: list[NewSpan] = []
            for number in range(1, 61):
                span = saying(number, f"common, number{number} and one", place=f"p-{number}", size=number)
                start_ns = _FIRST_NS + number // 10 * _DAY_NS + number * 10**6
                row = span.row._replace(start_time_ns=start_ns, end_time_ns=start_ns + 500)
                spans.append(span._replace(row=row))
            store.append(spans).result()
            store.append([saying(1, "again")]).result()
            store.fill_words()
            yield store
    clickhouse.drop(uri)


@pytest.fixture
def uri(clickhouse: Clickhouse) -> Iterator[str]:
    made = clickhouse.new_database()
    yield made
    clickhouse.drop(made)


@pytest.fixture
def store(uri: str) -> Iterator[ClickhouseStore]:
    with closing(opened(uri)) as one:
        yield one


def test_only_payloads_that_can_fit_are_read(kept: ClickhouseStore, reading: Reading) -> None:
    for text, numbers, read in (
        # The index is sure of a word, and of what is in none.
        ("number17", {17}, 0),
        ("UMBER17", {17}, 0),
        ("nowhere", set[int](), 0),
        # A phrase, and a span's text, are looked at in those that have its words.
        ('"number17 and"', {17}, 1),
        ("span.content LIKE '%number17 and%'", {17}, 1),
        ("span.content RLIKE '(number17|number18) and'", {17, 18}, 2),
        ("span.attributes.place = 'p-17'", {17}, 1),
        ("span.attributes.size = 17", {17}, 1),
        # What equals it begins and ends where words do.
        ("span.attributes.place = 'p-1'", {1}, 1),
        ("span.attributes.place IN ('p-1', '-2')", {1}, 2),
        ("span.attributes.size IN (0.25, 18)", {18}, 1),
        ("span.content = 'common, number9 and one'", {9}, 1),
        ("span.content LIKE '%nowhere%' OR span.attributes.place = 'p-3'", {3}, 15),
        # One branch by words, the other by what columns say.
        ("number17 OR trace_id = 'tr-" + trace_id(20).hex() + "'", {17, 20}, 0),
        ("number17 OR name = 'span 21'", {17, 21}, 0),
        ("number17 AND NOT number18 AND name RLIKE 'span 1.'", {17}, 0),
    ):
        reading.count = 0
        assert found(kept, text, limit=100) == numbers, text
        assert reading.count <= read, text


@pytest.mark.parametrize("limits", [(20_000, 6, 400_000), (3, 1, 3), (3, 2, 400_000)])
def test_however_the_index_is_asked_the_same_are_found(
    kept: ClickhouseStore, monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int, int]
) -> None:
    for name, limit in zip(("_FEW", "_GROUPS", "_MANY"), limits, strict=True):
        monkeypatch.setattr(word_index, name, limit)
    monkeypatch.setattr(fitting, "_AT_ONCE", 7)
    for text, numbers in {
        "common": set(range(1, 61)),
        "number5": {5, *range(50, 60)},
        '"number5, and"': set[int](),
        "common AND number9": {9},
        "number5 number7": set[int](),
        "common AND NOT number5": set(range(1, 61)) - {5, *range(50, 60)},
        "span.attributes.place LIKE 'p-1%'": {1, *range(10, 20)},
        "span.content RLIKE 'number(1|2)[0-9] and'": set(range(10, 30)),
        '"and one"': set(range(1, 61)),
    }.items():
        assert found(kept, text, limit=100) == numbers, text


def test_payloads_of_many_traces_are_read_in_few_statements(
    kept: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    query = Client.query

    def watched(self: Client, statement: str, *given: Any, **others: Any) -> Any:
        asked.append(statement)
        return query(self, statement, *given, **others)

    monkeypatch.setattr(Client, "query", watched)
    # By words that are there, in another order: every payload is looked into.
    assert found(kept, '"one and"', limit=100) == set()
    assert found(kept, "span.content LIKE '%one and%'", limit=100) == set()
    assert len([each for each in asked if " FROM frame " in each]) <= 12


def test_a_part_of_very_many_words_is_looked_for_in_payloads(
    kept: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "MOST_WORDS", 4)
    monkeypatch.setattr(trace_texts, "_FRAMES", 3)
    assert found(kept, "numbe", limit=100) == set(range(1, 61))
    assert found(kept, "umber6", limit=100) == {6, 60}


def test_a_search_that_takes_too_long_says_how_to_narrow_it(uri: str) -> None:
    seconds = [0.0]

    def slowly(payload: bytes) -> SpanText:
        time.sleep(seconds[0])
        return read_text(payload)

    with closing(opened(uri, search_s=3.0, read_text=slowly)) as store:
        store.append([saying(number, "said") for number in range(1, 6)]).result()
        store.fill_words()
        seconds[0] = 1.0
        with pytest.raises(SearchTooLongError, match=r"for 3 s .* Narrow it"):
            found(store, "span.content LIKE '%!%'")
        # What the index knows takes no time.
        assert found(store, "said") == set(range(1, 6))


def test_counting_stops_where_its_time_ends(store: ClickhouseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([saying(1, "said!")]).result()
    store.fill_words()
    search = TraceSearch(parse_filter("span.content LIKE '%!%'"))
    monkeypatch.setattr(searching, "_COUNTING_S", 30.0)
    assert store.count(search, 10).is_exact
    monkeypatch.setattr(searching, "_COUNTING_S", 0.001)
    assert not store.count(search, 10).is_exact


def test_the_newest_of_what_waits_is_looked_at_and_the_rest_counted(
    store: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 3)
    store.append([saying(1, "old")]).result()
    store.fill_words()
    for number in range(61, 66):
        store.append([saying(number, "fresh")]).result()
    assert found(store, "fresh") == {63, 64, 65}
    assert not store.count(TraceSearch(parse_filter("fresh")), 10).is_exact
    counts = [store.words_waiting(), store.words_waiting(("Default",)), store.words_waiting(("x",))]
    assert counts == [2, 2, 0]
    store.fill_words()
    assert found(store, "fresh") == {61, 62, 63, 64, 65}
    assert store.words_waiting() == 0


def test_two_conditions_on_one_span_are_of_one_span(store: ClickhouseStore) -> None:
    store.append([saying(71, "left", trace=70, side="a"), saying(72, "right", trace=70, side="b")]).result()
    store.fill_words()
    assert found(store, "span.content LIKE '%left%' AND span.attributes.side = 'b'") == set()
    assert found(store, "ANY(span.content LIKE '%left%') AND ANY(span.attributes.side = 'b')") == {70}
    assert found(store, "span.attributes.side IN ('b', 'c') AND span.content NOT LIKE '%left%'") == {70}


def test_a_payload_that_is_none_has_no_text(store: ClickhouseStore) -> None:
    store.append([new_span(90, trace=trace_id(90), payload=b"\xff\xffno payload common")]).result()
    store.fill_words()
    assert 90 not in found(store, "common", limit=100)
    assert 90 in found(store, "span.content IS NULL", limit=100)


def test_every_value_is_data(store: ClickhouseStore) -> None:
    texts = ["a\0b", "%", "_", "\\", "'; DROP TABLE trace; --", "é\U0001f600", "{a:b}", '"']
    told = dict(enumerate(texts, start=1))
    spans = [saying(number, f"x{text}y", name_of=text) for number, text in told.items()]
    store.append([*spans, saying(9, "xy")]).result()
    store.fill_words()
    for number, text in told.items():
        quoted = text.replace("'", "''")
        assert found(store, f"span.attributes.name_of = '{quoted}'") == {number}, text
        among = found(store, f"span.content LIKE '%x{quoted}y%'")
        if text not in {"%", "_", "\\"}:
            assert among == {number}, text
