"""What PostgreSQL is asked for searches and sums: few days, indices, and rollups where they hold it all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.filter.ast import OrderKey
from outcrop.filter.parser import parse_filter
from outcrop_server.model.aggregates import AggregateQuery, GroupKey
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.postgresql import aggregate, windows
from outcrop_server.storage.postgresql.parts import NS_IN_DAY, Parts, parts_of
from outcrop_server.storage.postgresql.store import PostgresStore
from outcrop_server.storage.postgresql.windows import NEWEST_FIRST
from server.tests.support.aggregates import a_trace
from server.tests.support.postgres import Postgres
from server.tests.support.spans import new_span, trace_id

TODAY = time.time_ns() // NS_IN_DAY
DAYS = 30


class Days:
    """Stands for a connection that knows in which days there are traces."""

    def __init__(self, days: Sequence[int]) -> None:
        self._days = days

    def execute(self, _: str, bounds: tuple[int, int, int]) -> Days:
        first, last, _elsewhen = bounds
        return Days([day for day in self._days if first <= day <= last])

    def fetchall(self) -> list[tuple[int]]:
        return [(day,) for day in sorted(self._days)]


@given(
    st.sets(st.integers(1, 400)),
    st.booleans(),
    st.tuples(st.integers(0, 400), st.integers(0, 400)),
    st.integers(-5, 500),
)
def test_each_moment_is_in_one_window_and_windows_go_on_in_order(
    days: set[int], descends: bool, bounds: tuple[int, int], day: int
) -> None:
    parts = Parts(min(bounds), max(bounds))
    order = [(key, descends) for key, _ in NEWEST_FIRST]
    connection: Any = Days(sorted(days))
    found = list(windows.windows(connection, parts, order))
    holding = [
        place for place, window in enumerate(found) if window.parts.has(day) and _is_within(window, day)
    ]
    assert len(holding) == 1 if parts.first <= day <= parts.last else len(holding) <= 1
    firsts = [window.parts.first for window in found]
    assert firsts == sorted(firsts, reverse=descends)


def _is_within(window: windows.Window, day: int) -> bool:
    """Whether the bounds on the start hold of a moment of a day."""
    tests = window.bounds.text.count(">="), window.bounds.text.count("<")
    values = list(window.bounds.values)
    since = values.pop(0) if tests[0] else None
    until = values.pop(0) if tests[1] else None
    moment = day * NS_IN_DAY + 5
    return (since is None or moment >= since) and (until is None or moment < until)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time >= '1970-01-11' AND time < '1970-01-12'", Parts(10, 10)),
        ("time > '1970-01-11T23:59:59.999Z' AND name = 'a'", Parts(first=11)),
        ("time <= '1970-01-11'", Parts(last=10)),
        ("time < '1970-01-11' OR time > '1970-02-01'", Parts()),
        ("NOT time < '1970-01-11'", Parts()),
    ],
)
def test_a_bound_in_time_is_one_of_days(text: str, expected: Parts) -> None:
    assert parts_of(parse_filter(text)) == expected


@pytest.fixture(scope="module")
def uri(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture(scope="module")
def store(uri: str) -> Iterator[PostgresStore]:
    """Three hundred traces over thirty days, and one that a clock put into the year 1971."""
    with closing(PostgresStore(uri)) as opened:
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
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("ANALYZE")
        yield opened


@pytest.mark.parametrize("descends", [True, False])
def test_pages_in_order_of_time_go_through_all_days(store: PostgresStore, descends: bool) -> None:
    search = TraceSearch(order=(OrderKey("timestamp", is_descending=descends),), limit=17)
    starts: list[int] = []
    while page := store.search(search):
        starts += [each.trace.row.start_time_ns for each in page]
        search = replace(search, after=page[-1].position)
    assert len(starts) == 301
    assert starts == sorted(starts, reverse=descends)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Every statement that is asked, with its values."""
    found: list[tuple[str, Any]] = []
    execute = psycopg.Connection.execute

    def watched(self: Any, query: Any, params: Any = None, **others: Any) -> Any:
        found.append((query.decode() if isinstance(query, bytes) else query, params))
        return execute(self, query, params, **others)

    monkeypatch.setattr(psycopg.Connection, "execute", watched)
    return found


def plan_of(uri: str, statement: str, values: Any) -> str:
    with psycopg.connect(uri, autocommit=True) as connection:
        rows = connection.execute(f"EXPLAIN (COSTS OFF) {statement}".encode(), values)
        return "\n".join(line for (line,) in rows)


def test_a_page_of_the_newest_looks_at_few_days_by_their_index(
    store: PostgresStore, uri: str, asked: list[tuple[str, Any]]
) -> None:
    assert len(store.search(TraceSearch(limit=20))) == 20
    statements = [(text, values) for text, values in asked if text.startswith("SELECT trace.")]
    assert len(statements) == 1
    plan = plan_of(uri, *statements[0])
    # Four days, and what is of no day.
    assert plan.count("Scan") - plan.count("SubPlan") <= 7
    assert f"trace_d{TODAY}" in plan
    assert f"trace_d{TODAY - 5}" not in plan


def test_a_bound_in_time_reads_that_day_alone(
    store: PostgresStore, uri: str, asked: list[tuple[str, Any]]
) -> None:
    day = (TODAY - 20) * 86_400_000
    where = parse_filter(f"time >= {day} AND time < {day + 86_400_000} AND span.name = 'span 3'")
    store.search(TraceSearch(where))
    ((text, values),) = [each for each in asked if each[0].startswith("SELECT trace.")]
    plan = plan_of(uri, text, values)
    for table in ("trace", "span"):
        assert f"{table}_d{TODAY - 20}" in plan
        assert f"{table}_d{TODAY - 19}" not in plan
        assert f"{table}_d{TODAY - 21}" not in plan


def test_what_no_term_names_is_not_looked_for(store: PostgresStore, asked: list[tuple[str, Any]]) -> None:
    assert store.search(TraceSearch(parse_filter("span.name = 'nobody'"))) == []
    assert not [text for text, _ in asked if " FROM trace " in text]


GROUPINGS: list[tuple[GroupKey, ...]] = [
    (),
    ("time",),
    ("experiment",),
    ("model",),
    ("operation", "span_type"),
    ("time", "model", "experiment"),
]


@pytest.mark.parametrize("group_by", GROUPINGS)
def test_what_rollups_hold_is_read_from_them(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch, group_by: tuple[GroupKey, ...]
) -> None:
    with closing(PostgresStore(postgres.new_database())) as store:
        store.append(a_trace(1, 0)).result()
        query = AggregateQuery(group_by=group_by)
        by_rows = store.aggregate(replace(query, where=parse_filter("span_count >= 0")))

        def of_rows(*_: object) -> None:
            raise AssertionError("Rows are read.")

        monkeypatch.setattr(aggregate, "of_rows", of_rows)
        assert store.aggregate(query).groups == by_rows.groups
        named = replace(query, where=parse_filter("experiment = 'Default'"))
        assert store.aggregate(named).groups == by_rows.groups
