from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.upkeep.compacting import compact, compact_fully, sizes
from server.tests.storage.test_sqlite import assert_sound
from server.tests.support.spans import new_span, trace_id
from server.tests.support.stores import fill


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store of which three quarters were deleted, here and there."""
    path = tmp_path / "store.db"
    fill(path, 80, text_bytes=4000)
    with closing(SqliteStore(path)) as store:
        gone = [trace_id(number) for number in range(1, 81) if number % 4]
        assert store.delete_traces(gone).result() == 60
    return path


def test_in_steps_the_file_shrinks_beside_a_store_that_is_open_and_writes_on(file: Path) -> None:
    before = sizes(file).file_bytes
    written = 0
    with closing(SqliteStore(file)) as store:

        def write_on(_done: int, _total: int) -> None:
            nonlocal written
            written += 1
            store.append([new_span(written, trace=trace_id(10_000 + written))]).result()

        compact(file, write_on)
        assert written
        assert store.trace(trace_id(4)) is not None
        assert store.trace(trace_id(10_001)) is not None
        assert sizes(file).file_bytes < before / 2
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert_sound(file)


def test_written_anew_the_file_shrinks_and_stays_as_it_is_otherwise(file: Path) -> None:
    before = sizes(file).file_bytes
    stages: list[str] = []
    compact_fully(file, stages.append)
    assert stages == ["copying", "checking", "replacing", "done"]
    assert sizes(file).file_bytes < before / 2
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
        assert connection.execute("SELECT count(*) FROM trace").fetchone() == (20,)
    with closing(SqliteStore(file)) as store:
        assert store.append([new_span(1)]).result() == 1
    assert_sound(file)
    assert not list(file.parent.glob("*.new*"))


def test_a_store_that_is_open_is_not_replaced(file: Path) -> None:
    before = file.stat().st_ino
    with closing(SqliteStore(file)) as store:
        with pytest.raises(StoreError, match="is in use by another process"):
            compact_fully(file)
        assert store.append([new_span(1)]).result() == 1
    assert file.stat().st_ino == before
    assert_sound(file)


def test_a_store_that_is_opened_meanwhile_waits_until_the_new_file_is_there(file: Path) -> None:
    import threading  # noqa: PLC0415 - of this test alone

    opened: list[SqliteStore] = []
    opening = threading.Thread(target=lambda: opened.append(SqliteStore(file)))

    def begin(stage: str) -> None:
        if stage == "checking":
            opening.start()

    compact_fully(file, begin)
    opening.join()
    with closing(opened[0]) as store:
        assert store.append([new_span(1)]).result() == 1
    with closing(SqliteStore(file)) as store:
        assert store.span(new_span(1).trace_id, new_span(1).row.span_id) is not None


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    for shrink in (compact, compact_fully):
        with pytest.raises(StoreError, match="another program"):
            shrink(file)
