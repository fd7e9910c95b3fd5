"""The tests' ClickHouse answers its driver as a real one does, and outlives being killed."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from server.tests.support.clickhouse import Clickhouse

connect = pytest.importorskip(
    "clickhouse_connect", reason="an extra of the server, in the development environment"
)
LONG = "é'\\\n\t\0" * 3_000


@pytest.fixture
def database(clickhouse: Clickhouse) -> Iterator[str]:
    with clickhouse.database() as uri:
        name = uri.rpartition("/")[2]
        clickhouse.ask(f"CREATE DATABASE {name}")
        clickhouse.ask(
            f"CREATE TABLE {name}.log "
            "(n UInt64, text String, id FixedString(16), m Map(String, Array(String))) "
            "ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100"
        )
        yield name


def client(clickhouse: Clickhouse, database: str, **more: Any) -> Any:
    return connect.get_client(
        host="127.0.0.1",
        port=clickhouse.port,
        database=database,
        autogenerate_session_id=False,
        **{"settings": {"async_insert": 0, "insert_deduplicate": 1}, **more},
    )


def row(number: int, text: str = "") -> list[Any]:
    return [number, text, uuid.UUID(int=number).bytes, {"a'": [text, "\\"]}]


@pytest.mark.parametrize("compress", [False, "gzip", "lz4", "zstd", True])
def test_what_is_inserted_is_read_however_it_is_packed(
    clickhouse: Clickhouse, database: str, compress: Any
) -> None:
    rows = [row(number, LONG) for number in range(300)]
    asked = client(clickhouse, database, compress=compress)
    assert asked.insert("log", rows).written_rows == 300
    found = asked.query("SELECT * FROM log ORDER BY n", query_formats={"FixedString": "bytes"}).result_rows
    assert [list(each) for each in found] == rows


def test_of_two_inserts_with_one_token_the_first_is_kept(clickhouse: Clickhouse, database: str) -> None:
    asked = client(clickhouse, database)
    for text in ("first", "second"):
        asked.insert("log", [row(1, text)], settings={"insert_deduplication_token": "c1"})
    asked.insert("log", [row(2, "none")])
    asked.insert("log", [row(2, "other")])
    found = asked.query("SELECT text FROM log ORDER BY n, text").result_rows
    assert found == [("first",), ("none",), ("other",)]


@pytest.mark.parametrize("text", ["it's \\ {x:String}", LONG, "😀" * 5_000])
def test_a_bound_value_is_what_it_was(clickhouse: Clickhouse, database: str, text: str) -> None:
    asked = client(clickhouse, database)
    found = asked.query("SELECT {x:String}, {y:Array(String)}", {"x": text, "y": ["a'", text]})
    assert found.result_rows == [(text, ["a'", text])]


def test_an_error_has_its_code_and_spoils_nothing(clickhouse: Clickhouse, database: str) -> None:
    asked = client(clickhouse, database)
    wrong = {"SELECT * FROM nothing": 60, "SELECT FROM WHERE": 62, "SELECT throwIf(1)": 395}
    for statement, code in wrong.items():
        with pytest.raises(connect.driver.exceptions.DatabaseError) as refused:
            asked.query(statement)
        assert refused.value.code == code
        assert asked.command("SELECT count() FROM log") == 0
    with pytest.raises(connect.driver.exceptions.DatabaseError) as refused:
        client(clickhouse, "never_made").query("SELECT 1 FROM log")
    assert refused.value.code == 81


def test_settings_and_database_are_those_of_the_request(clickhouse: Clickhouse, database: str) -> None:
    asked = client(clickhouse, database)
    usual = asked.command("SELECT getSetting('max_block_size')")
    assert asked.command("SELECT getSetting('max_block_size')", settings={"max_block_size": 7}) == 7
    assert asked.command("SELECT getSetting('max_block_size')") == usual
    assert asked.command("SELECT currentDatabase()") == database
    assert asked.command("SELECT currentDatabase()", use_database=False) == "default"
    # What answers nothing is told from what answers an empty text.
    assert asked.command("SELECT text FROM log") == ""
    assert asked.command("TRUNCATE TABLE log").as_query_result().row_count == 1
    assert asked.ping()


def test_a_dropped_and_remade_database_is_asked_by_open_connections(
    clickhouse: Clickhouse, database: str
) -> None:
    asked = client(clickhouse, database)
    assert asked.command("SELECT count() FROM log") == 0
    clickhouse.drop(clickhouse.uri(database))
    clickhouse.ask(f"CREATE DATABASE {database}")
    clickhouse.ask(f"CREATE TABLE {database}.log (n UInt64) ENGINE = MergeTree ORDER BY n")
    asked.insert("log", [[1]], settings={"max_block_size": 100})
    assert asked.command("SELECT count() FROM log") == 1


def test_many_threads_write_and_read_at_once(clickhouse: Clickhouse, database: str) -> None:
    asked = client(clickhouse, database)

    def work(number: int) -> int:
        asked.insert("log", [row(number)], settings={"insert_deduplication_token": f"t{number}"})
        return int(asked.command("SELECT count() FROM log WHERE n = {n:UInt64}", {"n": number}))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(64))) == [1] * 64
    assert asked.command("SELECT count() FROM log") == 64


def test_half_an_insert_inserts_nothing(clickhouse: Clickhouse, database: str) -> None:
    broken = http.client.HTTPConnection("127.0.0.1", clickhouse.port)
    for head in ({"Content-Length": "1000"}, {"Transfer-Encoding": "chunked"}):
        broken.putrequest("POST", f"/?database={database}")
        for name, value in head.items():
            broken.putheader(name, value)
        broken.endheaders(b"" if "Content-Length" in head else b"2f\r\n")
        broken.send(b"INSERT INTO log (n, text) FORMAT TSV\n1\tx\n2\ty\n3\t")
        broken.close()
    assert client(clickhouse, database).command("SELECT count() FROM log") == 0


def test_a_killed_server_comes_back_with_what_it_acknowledged() -> None:
    with Clickhouse() as own:
        own.ask("CREATE DATABASE kept")
        own.ask("CREATE TABLE kept.log (n UInt64) ENGINE = MergeTree ORDER BY n")
        asked = client(own, "kept")
        for number, mode in enumerate(("immediate", "fast", "immediate"), 1):
            asked.insert("log", [[number]])
            own.stop(mode)
            with pytest.raises(connect.driver.exceptions.OperationalError):
                asked.command("SELECT 1")
            own.start()
            assert asked.command("SELECT count() FROM log") == number
