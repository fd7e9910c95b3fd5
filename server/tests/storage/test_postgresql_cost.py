"""What writing to PostgreSQL costs does not grow with what is there; and a health check waits for nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from outcrop_server.model.annotations import TraceEdit
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.store import PostgresStore
from server.tests.support.postgres import Postgres
from server.tests.support.spans import model_call, trace_id

# Rows that no batch touches; planners know nothing of them yet.
_OTHERS = (
    """INSERT INTO rollup SELECT number * 60, 1, 1, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, '', ''
    FROM generate_series(1, 60000) AS number""",
    """INSERT INTO trace_home (trace_id, part)
    SELECT decode(lpad(to_hex(number), 32, '7'), 'hex'), NULL FROM generate_series(1, 65535) AS number
    ON CONFLICT DO NOTHING""",
    """INSERT INTO session SELECT 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'other ' || number
    FROM generate_series(1, 60000) AS number""",
)


@pytest.fixture
def uri(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as made:
        yield made


class Asked:
    """Everything that is asked of connections, with its values."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.all: list[tuple[str, Any]] = []
        execute: Any = psycopg.Connection.execute

        def noted(connection: Any, query: str | bytes, params: Any = None, **more: Any) -> Any:
            self.all.append((query if isinstance(query, str) else query.decode(), params))
            return execute(connection, query, params, **more)

        monkeypatch.setattr(psycopg.Connection, "execute", noted)


def test_what_a_writer_looks_up_it_finds_by_an_index_however_much_there_is(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = [
        model_call(number, 99, trace=trace_id(number % 50), session_id=f"s-{number}") for number in range(500)
    ]
    with closing(PostgresStore(uri)) as store:
        store.append(spans[::2]).result()
        with open_writer(uri) as connection:
            for statement in _OTHERS:
                connection.execute(statement.encode())
        asked = Asked(monkeypatch)
        store.append(spans).result()
        store.edit_trace(trace_id(1), TraceEdit({"a": "b"})).result()
        store.delete_traces([trace_id(number) for number in range(25)]).result()
        monkeypatch.undo()
    plans = 0
    with open_writer(uri) as connection:
        for statement, values in asked.all:
            if not statement.strip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                continue
            if "pg_advisory" in statement or "pg_inherits" in statement:
                continue
            found = connection.execute(f"EXPLAIN {statement}".encode(), values).fetchall()
            plan = "\n".join(line for (line,) in found)
            plans += 1
            for table in ("rollup", "trace", "span", "payload", "session", "trace_change", "term"):
                assert f"Seq Scan on {table}" not in plan, f"{statement}\n{plan}"
    assert plans > 20


def test_a_small_batch_asks_the_server_few_times(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(PostgresStore(uri)) as store:
        for number in range(5):
            store.append([model_call(1, trace=trace_id(number))]).result()
        asked = Asked(monkeypatch)
        store.append([model_call(1, 7, trace=trace_id(77))]).result()
        monkeypatch.undo()
    # Its beginning, the trace's home, a missing parent, the lock and two lookups under it; then what is
    # written together, which waits for no answer: rollups, counts, use, changes, their last, the end.
    assert len(asked.all) <= 12, asked.all


def test_health_is_told_while_the_database_is_away() -> None:
    with Postgres() as own, closing(PostgresStore(own.new_database())) as store:
        before = store.health()
        own.stop()
        began_s = time.monotonic()
        now = store.health()
        assert time.monotonic() - began_s < 1
        assert now.file_bytes == before.file_bytes
