from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite import schema
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.upkeep.migrating import migrate_store, plan_of
from server.tests.storage.test_sqlite import assert_sound, made_by_version
from server.tests.support.spans import new_span, trace_id
from server.tests.support.stores import fill

PROCESS = Path(__file__).with_name("migrating_process.py")
NEWEST = len(schema.MIGRATIONS)


class _Usage(NamedTuple):
    free: int


def version(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT max(version) FROM schema_version").fetchone()[0])


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of version 2."""
    file = tmp_path / "store.db"
    with made_by_version(2, monkeypatch):
        fill(file, 30)
    assert version(file) == 2
    return file


def assert_whole(file: Path) -> None:
    assert version(file) == NEWEST
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*), min(name), max(name) FROM trace").fetchall() == [
            (30, "agent", "agent")
        ]
        assert connection.execute("SELECT count(*) FROM span").fetchall() == [(150,)]
    assert_sound(file)
    assert not list(file.parent.glob("*.new*"))


def test_what_rewrites_rows_is_done_on_a_copy_that_takes_the_stores_place(old: Path) -> None:
    inode = old.stat().st_ino
    plan = plan_of(old)
    assert (plan.version, plan.newest, plan.on_copy) == (2, NEWEST, True)
    assert plan.room_bytes > old.stat().st_size
    stages: list[str] = []
    migrate_store(old, on_stage=stages.append)
    assert stages == ["copying", "migrating", "checking", "replacing", "done"]
    assert old.stat().st_ino != inode
    assert old.stat().st_mode & 0o777 == 0o600
    assert_whole(old)


def test_a_server_does_the_same_when_it_opens_the_store(old: Path) -> None:
    inode = old.stat().st_ino
    with closing(SqliteStore(old)) as store:
        assert store.append([new_span(1, trace=trace_id(1))]).result() == 1
        assert store.delete_traces([trace_id(1)]).result() == 1
    assert old.stat().st_ino != inode
    assert version(old) == NEWEST
    assert_sound(old)


def test_what_only_adds_is_done_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.db"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:2])
        SqliteStore(file).close()
        inode = file.stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:4])
        assert not plan_of(file).on_copy
        SqliteStore(file).close()
    assert (version(file), file.stat().st_ino) == (4, inode)


def test_a_new_step_is_taken_for_one_that_rewrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE later (a)",)))
    assert plan_of(file).on_copy


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
@pytest.mark.parametrize("stage", ["copying", "migrating", "step", "checking", "replacing", "done"])
def test_killed_at_any_moment_it_leaves_a_store_that_can_be_used(old: Path, stage: str) -> None:
    command = [sys.executable, str(PROCESS), str(old), stage]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL  # noqa: S603 - our own file
    if stage == "done":
        # The half step belongs to this version of the process: it was committed with the rest.
        assert version(old) == NEWEST
        return
    assert version(old) == 2
    SqliteStore(old).close()
    assert_whole(old)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_killed_in_place_it_leaves_the_old_version(old: Path) -> None:
    command = [sys.executable, str(PROCESS), str(old), "step", "in-place"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL  # noqa: S603 - our own file
    assert version(old) == 2
    migrate_store(old, in_place=True)
    assert_whole(old)


def test_in_place_needs_no_room(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    def nearly_full(_path: Path) -> _Usage:
        return _Usage(free=5)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(StoreError, match=r"needs up to [0-9,]+ bytes beside it, and 5 are free"):
        migrate_store(old)
    assert version(old) == 2
    migrate_store(old, in_place=True)
    assert_whole(old)


def test_a_store_that_another_has_open_is_left_as_it_is(old: Path) -> None:
    with closing(sqlite3.connect(old)) as other:
        assert other.execute("SELECT count(*) FROM trace").fetchall() == [(30,)]
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM trace").fetchall()
        with pytest.raises(StoreError, match="is in use by another process"):
            migrate_store(old)
    assert version(old) == 2


def test_a_copy_that_is_not_right_is_not_used(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def loses_spans(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM span WHERE trace_key = 1")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, (loses_spans,)))
    with pytest.raises(StoreError, match="The copy is not right and was not used: span 145 instead of 150"):
        migrate_store(old)
    assert version(old) == 2
    assert not list(old.parent.glob("*.new*"))


def test_a_store_of_the_newest_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    before = file.read_bytes()
    migrate_store(file)
    assert file.read_bytes() == before
