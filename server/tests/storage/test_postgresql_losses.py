"""What becomes of writing and reading while a PostgreSQL server goes away and comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing

import psycopg
import pytest

from outcrop_server.model.annotations import Document, DocumentKey, TraceEdit, TraceNote
from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.notes import delete_old_notes
from outcrop_server.storage.postgresql.store import PostgresStore
from outcrop_server.storage.postgresql.writer_connection import WriterConnection
from server.tests.support.annotations import judgement
from server.tests.support.postgres import Postgres
from server.tests.support.postgres_checks import faults
from server.tests.support.spans import TRACE, new_span, span_id, trace_id

_PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def durable() -> Iterator[Postgres]:
    """A server of these tests' own: others must not lose theirs."""
    pytest.importorskip("psycopg", reason="an extra of the server, in the development environment")
    with Postgres(is_durable=True) as started:
        yield started


@pytest.fixture
def uri(durable: Postgres) -> Iterator[str]:
    with durable.database() as made:
        yield made


def append_in_time(store: PostgresStore, number: int) -> None:
    """Sends a span as a sender does: again, until it is kept."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            store.append([new_span(number)]).result()
        except UnavailableError as error:
            if time.monotonic() > until:
                raise AssertionError("It does not come back.") from error
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_restarts_loses_nothing_that_was_acknowledged(
    durable: Postgres, uri: str, mode: str
) -> None:
    with closing(PostgresStore(uri)) as store:
        acknowledged: list[int] = []
        refused: list[int] = []
        stopping = threading.Event()

        def write() -> None:
            number = 0
            while not stopping.is_set():
                number += 1
                try:
                    store.append([new_span(number)]).result()
                except UnavailableError:
                    refused.append(number)
                    time.sleep(0.01)
                else:
                    acknowledged.append(number)

        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.5)
        durable.stop(mode)
        time.sleep(0.5)
        with pytest.raises(UnavailableError):
            store.trace(TRACE)
        assert store.health().writer_fault is not None
        durable.start()
        before = len(acknowledged)
        until = time.monotonic() + _PATIENCE_S
        while len(acknowledged) < before + 20:
            assert time.monotonic() < until
            time.sleep(0.05)
        stopping.set()
        writer.join()
        assert refused
        kept = {int.from_bytes(row.span_id, "big") for row in store.spans(TRACE)}
        assert set(acknowledged) <= kept
        assert store.health().writer_fault is None
    assert faults(uri) == []


def test_a_connection_that_was_cut_while_nothing_was_written_is_made_anew_unnoticed(
    durable: Postgres, uri: str
) -> None:
    with closing(PostgresStore(uri)) as store:
        store.append([new_span(1)]).result()
        assert store.trace(TRACE) is not None
        durable.stop()
        durable.start()
        assert store.append([new_span(2)]).result() == 1
        assert len(store.spans(TRACE)) == 2


def test_an_answer_that_was_lost_is_told_as_unavailable_and_the_spans_are_there(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = WriterConnection.commit
    lost: list[str] = []

    def lose_the_answer(connection: WriterConnection) -> None:
        commit(connection)
        if not lost:
            lost.append("once")
            connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(WriterConnection, "commit", lose_the_answer)
    with closing(PostgresStore(uri)) as store:
        with pytest.raises(UnavailableError):
            store.append([new_span(1)]).result()
        assert store.append([new_span(1), new_span(2)]).result() == 1
        assert len(store.spans(TRACE)) == 2
        # A judgement that is sent again is known: it is kept once.
        assert store.add_assessment(judgement(1)).result()
    assert faults(uri) == []


def test_a_statement_that_was_cut_off_is_made_again_over_a_new_connection(uri: str) -> None:
    with closing(PostgresStore(uri)) as store:
        store.append([new_span(1)]).result()
        with psycopg.connect(uri, autocommit=True) as other:
            # The writer waits for this trace, in the middle of its transaction.
            other.execute("BEGIN")
            other.execute("SELECT 1 FROM trace_home FOR UPDATE")
            pending = store.append([new_span(2)])
            _wait_for_a_waiting_one(uri)
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            with psycopg.connect(uri, autocommit=True) as ending:
                ending.execute(ended)
            other.execute("COMMIT")
        assert pending.result() == 1
        assert len(store.spans(TRACE)) == 2


def test_what_is_at_fault_itself_does_not_take_others_with_it(uri: str) -> None:
    with closing(PostgresStore(uri)) as store:
        # No column holds such a number, whoever sends it.
        wrong = new_span(1, trace=trace_id(9), end_time_ns=2**80)
        pending: list[Future[int]] = []
        with psycopg.connect(uri, autocommit=True) as other:
            store.append([new_span(1)]).result()
            other.execute("BEGIN")
            other.execute("SELECT 1 FROM trace_home FOR UPDATE")
            pending.append(store.append([new_span(2)]))
            _wait_for_a_waiting_one(uri)
            # These wait, and so go into one transaction.
            pending += [store.append([span]) for span in (wrong, new_span(3), new_span(4))]
            other.execute("COMMIT")
        results = [each.exception() is None for each in pending]
        assert results == [True, False, True, True]
        assert not isinstance(pending[1].exception(), UnavailableError)
        assert store.health().writer_fault is None
        assert store.has_span(TRACE, span_id(4))
    assert faults(uri) == []


def test_a_database_that_only_reads_is_told_as_unavailable_until_it_writes_again(
    durable: Postgres, uri: str
) -> None:
    name = uri.rpartition("/")[2]
    with closing(PostgresStore(uri)) as store:
        append_in_time(store, 1)
        with psycopg.connect(durable.uri("postgres"), autocommit=True) as other:
            other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            with pytest.raises(UnavailableError):
                store.append([new_span(2)]).result()
            assert store.trace(TRACE) is not None
            other.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
        append_in_time(store, 2)
        assert len(store.spans(TRACE)) == 2


def test_a_crash_begins_a_new_history_of_changes(durable: Postgres, uri: str) -> None:
    with closing(PostgresStore(uri)) as store:
        store.append([new_span(1)]).result()
        before = store.last_change()
        # What is not logged is on disk only after a checkpoint, and empty after a crash all the same.
        durable.stop("immediate")
        durable.start()
        append_in_time(store, 2)
        assert store.changes(before, 10) is None
        now = store.last_change()
        append_in_time(store, 3)
        found = store.changes(now, 10)
        assert found is not None
        assert [each.trace.row.span_count for each in found] == [3]


def _wait_for_a_waiting_one(uri: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with psycopg.connect(uri, autocommit=True) as connection:
        while connection.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_name_that_is_longer_than_an_index_takes_is_kept_all_the_same(uri: str) -> None:
    long = "".join(f"/{number}" for number in range(4000))
    places = [DocumentKey("file", long + end) for end in ("", "/a", "/b")]
    with closing(PostgresStore(uri)) as store:
        for place in places:
            assert store.put_document(Document(place, "A", place.key[-2:].encode())).result()
        assert [key for key, _ in store.document_keys("file", long + "/", 9)] == [long + "/a", long + "/b"]
        assert [each.place for each in store.documents(places[0], 9)] == places[1:]
        assert store.document(places[1]) is not None
        assert store.delete_document(places[1]).result()
        names = {f"{'x' * 500}{number}": "y" * 2000 for number in range(9)}
        spans = [new_span(1, name="ä" * 500, session_id="日" * 500, user_id="本" * 500, tags=names)]
        assert store.append(spans).result() == 1
        kept = store.trace(TRACE)
        assert kept is not None
        assert kept.row.tags == names
    assert faults(uri) == []


def test_a_note_whose_trace_does_not_come_is_forgotten_after_a_week(uri: str) -> None:
    with closing(PostgresStore(uri)) as store:
        for number in (1, 2):
            store.note_trace(trace_id(number), TraceNote("A", TraceEdit({"a": "b"}))).result()
        with open_writer(uri) as connection:
            week_ns = 8 * 86_400 * 10**9
            connection.execute(
                "UPDATE trace_note SET noted_at_ns = noted_at_ns - %s WHERE trace_id = %s",
                (week_ns, trace_id(1)),
            )
            delete_old_notes(connection)
            assert connection.execute("SELECT trace_id FROM trace_home").fetchall() == [(trace_id(2),)]
        assert store.waiting_note(trace_id(1)) is None
        assert store.waiting_note(trace_id(2)) is not None
        assert store.append([new_span(1, trace=trace_id(1))]).result() == 1
    assert faults(uri) == []
