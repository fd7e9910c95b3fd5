"""The days in which a PostgreSQL store keeps traces: made, changed by late spans, given back when empty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg
import pytest

from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import TracePosition
from outcrop_server.storage.postgresql import partitions
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.partitions import moved, part_of, read_parts
from outcrop_server.storage.postgresql.schema import ELSEWHEN, PARTITIONED
from outcrop_server.storage.postgresql.store import PostgresStore
from server.tests.support.postgres import Postgres
from server.tests.support.postgres_checks import faults
from server.tests.support.spans import new_span, span_id, trace_id

DAY_NS = 86_400 * 10**9
TODAY = time.time_ns() // DAY_NS


@pytest.fixture
def uri(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def store(uri: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(uri)) as opened:
        yield opened


def span_on(day: int, number: int, *, trace: int | None = None, at_ns: int = 1, **changes: Any) -> NewSpan:
    """A span that begins on a day, so many nanoseconds after midnight."""
    start_ns = day * DAY_NS + at_ns
    trace_key = trace_id(number if trace is None else trace)
    return new_span(number, trace=trace_key, start_time_ns=start_ns, end_time_ns=start_ns + 5, **changes)


def parts_of(uri: str) -> dict[int, int]:
    """How many traces lie in each part that is there."""
    with open_writer(uri) as connection:
        counts = dict(connection.execute("SELECT part, count(*) FROM trace GROUP BY part").fetchall())
        return {part: counts.get(part, 0) for part in read_parts(connection)}


def test_each_day_has_a_part_and_wild_clocks_share_one(uri: str, store: PostgresStore) -> None:
    days = [TODAY, TODAY - 1, TODAY - 400, TODAY - 401, TODAY + 2, TODAY + 3, 0, 19_000]
    for number, day in enumerate(days):
        store.append([span_on(day, number)]).result()
    # Tomorrow's is made with today's.
    assert parts_of(uri) == {
        ELSEWHEN: 4,
        TODAY - 400: 1,
        TODAY - 1: 1,
        TODAY: 1,
        TODAY + 1: 0,
        TODAY + 2: 1,
    }
    found = [int.from_bytes(each.row.trace_id, "big") for each in store.traces(None, None, 100)]
    assert [days[number] for number in found] == sorted(days, reverse=True)
    assert faults(uri) == []


def test_a_batch_of_thousands_of_wild_clocks_makes_no_more_parts_than_days_that_may_be() -> None:
    now_ns = TODAY * DAY_NS + 5
    assert {part_of(day * DAY_NS, now_ns) for day in range(40_000)} == {
        ELSEWHEN,
        *range(TODAY - partitions.PAST_DAYS, TODAY + partitions.AHEAD_DAYS + 1),
    }
    assert part_of(-5, now_ns) == ELSEWHEN
    # One that was put there while its day was near stays, as long as it does not begin on another one.
    assert moved(7, 7 * DAY_NS, 7 * DAY_NS + 9) == 7
    assert moved(7, 7 * DAY_NS, 8 * DAY_NS) == ELSEWHEN


def test_a_trace_goes_to_the_day_of_an_earlier_span_with_all_that_it_has(
    uri: str, store: PostgresStore
) -> None:
    late = [span_on(TODAY, number, trace=1, parent=9, payload=bytes(100)) for number in range(1, 6)]
    store.append(late).result()
    store.append([span_on(TODAY, 1, trace=2)]).result()
    assert parts_of(uri)[TODAY] == 2
    early = span_on(TODAY - 1, 9, trace=1, at_ns=DAY_NS - 1)
    assert store.append([early, *late]).result() == 1
    assert {part: count for part, count in parts_of(uri).items() if count} == {TODAY - 1: 1, TODAY: 1}
    assert store.spans(trace_id(1)) == [span.row for span in (early, *late)]
    for span in (early, *late):
        assert store.span(trace_id(1), span.row.span_id) == (span.row, span.payload)
    assert sorted(store.payloads(trace_id(1))) == sorted(span.payload for span in (early, *late))
    assert [row.span_id for row in store.top_spans(trace_id(1), None, 9)] == [span_id(9)]
    # A root that comes last and says that the trace began later takes it along, too.
    before = store.last_change()
    root = span_on(TODAY, 10, trace=1, at_ns=7)
    store.append([root]).result()
    kept = store.trace(trace_id(1))
    assert kept is not None
    changed = store.changes(before, 9)
    assert changed is not None
    assert [each.trace for each in changed] == [kept]
    assert faults(uri) == []
    assert store.delete_traces([trace_id(1)]).result() == 1
    assert faults(uri) == []


def test_many_days_are_read_in_order_page_by_page(uri: str, store: PostgresStore) -> None:
    spans = [span_on(TODAY - number // 3, number, at_ns=number % 3) for number in range(90)]
    store.append(spans).result()
    found: list[TracePosition] = []
    while page := store.traces("Default", found[-1] if found else None, 7):
        found += [TracePosition(each.row.start_time_ns, each.row.trace_id) for each in page]
    expected = sorted(((span.row.start_time_ns, span.trace_id) for span in spans), reverse=True)
    assert found == expected
    oldest = store.oldest("Default", None, 90)
    assert [(old.start_time_ns, old.trace_id) for old in oldest] == expected[::-1]
    assert store.delete_oldest("Default", (TODAY - 9) * DAY_NS, 1000).result() == 61
    assert faults(uri) == []


def test_servers_that_need_the_same_day_at_once_make_it_once(uri: str) -> None:
    stores = [PostgresStore(uri) for _ in range(4)]

    def write(place: int) -> int:
        pending: list[Future[int]] = [
            stores[place].append([span_on(TODAY - day, day * 10 + place)]) for day in range(12)
        ]
        return sum(each.result() for each in pending)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, range(4))) == [12] * 4
    for each in stores:
        each.close()
    assert [count for part, count in parts_of(uri).items() if part not in {ELSEWHEN, TODAY + 1}] == [4] * 12


def test_a_day_that_is_empty_is_dropped_and_comes_again_when_it_is_written_to(
    uri: str, store: PostgresStore
) -> None:
    other = PostgresStore(uri)
    spans = [span_on(TODAY - 5, number, payload=bytes(range(256)) * 40) for number in range(20)]
    store.append(spans).result()
    other.append([span_on(TODAY - 5, 77), span_on(TODAY, 78)]).result()
    assert store.give_back(1 << 40) == 0
    other.delete_traces([span.trace_id for span in spans[1:]]).result()
    store.give_back(1 << 40)
    assert TODAY - 5 in parts_of(uri)
    other.delete_traces([spans[0].trace_id, trace_id(77)]).result()
    assert store.give_back(1 << 40) > 0
    assert TODAY - 5 not in parts_of(uri)
    with psycopg.connect(uri) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE %s", (f"%_d{TODAY - 5}%",)
        ).fetchall()
    assert left == []
    assert store.traces(None, None, 10)[0].row.trace_id == trace_id(78)
    # The one that made it and the one that dropped it both still think that they know it.
    assert store.append(spans[:2]).result() == 2
    assert other.append(spans[2:4]).result() == 2
    assert parts_of(uri)[TODAY - 5] == 4
    other.close()
    assert faults(uri) == []


def test_a_day_is_not_dropped_under_who_writes_or_reads_there(uri: str, store: PostgresStore) -> None:
    span = span_on(TODAY - 5, 1)
    store.append([span]).result()
    store.delete_traces([span.trace_id]).result()
    with psycopg.connect(uri) as reader:
        # A reader that holds a table of it, in the middle of something.
        reader.execute(f"LOCK TABLE span_d{TODAY - 5} IN ACCESS SHARE MODE".encode())
        before_s = time.monotonic()
        store.give_back(1 << 40)
        assert time.monotonic() - before_s < 20
        assert TODAY - 5 in parts_of(uri)
    assert store.give_back(1 << 40) > 0
    assert TODAY - 5 not in parts_of(uri)


def test_every_table_of_a_day_is_a_part_of_its_own_kind(uri: str, store: PostgresStore) -> None:
    store.append([span_on(TODAY, 1)]).result()
    with psycopg.connect(uri) as connection:
        for table in PARTITIONED:
            found = connection.execute(
                "SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = %s::regclass",
                (f"{table}_d{TODAY}",),
            ).fetchall()
            assert found == [(table,)]
        storage = connection.execute(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'frame'",
            (f"payload_d{TODAY}",),
        ).fetchall()
    # Frames are compressed already: PostgreSQL is not to try again.
    assert storage == [("e",)]
