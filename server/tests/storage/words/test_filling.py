"""The index of words behind a SQLite store: filled, lost, damaged, foreign, too late, and by whom."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.sqlite import changes, removal_schema
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.words import gathering, index_schema, index_writer, waiting
from outcrop_server.storage.sqlite.words.index_file import fill_lock_path, index_path
from server.tests.support.spans import trace_id
from server.tests.support.texts import found, saying


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(file)) as opened:
        yield opened


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches look into no payloads of traces that wait: what is found, the index knows."""
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)


def indexed(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(index_path(file))) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.usefixtures("blind")
def test_the_index_alone_answers_once_it_is_filled(store: SqliteStore) -> None:
    store.append([saying(1, "blue 京都"), saying(2, "red")]).result()
    assert (found(store, "blue"), store.words_waiting()) == (set(), 2)
    store.fill_words()
    assert (found(store, "blue"), found(store, "京都"), store.words_waiting()) == ({1}, {1}, 0)
    store.append([saying(3, "blue"), saying(4, "green", trace=1)]).result()
    assert (found(store, "blue"), store.words_waiting()) == ({1}, 2)
    store.fill_words()
    assert (found(store, "blue AND green"), found(store, "blue"), store.words_waiting()) == ({1}, {1, 3}, 0)


@pytest.mark.usefixtures("blind")
def test_who_fills_in_the_background_gives_way_before_each_span(store: SqliteStore) -> None:
    asked: list[str] = []
    store.append([saying(number, "blue") for number in range(1, 6)]).result()
    store.start_filling(lambda: asked.append(threading.current_thread().name))
    until = time.monotonic() + 60
    while store.words_waiting() and time.monotonic() < until:
        time.sleep(0.01)
    assert found(store, "blue") == {1, 2, 3, 4, 5}
    assert asked == ["outcrop-words"] * 5


@pytest.mark.usefixtures("blind")
def test_counts_say_that_they_may_lack_what_waits(store: SqliteStore) -> None:
    from outcrop.filter.parser import parse_filter  # noqa: PLC0415 - of this test alone
    from outcrop_server.model.search import TraceSearch  # noqa: PLC0415

    store.append([saying(1, "blue")]).result()
    search = TraceSearch(parse_filter("blue"))
    assert not store.count(search, 10).is_exact
    assert not store.facets(search, 5, 10).is_exact
    store.fill_words()
    assert store.count(search, 10).is_exact


@pytest.mark.usefixtures("blind")
def test_a_store_from_before_is_filled_from_its_newest_traces_down(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_TRACES", 3)
    store.append([saying(number, f"said {number}") for number in range(1, 11)]).result()
    store.fill_words()
    assert found(store, "said") == set(range(1, 11))
    assert store.words_waiting() == 0


def test_a_trace_of_more_than_a_step_is_filled_in_several(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_TERMS", 20)
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    for number in range(1, 8):
        words = " ".join(f"w{number}x{each}" for each in range(15))
        store.append([saying(number, words, trace=1)]).result()
    store.fill_words()
    assert all(found(store, f"w{number}x7") == {1} for number in range(1, 8))
    assert indexed(file, "SELECT span_count FROM document") == [(7,)]


@pytest.mark.usefixtures("blind")
def test_a_lost_index_is_made_anew(store: SqliteStore, file: Path) -> None:
    store.append([saying(1, "blue")]).result()
    store.fill_words()
    for suffix in ("", "-wal", "-shm"):
        index_path(file).with_name(index_path(file).name + suffix).unlink(missing_ok=True)
    assert (found(store, "blue"), store.words_waiting()) == (set(), 1)
    store.fill_words()
    assert (found(store, "blue"), store.words_waiting()) == ({1}, 0)


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize("damage", [b"no database at all", b"\0" * 20_000])
def test_a_damaged_index_fails_no_search_and_is_made_anew(file: Path, damage: bytes) -> None:
    with closing(SqliteStore(file)) as store:
        store.append([saying(1, "blue")]).result()
        store.fill_words()
    index_path(file).write_bytes(damage)
    with closing(SqliteStore(file)) as store:
        assert (found(store, "blue"), store.words_waiting()) == (set(), 1)
        store.fill_words()
        assert (found(store, "blue"), store.words_waiting()) == ({1}, 0)


def test_damaged_pages_of_the_index_fail_no_search(file: Path) -> None:
    with closing(SqliteStore(file)) as store:
        store.append([saying(number, f"blue {number}") for number in range(1, 40)]).result()
        store.fill_words()
    content = bytearray(index_path(file).read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 + 50 : page * 4096 + 3_000] = b"\xff" * 2_950
    index_path(file).write_bytes(content)
    with closing(SqliteStore(file)) as store:
        # By the payloads themselves.
        assert found(store, "blue") == set(range(1, 40))
        store.fill_words()
        assert found(store, "blue") == set(range(1, 40))


@pytest.mark.usefixtures("blind")
def test_the_index_of_another_store_is_made_anew(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with closing(SqliteStore(tmp_path / f"{name}.db")) as store:
            store.append([saying(1, f"said in {name}")]).result()
            store.fill_words()
    (tmp_path / "b.db.words").write_bytes((tmp_path / "a.db.words").read_bytes())
    with closing(SqliteStore(tmp_path / "b.db")) as store:
        assert found(store, "said") == set()
        store.fill_words()
        assert found(store, '"said in b"') == {1}
        assert found(store, '"said in a"') == set()


@pytest.mark.usefixtures("blind")
def test_the_index_of_a_later_state_of_the_store_is_made_anew(file: Path) -> None:
    with closing(SqliteStore(file)) as store:
        store.append([saying(1, "first")]).result()
    backup = file.read_bytes()
    with closing(SqliteStore(file)) as store:
        store.append([saying(2, "second")]).result()
        store.fill_words()
    file.write_bytes(backup)
    with closing(SqliteStore(file)) as store:
        # As many changes as the lost ones, of another trace under the same key.
        store.append([saying(3, "third")]).result()
        store.fill_words()
        assert (found(store, "second"), found(store, "third"), found(store, "first")) == (set(), {3}, {1})


@pytest.mark.usefixtures("blind")
def test_of_a_lost_history_every_trace_is_compared(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([saying(number, f"said {number}") for number in range(1, 6)]).result()
    store.fill_words()
    store.delete_traces([trace_id(2)]).result()
    store.append([saying(11, "later", trace=3), saying(12, "new")]).result()
    monkeypatch.setattr(changes, "HISTORY", 0)
    monkeypatch.setattr(gathering, "REMOVAL_HISTORY", 0)
    monkeypatch.setattr(waiting, "REMOVAL_HISTORY", 0)
    assert store.words_waiting() == 5
    store.fill_words()
    assert (found(store, "later"), found(store, "new"), found(store, "said")) == ({3}, {12}, {1, 3, 4, 5})
    assert store.words_waiting() == 0


def test_removals_are_numbered_and_old_ones_forgotten(store: SqliteStore, file: Path) -> None:
    assert f"- {removal_schema.HISTORY};" in removal_schema.STEP[1]
    store.append([saying(number, "said") for number in range(1, 4)]).result()
    store.delete_traces([trace_id(3), trace_id(1)]).result()
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute("SELECT removal, trace_key FROM trace_removal").fetchall()
    assert rows == [(1, 3), (2, 1)]


def test_a_shard_whose_traces_are_gone_is_dropped(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (index_schema, index_writer):
        monkeypatch.setattr(module, "SHARD_BITS", 2)
    store.append([saying(number, f"said {number}") for number in range(1, 11)]).result()
    store.fill_words()
    assert [shard for (shard,) in indexed(file, "SELECT shard FROM shard")] == [0, 1, 2]
    store.delete_traces([trace_id(number) for number in range(4, 8)]).result()
    store.fill_words()
    assert [shard for (shard,) in indexed(file, "SELECT shard FROM shard")] == [0, 2]
    names = {str(name) for (name,) in indexed(file, "SELECT name FROM sqlite_master")}
    assert "shard_1_data" not in names
    assert found(store, "said") == {1, 2, 3, 8, 9, 10}


@pytest.mark.usefixtures("blind")
def test_a_shard_with_many_gone_is_filled_again_without_their_terms(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_writer, "_LEAST_REMOVED", 3)
    store.append([saying(number, f"said secret{number}") for number in range(1, 6)]).result()
    store.fill_words()
    store.delete_traces([trace_id(number) for number in (1, 2, 4)]).result()
    store.fill_words()
    assert (found(store, "said"), store.words_waiting()) == ({3, 5}, 0)
    (vocabulary,) = indexed(file, "SELECT terms FROM vocabulary")
    assert b"secret3" in vocabulary[0]  # type: ignore[operator]
    assert b"secret4" not in vocabulary[0]  # type: ignore[operator]


def test_one_process_fills_at_a_time(store: SqliteStore, file: Path) -> None:
    other = FileLock(fill_lock_path(file), 0)
    with other.held(), pytest.raises(UnavailableError):
        store.fill_words()
    other.close()
    store.fill_words()


def test_the_file_is_readable_by_its_owner_alone(store: SqliteStore, file: Path) -> None:
    store.append([saying(1, "secret")]).result()
    store.fill_words()
    assert index_path(file).stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="kills")
def test_a_killed_filler_goes_on_where_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    numbers = range(1, 400)
    with closing(SqliteStore(file)) as store:
        for start in range(1, 400, 50):
            batch = [saying(number, f"said w{number}q") for number in range(start, min(start + 50, 400))]
            store.append(batch).result()
    program = (
        "import sys; from pathlib import Path\n"
        "from outcrop_server.storage.sqlite.words import gathering\n"
        "from outcrop_server.storage.sqlite.words.index_writer import IndexWriter\n"
        "from outcrop_server.storage.sqlite.store import SqliteStore\n"
        "gathering._TRACES = 7\n"
        "write = IndexWriter.write\n"
        "def told(self, step):\n"
        "    state = write(self, step); print(state.below, flush=True); sys.stdin.readline(); return state\n"
        "IndexWriter.write = told\n"
        "SqliteStore(Path(sys.argv[1])).fill_words()\n"
    )
    for steps in (3, 1, 6, 11):
        process = subprocess.Popen(  # noqa: S603 - ours
            [sys.executable, "-c", program, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        for step in range(steps):
            if step:
                process.stdin.write("\n")
                process.stdin.flush()
            assert process.stdout.readline().strip().isdigit()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with closing(SqliteStore(file)) as store:
        (below,) = indexed(file, "SELECT below FROM state")[0]
        assert 0 < int(str(below)) < 400
        store.fill_words()
        assert found(store, "said", limit=500) == set(numbers)
        assert all(found(store, f"w{number}q") == {number} for number in (1, 57, 200, 399))
        assert indexed(file, "SELECT count(*), sum(span_count) FROM document") == [(399, 399)]
