"""Searches of texts: few traces are looked at, time is bounded, and orders and pages are those of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from outcrop.filter.ast import OrderKey
from outcrop.filter.parser import parse_filter
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.span_text import SpanText
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.words import asking, index_view, waiting
from server.tests.support.spans import new_span, otlp_span, request, trace_id
from server.tests.support.texts import found, saying


class Reading:
    """Reads texts and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, payload: bytes) -> SpanText:
        self.count += 1
        return read_text(payload)


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
def store(tmp_path: Path, reading: Reading) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path / "store.db", read_text=reading)) as opened:
        opened.append(
            [
                saying(number, f"common, number{number} and one", place=f"p-{number}", size=number)
                for number in range(1, 61)
            ]
        ).result()
        opened.fill_words()
        reading.count = 0
        yield opened


@pytest.mark.parametrize(
    ("text", "numbers", "read"),
    [
        # The index is sure of a word, and of what is in none.
        ("number17", {17}, 0),
        ("UMBER17", {17}, 0),
        ("nowhere", set[int](), 0),
        # A phrase, and a span's text, are looked at in those that have its words.
        ('"number17 and"', {17}, 1),
        ("span.content LIKE '%number17 and%'", {17}, 1),
        ("span.content RLIKE 'number1[78] and'", {17, 18}, 60),
        ("span.content RLIKE '(number17|number18) and'", {17, 18}, 2),
        ("span.attributes.place = 'p-17'", {17}, 1),
        ("span.attributes.size = 17", {17}, 1),
        ("span.attributes.size = 17.0", {17}, 1),
        ("span.attributes.size IN (0.25, 18)", {18}, 1),
        ("span.content = 'common, number9 and one'", {9}, 1),
        ("span.content LIKE '%nowhere%' OR span.attributes.place = 'p-3'", {3}, 15),
    ],
)
def test_only_payloads_that_can_fit_are_read(
    store: SqliteStore, reading: Reading, text: str, numbers: set[int], read: int
) -> None:
    assert found(store, text, limit=100) == numbers
    assert reading.count <= read


def test_a_page_of_what_is_everywhere_reads_no_more_than_the_page(
    store: SqliteStore, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_CANDIDATES", 10)
    assert found(store, "common", limit=5) == {60, 59, 58, 57, 56}
    assert reading.count == 0
    assert found(store, "span.content LIKE '%common%'", limit=5) == {60, 59, 58, 57, 56}
    assert reading.count <= 6


def test_other_orders_and_further_conditions_hold(store: SqliteStore) -> None:
    where = parse_filter("common AND trace_id != 'tr-" + trace_id(1).hex() + "'")
    oldest = TraceSearch(where, order=(OrderKey("timestamp"),), limit=2)
    assert [int.from_bytes(each.trace.row.trace_id, "big") for each in store.search(oldest)] == [2, 3]


def test_a_part_of_very_many_terms_is_looked_for_in_payloads(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_view, "_MOST_TERMS", 20)
    assert found(store, "numbe", limit=100) == set(range(1, 61))
    assert found(store, "umber6", limit=100) == {6, 60}


@pytest.mark.parametrize("window_bits", [1, 3, 5])
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("common", set(range(1, 61))),
        ("number", set(range(1, 61))),
        ("number5", {5, *range(50, 60)}),
        ('"number5, and"', set[int]()),
        ('"number17 and"', {17}),
        ("common AND number9", {9}),
        ("number5 number7", set[int]()),
        ("common AND NOT number5", set(range(1, 61)) - {5, *range(50, 60)}),
        ("span.attributes.place LIKE 'p-1%'", {1, *range(10, 20)}),
        ("span.content RLIKE 'number(1|2)[0-9] and'", set(range(10, 30))),
        ("span.content LIKE '%common%' AND name LIKE 'span%'", set(range(1, 61))),
    ],
)
def test_however_many_are_asked_for_at_once_the_same_are_found(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, text: str, numbers: set[int], window_bits: int
) -> None:
    """Single traces, then those near them, then a shard's; and what is in many is not looked for before."""
    monkeypatch.setattr(index_view, "_MOST_ASKED", 6)
    monkeypatch.setattr(index_view, "_WINDOW_BITS", window_bits)
    monkeypatch.setattr(index_view, "_MOST_WINDOWS", 2)
    monkeypatch.setattr(index_view, "_MANY", 1)
    monkeypatch.setattr(index_view, "_TERMS_TOGETHER", 3)
    assert found(store, text, limit=100) == numbers


def test_a_search_that_takes_too_long_says_how_to_narrow_it(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db", search_s=0)) as store:
        store.append([saying(1, "said")]).result()
        store.fill_words()
        for text in ("span.content LIKE '%!%'", '"s, d"', "name RLIKE '(a|b)*p'"):
            with pytest.raises(SearchTooLongError, match=r"for 0 s .* Narrow it"):
                found(store, text)
        # What the index knows takes no time, and what has no text in it is another matter.
        assert (found(store, "said"), found(store, "name = 'span 1'")) == ({1}, {1})


def test_counting_stops_where_a_search_would_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outcrop_server.storage.sqlite.store._COUNTING_S", 0.0)
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.append([saying(1, "said!")]).result()
        store.fill_words()
        search = TraceSearch(parse_filter("span.content LIKE '%!%'"))
        assert not store.count(search, 10).is_exact
        assert not store.facets(search, 5, 10).is_exact
        assert not store.timeline(search, 60, 10).is_exact


def test_the_newest_of_what_waits_is_looked_at_and_the_rest_counted(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 3)
    store.append([saying(number, "fresh") for number in range(61, 66)]).result()
    assert found(store, "fresh") == {63, 64, 65}
    assert (store.words_waiting(), store.words_waiting(("Default",)), store.words_waiting(("x",))) == (
        2,
        2,
        0,
    )
    store.fill_words()
    assert found(store, "fresh") == {61, 62, 63, 64, 65}


def test_two_conditions_on_one_span_are_of_one_span(store: SqliteStore) -> None:
    store.append([saying(71, "left", trace=70, side="a"), saying(72, "right", trace=70, side="b")]).result()
    store.fill_words()
    assert found(store, "span.content LIKE '%left%' AND span.attributes.side = 'b'") == set()
    assert found(store, "ANY(span.content LIKE '%left%') AND ANY(span.attributes.side = 'b')") == {70}
    assert found(store, "span.attributes.side IN ('b', 'c') AND span.content NOT LIKE '%left%'") == {70}


def test_a_payload_that_is_none_has_no_text(store: SqliteStore) -> None:
    store.append([new_span(90, trace=trace_id(90), payload=b"\xff\xffno payload common")]).result()
    store.fill_words()
    assert 90 not in found(store, "common", limit=100)
    assert 90 in found(store, "span.content IS NULL", limit=100)


def test_pictures_are_no_words_and_what_stands_beside_them_is(store: SqliteStore) -> None:
    picture = "data:image/png;base64," + "QUJD" * 4_000
    store.append([saying(91, ["a sunset", picture])]).result()
    store.fill_words()
    assert found(store, "sunset") == {91}
    assert found(store, "QUJDQUJD") == set()
    assert found(store, "span.content LIKE '%QUJDQUJD%'") == set()


def test_a_merged_stream_is_found_by_words_that_came_in_pieces(store: SqliteStore) -> None:
    payload = request(
        otlp_span(
            92,
            trace=trace_id(92),
            attributes={
                "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hallo"}]}]',
                "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"tool_call","name":"t",'
                '"arguments":{"city":"Reykjavik"}},{"type":"reasoning","content":"thinking hard"}]}]',
            },
        )
    )
    store.append([new_span(92, trace=trace_id(92), payload=payload)]).result()
    for is_filled in (False, True):
        if is_filled:
            store.fill_words()
        assert found(store, "reykjavik AND hallo AND thinking") == {92}
        assert found(store, "assistant") == set()
