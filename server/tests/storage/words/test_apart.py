"""A process of its own fills the index of words; it ends with the server, and another one follows it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.storage.common import filler_apart as apart
from outcrop_server.storage.common.filler_apart import FillerApart
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.words import waiting
from outcrop_server.storage.sqlite.words.filler import Filler
from outcrop_server.storage.sqlite.words.index_file import index_path
from server.tests.support.texts import found, saying

pytestmark = pytest.mark.skipif(os.name != "posix", reason="it looks at processes as POSIX has them")


@pytest.fixture(autouse=True)
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches look into no payloads of traces that wait: what is found, the index knows."""
    monkeypatch.setattr(waiting, "LOOKED_AT_SPANS", 0)
    monkeypatch.setattr(apart, "_FIRST_S", 0.0)
    monkeypatch.setattr(apart, "_AGAIN_S", 0.1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(file, fills_apart=True)) as opened:
        yield opened


def until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def filler_of(store: SqliteStore) -> FillerApart:
    texts: Any = vars(store)["_texts"]
    assert isinstance(texts.filler, FillerApart)
    return texts.filler


def child_of(store: SqliteStore) -> int:
    until(lambda: filler_of(store).process_id is not None)
    number = filler_of(store).process_id
    assert number is not None
    return number


def is_running(process_id: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process_id, 0)
        # One that nobody has waited for is no longer running either.
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_child_fills_and_ends_with_the_store(store: SqliteStore) -> None:
    store.append([saying(1, "blue")]).result()
    store.start_filling()
    store.start_filling()
    until(lambda: store.words_waiting() == 0)
    assert found(store, "blue") == {1}
    child = child_of(store)
    assert child != os.getpid()
    assert os.getpriority(os.PRIO_PROCESS, child) > os.getpriority(os.PRIO_PROCESS, 0)
    store.close()
    assert not is_running(child)


def test_one_that_is_killed_is_followed_by_another(
    store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.start_filling()
    first = child_of(store)
    os.kill(first, signal.SIGKILL)
    until(lambda: filler_of(store).process_id not in {None, first})
    store.append([saying(1, "blue")]).result()
    until(lambda: store.words_waiting() == 0)
    assert found(store, "blue") == {1}
    assert "The process that indexes words ended (-9); another one is started." in caplog.messages


def test_a_damaged_index_is_made_anew_by_the_child(file: Path) -> None:
    with closing(SqliteStore(file)) as store:
        store.append([saying(1, "blue")]).result()
        store.fill_words()
    with closing(SqliteStore(file, fills_apart=True)) as store:
        store.start_filling()
        until(lambda: found(store, "blue") == {1})
        size = index_path(file).stat().st_size
        index_path(file).write_bytes(b"no index" * (size // 8))
        # A search notices; it finds again once the index is new.
        until(lambda: found(store, "blue") == {1})
        assert store.words_waiting() == 0


def test_it_ends_when_the_server_is_killed(file: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from outcrop_server.storage.common import filler_apart as apart
from outcrop_server.storage.common.filler_apart import FillerApart
from outcrop_server.storage.sqlite.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]), fills_apart=True)
store.start_filling()
while store._texts.filler.process_id is None:
    time.sleep(0.01)
print(store._texts.filler.process_id, flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ours
        assert server.stdout is not None
        child = int(server.stdout.readline())
        assert is_running(child)
        server.kill()
    until(lambda: not is_running(child))


def test_where_no_process_can_be_started_a_thread_fills(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    asked: list[None] = []
    store.append([saying(1, "blue")]).result()
    with caplog.at_level(logging.WARNING):
        store.start_filling(lambda: asked.append(None))
        until(lambda: store.words_waiting() == 0)
    assert found(store, "blue") == {1}
    assert len(asked) == 1
    assert "Words are indexed in the server's own process" in caplog.text
    assert isinstance(vars(filler_of(store))["_inside"], Filler)
