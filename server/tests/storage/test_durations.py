"""Filters of how long spans took: what the row of their trace says must never leave one out."""

from __future__ import annotations

import operator
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.filter.ast import Comparison, Field, Operator
from outcrop.filter.parser import parse_filter
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.common.durations import NO_BOUNDS, Bounds, bounds_of
from outcrop_server.storage.sqlite.candidates import candidates
from outcrop_server.storage.sqlite.search import search_sql
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.spans import START_NS, new_span, trace_id

MS = 1_000_000
FIELD = Field("span", "execution_time", "number")
COMPARED: dict[Operator, Callable[[float, float], bool]] = {
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.EQUAL: operator.eq,
}


@given(
    st.sampled_from(sorted(COMPARED)),
    st.one_of(st.integers(-3, 6), st.floats(-3, 6), st.integers(), st.floats()),
    st.one_of(st.integers(-4 * MS, 7 * MS), st.integers(-(2**63), 2**63 - 1)),
)
def test_no_duration_that_fits_is_out_of_bounds(asked: Operator, value: float, duration_ns: int) -> None:
    bounds = bounds_of(Comparison(FIELD, asked, value))
    # As SQLite divides: towards nothing.
    whole_ms = abs(duration_ns) // MS * (1 if duration_ns > 0 else -1)
    if COMPARED[asked](whole_ms, value):
        assert bounds.least_ns is None or bounds.least_ns <= duration_ns
        assert bounds.below_ns is None or duration_ns < bounds.below_ns
    assert all(bound is None or abs(bound) < 2**63 for bound in bounds)


@pytest.mark.parametrize(
    ("asked", "value", "expected"),
    [
        (Operator.GREATER, 5, Bounds(6 * MS, None)),
        (Operator.GREATER, 0.5, Bounds(1 * MS, None)),
        (Operator.GREATER_OR_EQUAL, 5, Bounds(5 * MS, None)),
        (Operator.GREATER_OR_EQUAL, 0, NO_BOUNDS),
        (Operator.LESS, 5, Bounds(None, 5 * MS)),
        (Operator.LESS_OR_EQUAL, 5.5, Bounds(None, 6 * MS)),
        (Operator.EQUAL, 5, Bounds(5 * MS, 6 * MS)),
        (Operator.NOT_EQUAL, 5, NO_BOUNDS),
        (Operator.IN, (5,), NO_BOUNDS),
        (Operator.IS_NOT_NULL, None, NO_BOUNDS),
    ],
)
def test_bounds_are_as_near_as_whole_milliseconds_allow(
    asked: Operator, value: int | tuple[int, ...] | None, expected: Bounds
) -> None:
    assert bounds_of(Comparison(FIELD, asked, value)) == expected


@pytest.fixture(scope="module")
def durations() -> dict[int, list[tuple[str, int]]]:
    """Of 1,200 traces the types and durations of their spans."""
    chance = random.Random(3)  # noqa: S311 - no secret
    return {
        number: [
            (chance.choice(["TOOL", "CHAIN"]), int(chance.lognormvariate(0, 2) * MS))
            for _ in range(chance.randint(1, 4))
        ]
        for number in range(1, 1_201)
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "store.db"


@pytest.fixture(scope="module")
def store(file: Path, durations: dict[int, list[tuple[str, int]]]) -> Iterator[SqliteStore]:
    with closing(SqliteStore(file)) as opened:
        spans = [
            new_span(
                place,
                trace=trace_id(number),
                span_type=span_type,
                start_time_ns=START_NS,
                end_time_ns=START_NS + duration_ns,
            )
            for number, of_trace in durations.items()
            for place, (span_type, duration_ns) in enumerate(of_trace)
        ]
        # In pieces, so that the rows of traces are written several times.
        random.Random(4).shuffle(spans)  # noqa: S311 - no secret
        for at in range(0, len(spans), 500):
            opened.append(spans[at : at + 500]).result()
        yield opened


@pytest.mark.parametrize("value", ["0", "1", "2.5", "40", "200", "1h", "99999999999999999999"])
@pytest.mark.parametrize("asked", sorted(COMPARED))
def test_searches_find_what_the_spans_say(
    store: SqliteStore, durations: dict[int, list[tuple[str, int]]], asked: Operator, value: str
) -> None:
    number = 3_600_000 if value == "1h" else float(value)
    for text, of_type in (
        (f"span.latency {asked.value} {value}", None),
        (f"span.type = 'TOOL' AND span.latency {asked.value} {value}", "TOOL"),
        (f"NOT span.latency {asked.value} {value}", None),
    ):
        fitting = {
            trace
            for trace, spans in durations.items()
            if any(
                of_type in {None, span_type} and COMPARED[asked](duration_ns // MS, number)
                for span_type, duration_ns in spans
            )
        }
        expected = set(durations) - fitting if text.startswith("NOT") else fitting
        found = store.search(TraceSearch(parse_filter(text), limit=2_000))
        assert {int.from_bytes(each.trace.row.trace_id, "big") for each in found} == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "span.latency > 10h",
        "span.type = 'TOOL' AND span.latency > 10h",
        "span.latency < 0",
        "span.latency = 10h",
        "latency > 10h OR latency < 0",
        # More nanoseconds than a column holds.
        "latency > 99999999999999",
    ],
)
@pytest.mark.usefixtures("store")
def test_what_no_span_takes_is_known_without_looking_at_any(file: Path, text: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert candidates(parse_filter(text), connection) == []


def test_a_page_of_many_slow_spans_is_read_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    statement = search_sql(TraceSearch(parse_filter("span.latency > 1s")))
    with closing(sqlite3.connect(file)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.values).fetchall()
    steps = " / ".join(step[3] for step in plan)
    assert "trace_by_start" in steps
    assert "TEMP B-TREE" not in steps
