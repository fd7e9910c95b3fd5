"""Servers that write to one PostgreSQL database at the same time."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from outcrop_server.model.annotations import Document, DocumentKey, TraceEdit, TraceNote
from outcrop_server.storage.postgresql.store import PostgresStore
from server.tests.support.aggregates import random_trace
from server.tests.support.annotations import judgement
from server.tests.support.binaries import turn
from server.tests.support.postgres import Postgres
from server.tests.support.postgres_checks import faults
from server.tests.support.spans import TRACE, new_span, span_id, trace_id


@pytest.fixture
def uri(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def stores(uri: str) -> Iterator[list[PostgresStore]]:
    with ExitStack() as stack:
        opened: list[PostgresStore] = []
        for _ in range(3):
            opened.append(PostgresStore(uri))
            stack.callback(opened[-1].close)
        yield opened


@pytest.mark.parametrize("seed", range(3))
def test_servers_that_write_the_same_traces_at_once_leave_what_one_would_have(
    uri: str, stores: list[PostgresStore], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    spans = [span for number in range(20) for span in random_trace(chance, number)]
    go = threading.Barrier(len(stores))

    def write(place: int) -> int:
        store, own = stores[place], random.Random(seed * 10 + place)  # noqa: S311 - no secret
        mine = own.sample(spans, len(spans))
        go.wait()
        pending: list[Future[Any]] = []
        counts: list[Future[int]] = []
        while mine:
            count = own.randint(1, 12)
            counts.append(store.append(mine[:count]))
            if own.random() < 0.3:
                pending.append(store.edit_trace(trace_id(own.randrange(20)), TraceEdit({"by": str(place)})))
            if own.random() < 0.3:
                pending.append(
                    store.add_assessment(judgement(len(mine) * 10 + place, trace=mine[0].trace_id))
                )
            del mine[:count]
        for each in pending:
            each.result()
        return sum(each.result() for each in counts)

    with ThreadPoolExecutor(len(stores)) as pool:
        new = list(pool.map(write, range(len(stores))))
    # Each span is new to one of them.
    assert sum(new) == len(spans)
    assert faults(uri) == []
    expected = {trace_id(number) for number in range(20)}
    assert {found.row.trace_id for found in stores[0].traces(None, None, 100)} == expected
    alone = trace_id(99)
    for number in range(20):
        # The same as if one server had had them all at once.
        together = [span._replace(trace_id=alone) for span in spans if span.trace_id == trace_id(number)]
        stores[0].append(together).result()
        whole, pieces = stores[0].trace(alone), stores[1].trace(trace_id(number))
        assert whole is not None
        assert pieces is not None
        assert replace(whole.row, tags={}, trace_id=b"") == replace(pieces.row, tags={}, trace_id=b"")
        stores[0].delete_traces([alone]).result()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_deleted_while_it_is_written_is_gone_or_begins_anew(
    uri: str, stores: list[PostgresStore], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    spans = [span for number in range(8) for span in random_trace(chance, number)]
    go = threading.Barrier(len(stores))

    def write(place: int) -> None:
        store, own = stores[place], random.Random(seed * 10 + place)  # noqa: S311 - no secret
        go.wait()
        pending: list[Future[Any]] = []
        for _ in range(60):
            pick = own.random()
            ids = [trace_id(own.randrange(8)) for _ in range(3)]
            if pick < 0.6:
                pending.append(store.append(own.sample(spans, 5)))
            elif pick < 0.8:
                pending.append(store.delete_traces(ids))
            elif pick < 0.9:
                pending.append(store.delete_oldest(own.choice(["a", "b"]), 2**62, 2))
            else:
                pending.append(store.note_trace(ids[0], TraceNote("a", TraceEdit({"noted": "yes"}))))
        for each in pending:
            each.result()

    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(write, range(len(stores))))
    assert faults(uri) == []


def test_numbers_of_changes_become_visible_in_their_order(stores: list[PostgresStore]) -> None:
    reader, *writers = stores
    stopping = threading.Event()

    def write(place: int) -> None:
        for number in range(80):
            trace = trace_id(1 + number % 7 + 7 * place)
            writers[place].append([new_span(number, trace=trace)]).result()

    missed: list[bytes] = []

    def follow() -> set[bytes]:
        position, seen = reader.last_change(), set[bytes]()
        while True:
            is_last = stopping.is_set()
            found = reader.changes(position, 1000)
            assert found is not None
            numbers = [each.number for each in found]
            assert numbers == sorted(numbers)
            assert all(number > position.number for number in numbers)
            seen |= {each.trace.row.trace_id for each in found}
            for each in found:
                # As it is now, or as it was at a later moment: never as it was before its number.
                kept = reader.trace(each.trace.row.trace_id)
                if kept is None or kept.row.span_count < each.trace.row.span_count:
                    missed.append(each.trace.row.trace_id)
            if found:
                position = position._replace(number=numbers[-1])
            elif is_last:
                return seen

    with ThreadPoolExecutor(3) as pool:
        following = pool.submit(follow)
        list(pool.map(write, range(2)))
        stopping.set()
        assert following.result() == {trace_id(number) for number in range(1, 15)}
    assert missed == []


def test_a_binary_that_one_lets_go_of_while_another_takes_it_stays_or_comes_anew(
    uri: str, stores: list[PostgresStore]
) -> None:
    first, second, _ = stores
    picture = turn(1, 1)
    for number in range(25):
        one, other = trace_id(1000 + number), trace_id(2000 + number)
        first.append([new_span(1, trace=one, payload=picture)]).result()
        span = new_span(1, trace=other, payload=picture)
        gone, come = first.delete_traces([one]), second.append([span])
        assert (gone.result(), come.result()) == (1, 1)
        assert second.span(other, span_id(1)) == (span.row, span.payload)
        assert first.delete_traces([other]).result() == 1
    assert faults(uri) == []


def test_notes_find_their_trace_whoever_comes_first(uri: str, stores: list[PostgresStore]) -> None:
    first, second, _ = stores
    for number in range(60):
        trace = trace_id(number)
        noted = first.note_trace(trace, TraceNote("A", TraceEdit({"noted": "yes"})))
        come = second.append([new_span(1, trace=trace)])
        assert (noted.result(), come.result()) == (True, 1)
        kept = first.trace(trace)
        assert kept is not None
        assert kept.row.tags == {"noted": "yes"}
        assert first.waiting_note(trace) is None
    assert faults(uri) == []


def test_experiments_and_documents_are_made_once(uri: str, stores: list[PostgresStore]) -> None:
    def write(place: int) -> None:
        for number in range(30):
            name = f"experiment {number}"
            span = new_span(
                1, trace=trace_id(place * 100 + number), experiment=name, is_experiment_named=True
            )
            document = Document(DocumentKey("file", str(number)), name, bytes([place]), TRACE)
            pending: list[Future[Any]] = [stores[place].append([span]), stores[place].put_document(document)]
            for each in pending:
                each.result()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert {row.name: row.trace_count for row in stores[0].experiments()} == {
        f"experiment {number}": 3 for number in range(30)
    }
    assert len(stores[1].document_keys("file", "", 100)) == 30
    assert faults(uri) == []
