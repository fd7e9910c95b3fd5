from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from outcrop_server.embedded import EmbeddedStore
from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite.upkeep.backup import back_up
from server.tests.storage.test_sqlite import assert_sound, writer_process
from server.tests.storage.writer_process import SPANS
from server.tests.support.stores import fill, trace_request


class _Usage(NamedTuple):
    free: int


def rows(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own tables


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    fill(path, 20)
    return path


def test_a_backup_has_everything_in_one_private_file(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    counts, size = back_up(file, target)
    assert (counts["trace"], counts["span"], size) == (20, 100, target.stat().st_size)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("backup*")) == ["backup.db"]
    assert_sound(target)
    with closing(EmbeddedStore(target)) as store:
        assert store.ask("GET", "/api/traces", None)[0] == 200


def test_a_backup_is_of_one_moment_while_another_process_writes(tmp_path: Path) -> None:
    file, target = tmp_path / "store.db", tmp_path / "backup.db"
    with writer_process(file, 1) as process:
        assert process.stdout is not None
        output = process.stdout
        before = [output.readline() for _ in range(50)]
        during: list[str] = []

        def write_on(_done: int, _total: int) -> None:
            # The writer goes on between two steps of the copy.
            during.append(output.readline())

        counts, _ = back_up(file, target, write_on)
        process.kill()
    assert during
    assert counts["span"] % SPANS == 0
    assert len(before) * SPANS <= counts["span"] == rows(target, "span")
    assert_sound(target)


def test_what_is_written_after_the_first_look_is_not_in_it(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    fill(file, 400, first=100, text_bytes=8000)
    with closing(EmbeddedStore(file)) as store:
        late = iter(range(900, 1000))
        counts, _ = back_up(file, target, lambda _done, _total: store.accept(trace_request(next(late))))
        assert next(late) > 900
    assert counts["trace"] == rows(target, "trace") == 420
    assert rows(file, "trace") > 420


def test_a_file_that_is_there_is_never_overwritten(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("mine")
    with pytest.raises(StoreError, match="is there already, and nothing is overwritten"):
        back_up(file, target)
    assert target.read_text() == "mine"


def test_a_file_that_comes_meanwhile_is_not_overwritten_either(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"

    def write_meanwhile(_done: int, _total: int) -> None:
        target.write_text("mine")

    with pytest.raises(StoreError, match="is there now"):
        back_up(file, target, write_meanwhile)
    assert target.read_text() == "mine"
    assert not list(tmp_path.glob("*.part*"))


def test_two_backups_into_one_file_do_not_mix(file: Path, tmp_path: Path) -> None:
    (tmp_path / "backup.db.part").touch()
    with pytest.raises(StoreError, match="another backup is being made, or one was cut off"):
        back_up(file, tmp_path / "backup.db")
    assert (tmp_path / "backup.db.part").exists()


def test_a_disk_without_room_is_told_and_leaves_nothing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage: Callable[[object], _Usage] = lambda _: _Usage(free=5)  # noqa: E731 - two words
    monkeypatch.setattr(shutil, "disk_usage", usage)
    with pytest.raises(StoreError, match=r"takes [0-9,]+ bytes, and 5 are free"):
        back_up(file, tmp_path / "backup.db")
    assert not list(tmp_path.glob("backup*"))


def test_a_folder_that_is_not_there_is_told(file: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written: No such file or directory"):
        back_up(file, tmp_path / "no" / "backup.db")


def test_a_damaged_store_gives_no_backup_that_looks_right(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'trace'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * 200)
    with pytest.raises(StoreError, match=r"damaged|not right"):
        back_up(file, tmp_path / "backup.db")
    assert not list(tmp_path.glob("backup*"))
