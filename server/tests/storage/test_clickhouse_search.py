"""What ClickHouse is asked for searches and sums: few rows, and rollups where they hold it all."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.filter.ast import Comparison, Field, Operator, OrderKey
from outcrop.filter.matching import holds_of
from outcrop.filter.parser import parse_filter
from outcrop_server.model.aggregates import AggregateQuery, GroupKey
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.clickhouse import aggregate
from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.compared import compared_sql
from outcrop_server.storage.clickhouse.days import ELSEWHEN
from outcrop_server.storage.clickhouse.looking import Looking
from outcrop_server.storage.clickhouse.search_windows import NS_IN_DAY, windows
from outcrop_server.storage.clickhouse.statements import bound
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from outcrop_server.storage.common.sql import Sql
from outcrop_server.storage.common.start_bounds import Range, range_of
from server.tests.support.aggregates import a_trace
from server.tests.support.spans import new_span, trace_id

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse

TODAY = time.time_ns() // NS_IN_DAY
DAYS = 30
HOUR_NS = 3600 * 10**9

moments = st.none() | st.integers(0, 420 * 24).map(lambda hours: hours * HOUR_NS + 5)


@given(
    st.dictionaries(st.integers(1, 400), st.integers(1, 10_000)),
    st.booleans(),
    st.tuples(moments, moments),
    st.integers(1, 3_000),
    st.lists(st.integers(-5 * 24, 500 * 24), min_size=1),
)
def test_each_moment_is_in_one_window_and_windows_go_on_in_order(
    counts: dict[int, int],
    descends: bool,
    ends: tuple[int | None, int | None],
    first: int,
    hours: list[int],
) -> None:
    bounds = Range(*ends)
    found = list(windows({**counts, ELSEWHEN: 1}, bounds, first, descends=descends))
    for hour in hours:
        moment = hour * HOUR_NS + 7
        holding = [window for window in found if _is_in(moment, window.range)]
        assert len(holding) == _is_in(moment, bounds)
        for window in holding:
            assert ELSEWHEN in window.days
            assert moment // NS_IN_DAY in window.days or moment // NS_IN_DAY not in counts
    begins = [window.range.since_ns for window in found if window.range.since_ns is not None]
    assert begins == sorted(begins, reverse=descends)


def _is_in(moment: int, asked: Range) -> bool:
    since, until = asked
    return (since is None or moment >= since) and (until is None or moment < until)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time >= '1970-01-11' AND time < '1970-01-12'", Range(10 * NS_IN_DAY, 11 * NS_IN_DAY)),
        ("time > '1970-01-11' AND name = 'a'", Range(10 * NS_IN_DAY + 10**6)),
        ("time <= '1970-01-11'", Range(None, 10 * NS_IN_DAY + 10**6)),
        ("time < '1970-01-11' OR time > '1970-02-01'", Range()),
        ("NOT time < '1970-01-11'", Range()),
    ],
)
def test_a_bound_in_time_is_one_of_what_is_looked_at(text: str, expected: Range) -> None:
    assert range_of(parse_filter(text)) == expected


def test_equal_texts_are_one_parameter_and_numbers_are_none() -> None:
    statement = Sql("a = %s OR b IN (%s) OR c = %s OR d > %s AND e = %s", ("x", ("x", "y"), "x", 5, b"\x01"))
    text, parameters = bound(statement)
    assert text == (
        "a = {p0:String} OR b IN ({p1:Array(String)}) OR c = {p0:String} OR d > 5 "
        "AND e = toFixedString(unhex('01'), 1)"
    )
    assert parameters == {"p0": "x", "p1": ["x", "y"]}


@pytest.fixture(scope="module")
def store(clickhouse: Clickhouse) -> Iterator[ClickhouseStore]:
    """Three hundred traces over thirty days, and one that a clock put into the year 1971."""
    with closing(_opened(clickhouse)) as opened:
        spans = [
            new_span(
                1,
                trace=trace_id(number),
                start_time_ns=(TODAY - number % DAYS) * NS_IN_DAY + number,
                end_time_ns=(TODAY - number % DAYS) * NS_IN_DAY + number + 10**6,
                name=f"span {number % 7}",
                session_id=f"s-{number}",
            )
            for number in range(1, 301)
        ]
        early = new_span(1, trace=trace_id(999), start_time_ns=366 * NS_IN_DAY, end_time_ns=367 * NS_IN_DAY)
        opened.append([*spans, early]).result()
        yield opened


@pytest.fixture(scope="module")
def client(clickhouse: Clickhouse) -> Iterator[Client]:
    """Asks an empty database."""
    with closing(Client(read_address(clickhouse.new_database()))) as opened:
        yield opened


def _opened(clickhouse: Clickhouse, **changes: Any) -> ClickhouseStore:
    return ClickhouseStore(clickhouse.new_database(), gather_s=0.0, is_durable=False, **changes)


@pytest.mark.parametrize("order", ["timestamp", "name", "execution_time", "cost", "total_tokens", "end_time"])
@pytest.mark.parametrize("descends", [True, False])
def test_pages_in_every_order_go_through_all_days(store: ClickhouseStore, order: str, descends: bool) -> None:
    search = TraceSearch(order=(OrderKey(order, is_descending=descends),), limit=97)
    seen: list[tuple[Any, ...]] = []
    while page := store.search(search):
        seen += [each.position for each in page]
        search = replace(search, after=page[-1].position)
    assert len(set(seen)) == len(seen) == 301
    assert seen == sorted(seen, reverse=descends)


@pytest.mark.parametrize(
    "text", ["name RLIKE 'span [35]'", "session RLIKE '7$'", "span.name RLIKE '^span 3$'"]
)
def test_pages_of_what_is_looked_at_one_by_one_hold_each_trace_once(
    store: ClickhouseStore, text: str
) -> None:
    whole = [each.trace.row.trace_id for each in store.search(TraceSearch(parse_filter(text), limit=999))]
    assert whole
    search = TraceSearch(parse_filter(text), limit=13)
    seen: list[bytes] = []
    while page := store.search(search):
        seen += [each.trace.row.trace_id for each in page]
        search = replace(search, after=page[-1].position)
    assert seen == whole


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is asked."""
    found: list[str] = []
    query = Client.query

    def watched(self: Client, statement: str, *given: Any, **others: Any) -> Any:
        found.append(statement)
        return query(self, statement, *given, **others)

    monkeypatch.setattr(Client, "query", watched)
    return found


def test_a_bound_in_time_reads_that_day_alone(store: ClickhouseStore, asked: list[str]) -> None:
    day = TODAY - 20
    where = parse_filter(f"time >= {day * 86_400_000} AND time < {(day + 1) * 86_400_000}")
    found = store.search(TraceSearch(where))
    assert {each.trace.row.start_time_ns // NS_IN_DAY for each in found} == {day}
    (text,) = [each for each in asked if "FROM trace FINAL" in each]
    assert f"trace.day IN (0, {day})" in text


def test_a_page_of_the_newest_asks_for_few_rows(
    store: ClickhouseStore, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.storage.clickhouse.matching._LEAST_ROWS", 1)
    assert len(store.search(TraceSearch(limit=5))) == 5
    (text,) = [each for each in asked if "FROM trace FINAL" in each]
    assert f"trace.day IN (0, {TODAY - 1}, {TODAY})" in text


def test_ids_are_asked_for_where_they_lie(store: ClickhouseStore) -> None:
    ids = (trace_id(5), trace_id(77), trace_id(12_345))
    found = store.search(TraceSearch(among=ids))
    assert {each.trace.row.trace_id for each in found} == set(ids[:2])
    named = parse_filter(f"id IN ('{trace_id(5).hex()}', 'nobody')")
    assert [each.trace.row.trace_id for each in store.search(TraceSearch(named))] == [trace_id(5)]
    assert store.search(TraceSearch(parse_filter("id = 'nobody'"))) == []


def test_spans_of_an_earlier_life_are_not_found(clickhouse: Clickhouse) -> None:
    with closing(_opened(clickhouse)) as store:
        store.append([new_span(1, name="before"), new_span(1, trace=trace_id(2), name="before")]).result()
        one = store.search(TraceSearch(parse_filter("span.name = 'before'"), limit=9))
        assert len(one) == 2
        store.delete_traces([one[0].trace.row.trace_id]).result()
        gone = one[0].trace.row.trace_id
        store.append([new_span(1, trace=gone, name="after")]).result()
        for text, count in (
            ("span.name = 'before'", 1),
            ("span.name = 'after'", 1),
            ("span.name LIKE 'bef%'", 1),
            ("NOT span.name LIKE '%b%'", 1),
            ("span.name RLIKE '^b'", 1),
            ("before", 1),
            ("NOT before", 1),
        ):
            found = store.search(TraceSearch(parse_filter(text)))
            assert len(found) == count, text
            if text.startswith("span.name = 'a"):
                assert found[0].trace.row.trace_id == gone
        operations = store.facets(TraceSearch(), 9, 9)
        assert operations.trace_count == 2
        by_rows = store.aggregate(AggregateQuery(where=parse_filter("span_count >= 0")))
        assert by_rows == store.aggregate(AggregateQuery())


def test_a_search_that_takes_too_long_says_so(clickhouse: Clickhouse) -> None:
    with closing(_opened(clickhouse, search_s=0.0)) as store:
        store.append([new_span(1)]).result()
        with pytest.raises(SearchTooLongError):
            store.search(TraceSearch(parse_filter("name RLIKE 'a'")))


NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.5, -0.5, 1e300, -1e300, 2.0**53, 2**53 + 1, 2**63, -(2**63), 10**30, math.inf]),
)
COMPARED = [
    Operator.EQUAL,
    Operator.LESS,
    Operator.LESS_OR_EQUAL,
    Operator.GREATER,
    Operator.GREATER_OR_EQUAL,
]


@given(st.sampled_from(COMPARED), NUMBERS)
def test_whole_numbers_are_compared_as_they_are(client: Client, operator: Operator, expected: float) -> None:
    comparison = Comparison(Field("trace", "span_count", "number"), operator, expected)
    numbers = [-(2**63), -1, 0, 1, 2, 2**53, 2**53 + 1, 2**63 - 1]
    test = compared_sql(comparison, "toInt64(held)").text
    listed = ", ".join(f"toInt64({number})" for number in numbers)
    ((found,),) = client.query(f"SELECT arrayMap(held -> toUInt8({test}), [{listed}])")
    assert [bool(each) for each in found] == [holds_of(comparison, number) for number in numbers]


TEXTS = st.text(st.sampled_from("ab\\%_'\"\n\té\x00{}äÄ"), max_size=4)
OF_TEXTS = [
    *COMPARED,
    Operator.LIKE,
    Operator.ILIKE,
    Operator.CONTAINS,
]


@given(st.sampled_from(OF_TEXTS), TEXTS, st.lists(TEXTS, min_size=1, max_size=8))
def test_texts_are_compared_as_memory_does(
    client: Client, operator: Operator, expected: str, held: list[str]
) -> None:
    comparison = Comparison(Field("trace", "name", "text"), operator, expected)
    test = compared_sql(comparison, "held")
    text, parameters = bound(Sql(f"SELECT arrayMap(held -> toUInt8({test.text}), %s)", (*test.values, held)))
    ((found,),) = client.query(text, parameters)
    assert [bool(each) for each in found] == [holds_of(comparison, each) for each in held]


GROUPINGS: list[tuple[GroupKey, ...]] = [
    (),
    ("time",),
    ("experiment",),
    ("model",),
    ("operation", "span_type"),
    ("time", "model", "experiment"),
]


def test_what_rollups_hold_is_read_from_them(clickhouse: Clickhouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(_opened(clickhouse)) as store:
        store.append(a_trace(1, 0)).result()
        by_rows = [
            store.aggregate(AggregateQuery(group_by=group_by, where=parse_filter("span_count >= 0")))
            for group_by in GROUPINGS
        ]

        def of_rows(*_: object) -> None:
            raise AssertionError("Rows are read.")

        monkeypatch.setattr(aggregate, "of_rows", of_rows)
        named = parse_filter("experiment = 'Default'")
        for group_by, expected in zip(GROUPINGS, by_rows, strict=True):
            query = AggregateQuery(group_by=group_by)
            assert store.aggregate(query).groups == expected.groups
            assert store.aggregate(replace(query, where=named)).groups == expected.groups


def test_a_count_that_takes_too_long_tells_what_it_has_counted(
    store: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.storage.clickhouse.matching._MOST_ROWS", 30)
    monkeypatch.setattr("outcrop_server.storage.clickhouse.matching._LEAST_ROWS", 30)
    query = Looking.query

    def slow(self: Looking, statement: Sql, *given: Any) -> Any:
        # From the second window on.
        if "FROM trace FINAL" in statement.text and str(TODAY) not in statement.text:
            raise self.clock.error()
        return query(self, statement, *given)

    monkeypatch.setattr(Looking, "query", slow)
    where = parse_filter("span_count = 1")
    counted = store.count(TraceSearch(where), 1_000)
    assert (0 < counted.count < 301, counted.is_exact) == (True, False)
    bars = store.timeline(TraceSearch(where), 86_400, 1_000)
    assert (sum(bar.traces for bar in bars.bars), bars.is_exact) == (counted.count, False)
    assert store.facets(TraceSearch(where), 5, 1_000).trace_count == counted.count
