"""Opening a PostgreSQL store: who may, in which databases, and several at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.postgresql import schema
from outcrop_server.storage.postgresql.store import PostgresStore
from server.tests.support.postgres import Postgres
from server.tests.support.spans import TRACE, new_span


@pytest.fixture
def uri(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as made:
        yield made


def execute(uri: str, *statements: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_servers_that_open_a_new_database_at_once_make_its_tables_once(uri: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(PostgresStore, [uri] * 4))
    assert [store.append([new_span(number)]).result() for number, store in enumerate(stores)] == [1] * 4
    assert {store.last_change().history for store in stores} == {stores[0].last_change().history}
    for store in stores:
        store.close()
    with psycopg.connect(uri) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [
            (len(schema.MIGRATIONS),)
        ]


def test_a_migration_that_fails_leaves_everything_as_it_was(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    PostgresStore(uri).close()
    steps = ("CREATE TABLE added (a integer)", "THIS IS NO SQL")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, steps))
    with pytest.raises(StoreError, match="syntax error"):
        PostgresStore(uri)
    with psycopg.connect(uri) as connection:
        assert connection.execute("SELECT to_regclass('added')").fetchall() == [(None,)]
    monkeypatch.undo()
    with closing(PostgresStore(uri)) as store:
        assert store.append([new_span(1)]).result() == 1


def test_a_database_of_a_newer_version_is_left_alone(uri: str) -> None:
    PostgresStore(uri).close()
    execute(uri, "INSERT INTO schema_version VALUES (99, 0)")
    with pytest.raises(StoreError, match="Upgrade"):
        PostgresStore(uri)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE span (theirs integer)",
        "CREATE VIEW session AS SELECT 1",
        "CREATE TABLE schema_version (id integer)",
    ],
)
def test_another_programs_tables_are_left_alone(uri: str, statement: str) -> None:
    execute(uri, statement)
    with pytest.raises(StoreError, match="another program"):
        PostgresStore(uri)
    with psycopg.connect(uri) as connection:
        assert connection.execute("SELECT to_regclass('trace_home')").fetchall() == [(None,)]


def test_other_tables_do_not_stand_in_the_way(uri: str) -> None:
    execute(uri, "CREATE TABLE theirs (a integer)")
    with closing(PostgresStore(uri)) as store:
        assert store.append([new_span(1)]).result() == 1


def test_two_schemas_of_a_database_hold_two_stores(uri: str) -> None:
    execute(uri, "CREATE SCHEMA one", "CREATE SCHEMA two")
    first, second = (PostgresStore(f"{uri}?options=-csearch_path%3D{name}") for name in ("one", "two"))
    assert first.append([new_span(1)]).result() == 1
    assert second.trace(TRACE) is None
    assert second.append([new_span(1)]).result() == 1
    assert first.last_change().history != second.last_change().history
    first.close()
    second.close()


def test_an_encoding_that_does_not_hold_every_text_is_refused(postgres: Postgres) -> None:
    uri = postgres.uri("latin")
    execute(
        postgres.uri("postgres"),
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    )
    with pytest.raises(StoreError, match="ENCODING 'UTF8'"):
        PostgresStore(uri)
    postgres.drop(uri)


def test_a_user_who_may_not_make_tables_is_told_what_is_lacking(uri: str) -> None:
    name = uri.rpartition("/")[2]
    execute(uri, f"CREATE ROLE {name} LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    theirs = uri.replace("//outcrop@", f"//{name}@")
    with pytest.raises(StoreError, match="GRANT CREATE"):
        PostgresStore(theirs)
    execute(uri, f"GRANT CREATE ON SCHEMA public TO {name}")
    with closing(PostgresStore(theirs)) as store:
        assert store.append([new_span(1)]).result() == 1
        assert store.give_back(1 << 30) == 0
    execute(uri, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://nobody@127.0.0.1:1/none",
        "postgresql://nobody@no-such-host.invalid/none",
        "postgresql://outcrop@127.0.0.1/x?no_such_option=1",
    ],
)
def test_a_database_that_cannot_be_reached_is_said_plainly(uri: str) -> None:
    with pytest.raises(StoreError, match="OUTCROP_STORE"):
        PostgresStore(uri)


def test_a_database_that_is_not_there_is_said_plainly(postgres: Postgres) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        PostgresStore(postgres.uri("nothere"))
