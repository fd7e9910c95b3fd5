"""The index of words in upkeep: checked, counted, shrunk, and never needed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from outcrop_server.cli.db import db
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.upkeep.checks import run_checks
from outcrop_server.storage.sqlite.upkeep.compacting import compact, compact_fully
from outcrop_server.storage.sqlite.upkeep.opening import reading_newest
from outcrop_server.storage.sqlite.upkeep.stats import read_stats
from outcrop_server.storage.sqlite.words.index_file import fill_lock_path, index_path
from server.tests.support.spans import trace_id
from server.tests.support.texts import found, saying


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    with closing(SqliteStore(path)) as store:
        store.append([saying(number, f"said {number} 東京") for number in range(1, 31)]).result()
        store.fill_words()
    return path


def faults(file: Path) -> list[str]:
    with reading_newest(file) as connection:
        results = run_checks(connection)
    assert [result.check.name for result in results if result.faults and result.check.name != "words"] == []
    return [fault for result in results for fault in result.faults]


def harm(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(index_path(file))) as connection:
        connection.execute(statement)
        connection.commit()


def test_an_index_that_is_whole_behind_or_lost_is_right(file: Path) -> None:
    assert faults(file) == []
    with closing(SqliteStore(file)) as store:
        store.append([saying(40, "later"), saying(41, "more", trace=3)]).result()
        store.delete_traces([trace_id(5)]).result()
    assert faults(file) == []
    index_path(file).unlink()
    assert faults(file) == []


def test_terms_that_are_missing_and_foreign_traces_are_told(file: Path) -> None:
    harm(file, "DROP TABLE shard_0")
    assert "damaged (no such table: shard_0)" in faults(file)[0]
    with closing(SqliteStore(file)) as store:
        store.fill_words()


def test_a_document_of_another_trace_is_told(file: Path) -> None:
    harm(file, "UPDATE document SET trace_id = zeroblob(16) WHERE trace_key = 7")
    assert f"trace {trace_id(7).hex()} has the words of {bytes(16).hex()}" in faults(file)[0]


def test_terms_that_are_not_there_are_told(file: Path) -> None:
    harm(file, "INSERT INTO shard_0 (shard_0) VALUES ('delete-all')")
    assert "is not found by" in faults(file)[0]


def test_a_file_that_is_no_index_is_told(file: Path) -> None:
    index_path(file).write_bytes(b"something else")
    assert "it is made anew" in faults(file)[0]


def test_stats_say_what_it_takes_and_what_waits(file: Path) -> None:
    words = read_stats(file).words
    assert (words.bytes > 4096, words.waiting) == (True, 0)
    with closing(SqliteStore(file)) as store:
        store.append([saying(40, "later"), saying(41, "more", trace=3)]).result()
    assert read_stats(file).words.waiting == 2
    told = CliRunner().invoke(db, ["stats", "--json", "--store", str(file)])
    assert json.loads(told.output)["words"]["waiting"] == 2
    told = CliRunner().invoke(db, ["stats", "--store", str(file)])
    assert "2 traces wait for it" in told.output
    index_path(file).unlink()
    assert (read_stats(file).words.bytes, read_stats(file).words.waiting) == (0, 31)


@pytest.mark.parametrize("fully", [False, True])
def test_compacting_takes_the_index_along(file: Path, fully: bool) -> None:
    with closing(sqlite3.connect(index_path(file), isolation_level=None)) as connection:
        connection.execute("CREATE TABLE filler (x)")
        connection.execute("INSERT INTO filler VALUES (zeroblob(400000))")
        connection.execute("DROP TABLE filler")
    before = index_path(file).stat().st_size
    (compact_fully if fully else compact)(file)
    assert index_path(file).stat().st_size < before - 300_000
    with closing(SqliteStore(file)) as store:
        assert (found(store, "東京 17"), store.words_waiting()) == ({17}, 0)
    assert faults(file) == []


def test_an_index_that_is_being_filled_is_left_alone(file: Path) -> None:
    before = index_path(file).read_bytes()
    lock = FileLock(fill_lock_path(file), 0)
    with lock.held():
        compact_fully(file)
    lock.close()
    assert index_path(file).read_bytes() == before
