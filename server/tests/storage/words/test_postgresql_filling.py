"""The index of words in PostgreSQL: filled by one server at a time, killed, lost, damaged, left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from outcrop.filter.parser import parse_filter
from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.common import filler_apart, filling
from outcrop_server.storage.postgresql.partitions import part_of
from outcrop_server.storage.postgresql.store import PostgresStore
from outcrop_server.storage.postgresql.words import gathering, vocabulary, waiting
from server.tests.support.postgres import Postgres
from server.tests.support.spans import trace_id
from server.tests.support.texts import found, saying

_DAY_NS = 86_400 * 10**9
_FILLS = """
import sys, time
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.postgresql.store import PostgresStore

def slowly(payload):
    print("read", flush=True)
    time.sleep(0.05)
    return read_text(payload)

store = PostgresStore(sys.argv[1], read_text=slowly)
store.start_filling()
sys.stdin.read()
"""


@pytest.fixture
def uri(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def store(uri: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(uri)) as opened:
        yield opened


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches look into no payloads of traces that wait: what is found, the index knows."""
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)


def asked(uri: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(uri, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def until_nothing_waits(store: PostgresStore) -> None:
    ends = time.monotonic() + 60
    while store.words_waiting():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.usefixtures("blind")
def test_the_index_alone_answers_once_it_is_filled(store: PostgresStore) -> None:
    store.append([saying(1, "blue 京都"), saying(2, "red")]).result()
    assert (found(store, "blue"), store.words_waiting()) == (set(), 2)
    store.fill_words()
    assert (found(store, "blue"), found(store, "京都"), store.words_waiting()) == ({1}, {1}, 0)
    store.append([saying(3, "blue"), saying(4, "green", trace=1)]).result()
    # What is known of a trace that waits is better than nothing.
    assert (found(store, "blue"), store.words_waiting()) == ({1}, 2)
    store.fill_words()
    assert (found(store, "blue AND green"), found(store, "blue"), store.words_waiting()) == ({1}, {1, 3}, 0)


@pytest.mark.usefixtures("blind")
def test_who_fills_in_the_background_gives_way_before_each_span(store: PostgresStore) -> None:
    gave: list[str] = []
    store.append([saying(number, "blue") for number in range(1, 6)]).result()
    store.start_filling(lambda: gave.append(threading.current_thread().name))
    until_nothing_waits(store)
    assert found(store, "blue") == {1, 2, 3, 4, 5}
    assert gave == ["outcrop-words"] * 5


@pytest.mark.usefixtures("blind")
def test_counts_say_that_they_may_lack_what_waits(store: PostgresStore) -> None:
    store.append([saying(1, "blue")]).result()
    search = TraceSearch(parse_filter("blue"))
    assert not store.count(search, 10).is_exact
    assert not store.facets(search, 5, 10).is_exact
    store.fill_words()
    assert store.count(search, 10).is_exact


@pytest.mark.usefixtures("blind")
def test_a_killed_servers_filling_goes_on_in_another_one(store: PostgresStore, uri: str) -> None:
    for number in range(1, 31):
        store.append([saying(number, f"said {number}")])
    store.append([]).result()
    store.append([saying(31, "said 31")]).result()
    child = subprocess.Popen(  # noqa: S603 - Python itself
        [sys.executable, "-c", _FILLS, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(8):
        assert child.stdout.readline() == "read\n"
    # It holds the lock: nobody fills beside it.
    with pytest.raises(UnavailableError, match="Another server"):
        store.fill_words()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    already = len(asked(uri, "SELECT 1 FROM text_document"))
    assert 0 < already < 31
    ends = time.monotonic() + 30
    while True:
        try:
            store.fill_words()
            break
        except UnavailableError:
            # The database learns of it in a moment.
            assert time.monotonic() < ends
            time.sleep(0.05)
    assert found(store, "said") == set(range(1, 32))
    assert store.words_waiting() == 0


@pytest.mark.usefixtures("blind")
def test_of_two_servers_one_fills_and_the_other_follows_when_it_is_gone(
    store: PostgresStore, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "LATER_S", 0.05)
    filled: list[str] = []
    store.start_filling(lambda: filled.append("first"))
    store.append([saying(1, "one")]).result()
    until_nothing_waits(store)
    with closing(PostgresStore(uri)) as other:
        other.start_filling(lambda: filled.append("second"))
        other.append([saying(2, "two")]).result()
        until_nothing_waits(other)
        store.close()
        other.append([saying(3, "three")]).result()
        until_nothing_waits(other)
        assert found(other, "three") == {3}
    assert filled == ["first", "first", "second"]


@pytest.mark.usefixtures("blind")
def test_what_was_there_before_is_filled_from_its_newest_days_down(
    store: PostgresStore, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_TRACES", 3)
    monkeypatch.setattr(gathering, "_COMPARED", 2)
    today_ns = time.time_ns() // _DAY_NS * _DAY_NS
    for number in range(1, 11):
        span = saying(number, f"said {number}")
        start_ns = today_ns - number // 4 * _DAY_NS if number < 10 else 5
        row = span.row._replace(start_time_ns=start_ns, end_time_ns=start_ns + 5)
        store.append([span._replace(row=row)]).result()
    # As after a crash, or a move to another machine: nobody knows what changed.
    asked(uri, "DELETE FROM trace_change; UPDATE change_history SET mark = 'another'")
    store.fill_words()
    assert found(store, "said") == set(range(1, 11))
    assert store.words_waiting() == 0
    assert len(asked(uri, "SELECT DISTINCT part FROM text_document")) == 4


@pytest.mark.usefixtures("blind")
def test_a_trace_of_more_than_a_step_is_filled_in_several(
    store: PostgresStore, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_WORDS", 20)
    for number in range(1, 8):
        words = " ".join(f"w{number}x{each}" for each in range(15))
        store.append([saying(number, words, trace=1)]).result()
    store.fill_words()
    assert all(found(store, f"w{number}x7") == {1} for number in range(1, 8))
    assert asked(uri, "SELECT span_count FROM text_document") == [(7,)]


@pytest.mark.usefixtures("blind")
def test_what_is_deleted_leaves_no_words_and_what_moves_takes_them_along(
    store: PostgresStore, uri: str
) -> None:
    today_ns = time.time_ns() // _DAY_NS * _DAY_NS

    def said(number: int, words: str, trace: int, start_ns: int) -> Any:
        span = saying(number, words, trace=trace)
        row = span.row._replace(start_time_ns=start_ns, end_time_ns=start_ns + 5)
        return span._replace(row=row)

    store.append([said(1, "secret", 1, today_ns), said(2, "walking", 2, today_ns)]).result()
    store.fill_words()
    store.delete_traces([trace_id(1)]).result()
    assert asked(uri, "SELECT count(*) FROM text_document") == [(1,)]
    assert found(store, "secret") == set()
    # A span that began a day earlier takes the trace to that day, whose words have other numbers.
    store.append([said(3, "earlier", 2, today_ns - _DAY_NS)]).result()
    assert asked(uri, "SELECT count(*) FROM text_document") == [(0,)]
    store.fill_words()
    assert (found(store, "walking AND earlier"), store.words_waiting()) == ({2}, 0)
    yesterday = part_of(today_ns - _DAY_NS)
    assert asked(uri, "SELECT part FROM text_document") == [(yesterday,)]


@pytest.mark.usefixtures("blind")
def test_who_is_just_being_deleted_is_passed_by_and_looked_at_again(store: PostgresStore, uri: str) -> None:
    store.append([saying(1, "blue"), saying(2, "blue")]).result()
    with psycopg.connect(uri) as connection:
        connection.execute("SELECT 1 FROM trace WHERE trace_id = %s FOR UPDATE", (trace_id(1),))
        connection.execute("SET statement_timeout = '20s'")
        filling = threading.Thread(target=store.fill_words, daemon=True)
        filling.start()
        ends = time.monotonic() + 30
        while asked(uri, "SELECT count(*) FROM text_document") != [(1,)]:
            assert time.monotonic() < ends
            time.sleep(0.02)
        connection.rollback()
    filling.join(30)
    assert not filling.is_alive()
    assert (found(store, "blue"), store.words_waiting()) == ({1, 2}, 0)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE text_state SET format = 0",
        "DELETE FROM text_state",
        "UPDATE text_state SET change = 1000000",
        "INSERT INTO text_state SELECT * FROM text_state",
        "DELETE FROM text_document",
        "UPDATE text_document SET span_count = 99",
        "INSERT INTO text_document SELECT trace_key + 100, 1, part, 0, words FROM text_document",
    ],
)
@pytest.mark.usefixtures("blind")
def test_an_index_that_somebody_harmed_is_put_right(store: PostgresStore, uri: str, harm: str) -> None:
    store.append([saying(1, "blue"), saying(2, "red")]).result()
    store.fill_words()
    asked(uri, harm)
    assert found(store, "blue") <= {1}
    store.fill_words()
    assert (found(store, "blue"), found(store, "red"), store.words_waiting()) == ({1}, {2}, 0)
    assert len(asked(uri, "SELECT 1 FROM text_document")) == 2


def test_a_damaged_index_fails_no_search_and_is_made_anew(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([saying(1, "blue"), saying(2, "red")]).result()
    store.fill_words()

    def broken(*_: object) -> None:
        raise errors.DataCorrupted("invalid page in block 7 of relation text_word")

    with monkeypatch.context() as context:
        context.setattr(vocabulary.Vocabulary, "numbers", broken)
        # By the payloads themselves.
        assert found(store, "blue") == {1}
    store.fill_words()
    assert (found(store, "blue"), store.words_waiting()) == ({1}, 0)


def test_a_database_that_crashed_begins_a_new_history_and_its_index_stays() -> None:
    with Postgres(is_durable=True) as postgres:
        uri = postgres.new_database()
        with closing(PostgresStore(uri)) as store:
            store.append([saying(1, "blue")]).result()
            store.fill_words()
            # What the index wrote last need not have been on disk; a checkpoint sees to it.
            asked(uri, "CHECKPOINT")
            postgres.stop("immediate")
            postgres.start()
        with closing(PostgresStore(uri)) as store:
            store.append([saying(2, "red")]).result()
            assert (found(store, "blue"), found(store, "red")) == ({1}, {2})
            store.fill_words()
            assert (found(store, "blue"), found(store, "red"), store.words_waiting()) == ({1}, {2}, 0)


@pytest.mark.skipif(os.name != "posix", reason="it looks at processes as POSIX has them")
@pytest.mark.usefixtures("blind")
def test_a_child_fills_and_ends_with_the_store_and_its_arguments_hold_no_secret(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filler_apart, "_FIRST_S", 0.0)
    with closing(PostgresStore(uri, fills_apart=True)) as store:
        apart: Any = vars(store)["_filler"]
        assert isinstance(apart, filler_apart.FillerApart)
        store.append([saying(1, "blue")]).result()
        store.start_filling()
        store.start_filling()
        until_nothing_waits(store)
        assert found(store, "blue") == {1}
        child = apart.process_id
        assert child is not None
        assert child != os.getpid()
        if sys.platform == "linux":
            assert "postgresql://" not in Path(f"/proc/{child}/cmdline").read_text()
        with pytest.raises(UnavailableError, match="Another server"):
            store.fill_words()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_days_words_go_with_its_last_trace(store: PostgresStore, uri: str) -> None:
    day = time.time_ns() // _DAY_NS - 5
    span = saying(1, "confidential")
    row = span.row._replace(start_time_ns=day * _DAY_NS, end_time_ns=day * _DAY_NS + 5)
    store.append([span._replace(row=row), saying(2, "others")]).result()
    store.fill_words()
    told = f"SELECT count(*) FROM text_word WHERE part = {day} AND words LIKE '%confidential%'"  # noqa: S608 - a number
    assert asked(uri, told) == [(1,)]
    store.delete_traces([trace_id(1)]).result()
    while store.give_back(1 << 30):
        pass
    assert asked(uri, told) == [(0,)]
    assert (found(store, "others"), store.words_waiting()) == ({2}, 0)
