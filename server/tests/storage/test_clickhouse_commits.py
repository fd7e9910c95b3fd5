"""Commits of several servers into one ClickHouse database, which is stopped and which loses answers."""

# pyright: reportPrivateUsage=false
# ruff: noqa: SLF001 - what goes wrong between a store and its database is made to go wrong there.

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.new_span import NewSpan
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.storage.conformance import an_agents_trace
from server.tests.support.clickhouse_checks import faults, spans_of
from server.tests.support.spans import model_call, new_span, span_id, trace_id

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse

PATIENCE_S = 0.5
# The inserts of one commit, as their tokens begin.
STEPS = ("c", "span", "frame", "e", "trace", "trace_home", "rollup_in", "change", "a")
# Those at which it matters that another writer comes.
TURNS = ("c", "span", "e", "rollup_in", "a")


@pytest.fixture
def uri(clickhouse: Clickhouse) -> Iterator[str]:
    made = clickhouse.new_database()
    yield made
    clickhouse.drop(made)


def opened(uri: str, patience_s: float = PATIENCE_S) -> ClickhouseStore:
    return ClickhouseStore(uri, gather_s=0.0, patience_s=patience_s, is_durable=False)


class Blow:
    """Does something to one insert of one store's: the next whose token begins so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: ClickhouseStore) -> None:
        insert = Client.insert
        self._step = ""
        self._act: Callable[[Callable[[], None]], None] = lambda insert: insert()

        def struck(client: Client, table: str, block: bytes, token: str = "") -> None:
            if client is store._client and self._step and token.rstrip("0123456789") == self._step:
                self._step = ""
                self._act(lambda: insert(client, table, block, token))
                return
            insert(client, table, block, token)

        monkeypatch.setattr(Client, "insert", struck)

    @property
    def has_struck(self) -> bool:
        return not self._step

    def strike(self, step: str, act: Callable[[Callable[[], None]], None]) -> None:
        self._step, self._act = step, act


def sent_until_kept(store: ClickhouseStore, spans: list[NewSpan]) -> int:
    """As a sender does."""
    while True:
        try:
            return store.append(spans).result()
        except UnavailableError:
            time.sleep(0.05)


def the_agents(trace: bytes) -> list[NewSpan]:
    return [span._replace(trace_id=trace) for span in an_agents_trace()]


@pytest.mark.parametrize("is_done", [True, False], ids=["answer lost", "not sent"])
def test_whichever_insert_fails_once_is_made_good(
    uri: str, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    def act(insert: Callable[[], None]) -> None:
        if is_done:
            insert()
        raise UnavailableError("the connection broke")

    with closing(opened(uri)) as store:
        blow = Blow(monkeypatch, store)
        for number, step in enumerate(STEPS):
            trace = trace_id(number)
            store.append([new_span(77, trace=trace)]).result()
            blow.strike(step, act)
            assert sent_until_kept(store, the_agents(trace)) == 4, step
            assert blow.has_struck, step
            assert sent_until_kept(store, [model_call(9, 77, trace=trace)]) == 1, step
    assert faults(uri) == []
    assert len(spans_of(uri)) == 6 * len(STEPS)


@pytest.mark.parametrize("is_done", [True, False], ids=["behind it", "before it"])
def test_a_writer_that_sleeps_at_whichever_insert_is_overtaken_and_loses_nothing(
    uri: str, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    asleep = threading.Event()
    awake = threading.Event()

    def act(insert: Callable[[], None]) -> None:
        if is_done:
            insert()
        asleep.set()
        assert awake.wait(30)
        if not is_done:
            insert()

    with closing(opened(uri)) as sleeper, closing(opened(uri)) as other:
        blow = Blow(monkeypatch, sleeper)
        for number, step in enumerate(TURNS):
            trace = trace_id(number)
            asleep.clear()
            awake.clear()
            sleeper.append([new_span(77, trace=trace)]).result()
            blow.strike(step, act)
            slept = sleeper.append(the_agents(trace))
            assert asleep.wait(30), step
            # It has another's commit to end, or to finish, before its own.
            added = other.append([model_call(2, 1, trace=trace), model_call(9, 77, trace=trace)]).result()
            awake.set()
            assert (added, slept.result()) in {(1, 4), (2, 3)}, step
    assert faults(uri) == []
    wanted = [
        (trace_id(each), span_id(number)) for each in range(len(TURNS)) for number in (1, 2, 3, 4, 9, 77)
    ]
    assert sorted(spans_of(uri)) == sorted(wanted)


def test_what_two_servers_take_at_once_is_there_once(uri: str) -> None:
    drawn = random.Random(3)  # noqa: S311 - no secret
    batches = [
        [
            new_span(
                drawn.randrange(1, 60),
                drawn.choice([None, 1, 2]),
                trace=trace_id(drawn.randrange(4)),
                session_id=drawn.choice([None, "s"]),
            )
            for _ in range(6)
        ]
        for _ in range(24)
    ]
    # On a busy machine neither may take the other for dead.
    with closing(opened(uri, 10.0)) as one, closing(opened(uri, 10.0)) as other:
        stores = (one, other)

        def send(at: int) -> int:
            return stores[at % 2].append(batches[at]).result()

        with ThreadPoolExecutor(6) as pool:
            counts = list(pool.map(send, range(len(batches))))
        ids = {(span.trace_id, span.row.span_id) for batch in batches for span in batch}
        assert sum(counts) == len(ids)
        assert sorted(spans_of(uri)) == sorted(ids)
        assert one.delete_traces([trace_id(0), trace_id(1)]).result() == 2
        assert other.append(batches[0]).result() > 0
    assert faults(uri) == []


def test_a_database_that_is_killed_keeps_what_it_acknowledged(clickhouse: Clickhouse, uri: str) -> None:
    acknowledged: list[tuple[bytes, bytes]] = []
    stopping = threading.Event()

    def write(store: ClickhouseStore, first: int) -> None:
        number = first
        while not stopping.is_set():
            number += 1
            spans = [new_span(number, trace=trace_id(number % 5)), model_call(number + 500, number)]
            sent_until_kept(store, spans)
            acknowledged.extend((span.trace_id, span.row.span_id) for span in spans)

    with closing(opened(uri)) as one, closing(opened(uri)) as other:
        writers = [threading.Thread(target=write, args=args) for args in ((one, 1000), (other, 2000))]
        for writer in writers:
            writer.start()
        for _ in range(2):
            seen = len(acknowledged)
            clickhouse.stop("immediate")
            with pytest.raises(UnavailableError):
                one._client.query("SELECT 1")
            clickhouse.start()
            until = time.monotonic() + 60
            while len(acknowledged) < seen + 8:
                assert time.monotonic() < until
                time.sleep(0.05)
        stopping.set()
        for writer in writers:
            writer.join()
    assert faults(uri) == []
    assert set(acknowledged) <= set(spans_of(uri))


def test_what_is_added_up_is_added_once_though_the_database_forgot_what_was_inserted(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep = threading.Event()

    def act(insert: Callable[[], None]) -> None:
        insert()
        asleep.set()
        raise UnavailableError("the machine failed")

    def is_other(started_s: int) -> bool:
        del started_s
        return asleep.is_set()

    with closing(opened(uri)) as store:
        store.append([new_span(77)]).result()
        # As if another start had taken its memory of tokens away.
        monkeypatch.setattr(store._committer, "_is_other", is_other)
        blow = Blow(monkeypatch, store)
        blow.strike("rollup_in", act)
        assert sent_until_kept(store, an_agents_trace()) == 4
        assert asleep.is_set()
    assert faults(uri) == []
