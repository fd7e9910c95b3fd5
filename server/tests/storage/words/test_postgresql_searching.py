"""Searches of texts in PostgreSQL: few payloads are read, time is bounded, orders and pages are as others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from outcrop.filter.ast import OrderKey
from outcrop.filter.parser import parse_filter
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.span_text import SpanText
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.postgresql import conditions, fitting, matching, searching
from outcrop_server.storage.postgresql.store import PostgresStore
from outcrop_server.storage.postgresql.words import asking, vocabulary, waiting, word_index
from server.tests.support.postgres import Postgres
from server.tests.support.spans import new_span, trace_id
from server.tests.support.texts import found, saying

_DAY_NS = 86_400 * 10**9
# Days of which each has a part of its own.
_FIRST_NS = (time.time_ns() // _DAY_NS - 8) * _DAY_NS


class Reading:
    """Reads texts and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, payload: bytes) -> SpanText:
        self.count += 1
        return read_text(payload)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return Reading()


@pytest.fixture(scope="module")
def kept(postgres: Postgres, reading: Reading) -> Iterator[PostgresStore]:
    """Sixty traces over six days; no test changes them."""
    with closing(PostgresStore(postgres.new_database(), read_text=reading)) as opened:
        for number in range(1, 61):
            span = saying(number, f"common, number{number} and one", place=f"p-{number}", size=number)
            start_ns = _FIRST_NS + number // 10 * _DAY_NS + number * 10**6
            row = span.row._replace(start_time_ns=start_ns, end_time_ns=start_ns + 500)
            opened.append([span._replace(row=row)])
        opened.append([]).result()
        opened.append([saying(1, "again")]).result()
        opened.fill_words()
        yield opened


@pytest.fixture
def store(postgres: Postgres) -> Iterator[PostgresStore]:
    with closing(PostgresStore(postgres.new_database())) as opened:
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
        # What equals it begins and ends where words do.
        ("span.attributes.place = 'p-1'", {1}, 1),
        ("span.attributes.place IN ('p-1', '-2')", {1}, 2),
        ("span.attributes.place = 'p'", set[int](), 60),
        ("span.attributes.size IN (0.25, 18)", {18}, 1),
        ("span.content = 'common, number9 and one'", {9}, 1),
        ("span.content LIKE '%nowhere%' OR span.attributes.place = 'p-3'", {3}, 15),
        # One branch by words, the other by what columns say.
        ("number17 OR trace_id = 'tr-" + trace_id(20).hex() + "'", {17, 20}, 0),
        ("number17 OR name = 'span 21'", {17, 21}, 0),
        ("number17 AND NOT number18 AND name RLIKE 'span 1.'", {17}, 0),
    ],
)
def test_only_payloads_that_can_fit_are_read(
    kept: PostgresStore, reading: Reading, text: str, numbers: set[int], read: int
) -> None:
    reading.count = 0
    assert found(kept, text, limit=100) == numbers
    assert reading.count <= read


def test_a_page_of_what_is_everywhere_reads_no_more_than_the_page(
    kept: PostgresStore, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_CANDIDATES", 10)
    reading.count = 0
    assert found(kept, "common", limit=5) == {60, 59, 58, 57, 56}
    assert reading.count == 0
    assert found(kept, "span.content LIKE '%common%'", limit=5) == {60, 59, 58, 57, 56}
    assert reading.count <= 6


@pytest.mark.parametrize("most_candidates", [5_000, 3])
@pytest.mark.parametrize("at_once", [2, 64])
def test_pages_in_any_order_hold_each_trace_once(
    kept: PostgresStore, monkeypatch: pytest.MonkeyPatch, most_candidates: int, at_once: int
) -> None:
    monkeypatch.setattr(asking, "MOST_CANDIDATES", most_candidates)
    monkeypatch.setattr(fitting, "_AT_ONCE", at_once)
    monkeypatch.setattr(matching, "_AT_ONCE", at_once)
    monkeypatch.setattr(matching, "_FIRST", at_once)
    where = parse_filter("number1 AND name RLIKE '1'")
    expected = [1, *range(10, 20)]
    for order in (
        (OrderKey("timestamp"),),
        (OrderKey("timestamp", is_descending=True),),
        (OrderKey("execution_time"), OrderKey("timestamp", is_descending=True)),
        (OrderKey("total_tokens", is_descending=True), OrderKey("trace_id")),
    ):
        search = TraceSearch(where, order=order, limit=3)
        seen: list[int] = []
        while page := kept.search(search):
            seen += [int.from_bytes(each.trace.row.trace_id, "big") for each in page]
            search = TraceSearch(where, order=order, limit=3, after=page[-1].position)
        descends = order[-1].is_descending
        assert seen == sorted(expected, reverse=descends), order


def test_a_part_of_very_many_words_is_looked_for_in_payloads(
    kept: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "MOST_WORDS", 4)
    monkeypatch.setattr(vocabulary, "_MOST_CHUNKS", 3)
    assert found(kept, "numbe", limit=100) == set(range(1, 61))
    assert found(kept, "umber6", limit=100) == {6, 60}


@pytest.mark.parametrize("limits", [(24, 64, 8), (0, 64, 8), (0, 64, 0), (24, 1, 8), (0, 1, 1)])
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
def test_by_lists_of_words_or_by_words_the_same_are_found(
    kept: PostgresStore,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    numbers: set[int],
    limits: tuple[int, int, int],
) -> None:
    monkeypatch.setattr(word_index, "_MOST_IN_LISTS", limits[0])
    monkeypatch.setattr(word_index, "_MANY", limits[1])
    monkeypatch.setattr(word_index, "_MOST_FETCHED", limits[2])
    monkeypatch.setattr(word_index, "_MOST_TOGETHER", 2)
    monkeypatch.setattr(word_index, "_FEW", 2)
    monkeypatch.setattr(asking, "MOST_CANDIDATES", 5)
    assert found(kept, text, limit=100) == numbers


def test_a_bound_in_time_leaves_other_days_out(kept: PostgresStore) -> None:
    third_ms = (_FIRST_NS + 3 * _DAY_NS) // 10**6
    bounded = f"time >= {third_ms} AND time < {third_ms + 86_400_000}"
    assert found(kept, bounded, limit=100) == set(range(30, 40))
    assert found(kept, f"number3 AND {bounded}", limit=100) == set(range(30, 40))


def test_a_search_that_takes_too_long_says_how_to_narrow_it(postgres: Postgres) -> None:
    def slowly(payload: bytes) -> SpanText:
        time.sleep(0.15)
        return read_text(payload)

    uri = postgres.new_database()
    with closing(PostgresStore(uri, search_s=0.2, read_text=slowly)) as store:
        store.append([saying(number, "said") for number in range(1, 4)]).result()
        store.fill_words()
        with pytest.raises(SearchTooLongError, match=r"for 0\.2 s .* Narrow it"):
            found(store, "span.content LIKE '%!%'")
        # What the index knows takes no time, and what has no text in it is another matter.
        assert (found(store, "said"), found(store, "name = 'span 1'")) == ({1, 2, 3}, {1})


def test_a_statement_that_takes_too_long_ends_with_the_same_error(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(conditions.TRACE_COLUMNS, "session_id", "pg_sleep(20)::text")
    with closing(PostgresStore(postgres.new_database(), search_s=0.1)) as store:
        store.append([saying(1, "said")]).result()
        with pytest.raises(SearchTooLongError, match="Narrow it"):
            found(store, "session != 'a'")
        # The connection is as good as before.
        assert found(store, "name = 'span 1'") == {1}


def test_counting_stops_where_its_time_ends(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([saying(1, "said!")]).result()
    store.fill_words()
    search = TraceSearch(parse_filter("span.content LIKE '%!%'"))
    assert store.count(search, 10).is_exact
    monkeypatch.setattr(searching, "_COUNTING_S", 0.001)
    assert not store.count(search, 10).is_exact
    assert not store.facets(search, 5, 10).is_exact
    assert not store.timeline(search, 60, 10).is_exact


def test_the_newest_of_what_waits_is_looked_at_and_the_rest_counted(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 3)
    store.append([saying(1, "old")]).result()
    store.fill_words()
    for number in range(61, 66):
        store.append([saying(number, "fresh")]).result()
    assert found(store, "fresh") == {63, 64, 65}
    counts = [store.words_waiting(), store.words_waiting(("Default",)), store.words_waiting(("x",))]
    assert counts == [2, 2, 0]
    store.fill_words()
    assert found(store, "fresh") == {61, 62, 63, 64, 65}
    assert store.words_waiting() == 0


def test_two_conditions_on_one_span_are_of_one_span(store: PostgresStore) -> None:
    store.append([saying(71, "left", trace=70, side="a"), saying(72, "right", trace=70, side="b")]).result()
    store.fill_words()
    assert found(store, "span.content LIKE '%left%' AND span.attributes.side = 'b'") == set()
    assert found(store, "ANY(span.content LIKE '%left%') AND ANY(span.attributes.side = 'b')") == {70}
    assert found(store, "span.attributes.side IN ('b', 'c') AND span.content NOT LIKE '%left%'") == {70}


def test_a_payload_that_is_none_has_no_text(store: PostgresStore) -> None:
    store.append([new_span(90, trace=trace_id(90), payload=b"\xff\xffno payload common")]).result()
    store.fill_words()
    assert 90 not in found(store, "common", limit=100)
    assert 90 in found(store, "span.content IS NULL", limit=100)


@pytest.mark.parametrize(
    "text", ["a\0b", "%", "_", "!", "\\", "'; DROP TABLE trace; --", "\ufdd0", "é\U0001f600", "{}", '"']
)
def test_every_value_is_data(store: PostgresStore, text: str) -> None:
    store.append([saying(1, f"x{text}y", name_of=text), saying(2, "xy")]).result()
    for is_filled in (False, True):
        if is_filled:
            store.fill_words()
        quoted = text.replace("'", "''")
        for condition in ("tags.a = '{}'", "name ILIKE '%{}'", "span.name IN ('{}')", "metadata.`{}` = 'a'"):
            if "`{}`" not in condition or ("`" not in text and text.isprintable()):
                assert found(store, condition.format(quoted)) <= {1, 2}
        assert found(store, f"span.attributes.name_of = '{quoted}'") == {1}
