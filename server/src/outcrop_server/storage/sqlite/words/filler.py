"""Fills the index behind the store: a thread that learns what changed, in small steps, one process a store.

Who writes to the store does not know of it. It goes by the numbers of changes, and what it wrote and how far
it is become durable together: killed at any moment, it goes on where it was.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

from outcrop_server.model.errors import RequestError
from outcrop_server.storage.sqlite import changes
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.upkeep.opening import snapshot
from outcrop_server.storage.sqlite.words.gathering import gather, last_removal, top_of
from outcrop_server.storage.sqlite.words.index_file import (
    fill_lock_path,
    index_path,
    open_writer,
    remove_index,
)
from outcrop_server.storage.sqlite.words.index_schema import make, read_state
from outcrop_server.storage.sqlite.words.index_writer import IndexWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.sqlite.connections import ReaderPool
    from outcrop_server.storage.sqlite.words.index_schema import State

_log = logging.getLogger(__name__)
_POLL_S = 0.25
# After a fault, and while another process fills.
_LATER_S = 5.0
# While spans wait to be committed, the filler rests for so many times as long as it worked.
_REST = 3.0
_MOST_REST_S = 1.0
# So many of the newest traces tell whether the index is of this state of the store.
_COMPARED = 100


class Filler:
    """Fills the index of a store.

    Args:
        path: the store.
        readers: connections to it.
        read_text: reads a payload.
        is_busy: whether others wait for the processor.
    """

    def __init__(
        self, path: Path, readers: ReaderPool, read_text: ReadText, is_busy: Callable[[], bool]
    ) -> None:
        self._path = index_path(path)
        self._readers = readers
        self._read_text = read_text
        self._is_busy = is_busy
        self._lock_path = fill_lock_path(path)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_damaged = threading.Event()

    def start(self) -> None:
        """Begins to fill, in a thread of its own, as soon as no other process does."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="outcrop-words", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread after its present step."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def report_damage(self) -> None:
        """Says that the index could not be read: it will be made anew."""
        self._is_damaged.set()

    def fill(self) -> None:
        """Fills until nothing waits, in this thread.

        Raises:
            UnavailableError: another process fills.
            sqlite3.Error: the index cannot be written to.
        """
        lock = FileLock(self._lock_path, timeout_s=0.0)
        try:
            with lock.held(), _Filling(self._path, self._readers, self._read_text) as filling:
                while not filling.step():
                    pass
        finally:
            lock.close()

    def _run(self) -> None:
        lock: FileLock | None = None
        try:
            while not self._stopping.is_set():
                try:
                    lock = lock or FileLock(self._lock_path, timeout_s=0.0)
                    with lock.held():
                        self._fill_on()
                except (sqlite3.Error, OSError, RequestError) as error:
                    if not isinstance(error, RequestError):
                        _log.warning("The index of words cannot be filled: %s", error)
                    if type(error) is sqlite3.DatabaseError:
                        self._is_damaged.set()
                self._stopping.wait(_LATER_S)
        finally:
            if lock is not None:
                lock.close()

    def _fill_on(self) -> None:
        if self._is_damaged.is_set():
            _log.warning("The index of words is damaged and is made anew.")
            remove_index(self._path)
            self._is_damaged.clear()
        with _Filling(self._path, self._readers, self._read_text) as filling:
            while not self._stopping.is_set() and not self._is_damaged.is_set():
                began = time.monotonic()
                is_done = filling.step()
                worked_s = time.monotonic() - began
                if is_done:
                    self._stopping.wait(_POLL_S)
                elif self._is_busy():
                    self._stopping.wait(min(worked_s * _REST, _MOST_REST_S))
                else:
                    # Others get their turn at the interpreter.
                    self._stopping.wait(0.001)


class _Filling:
    """The index while this process fills it."""

    def __init__(self, path: Path, readers: ReaderPool, read_text: ReadText) -> None:
        self._path = path
        self._readers = readers
        self._read_text = read_text

    def __enter__(self) -> _Filling:
        self._connection = open_writer(self._path)
        try:
            self._state = self._begin()
        except BaseException:
            self._connection.close()
            raise
        self._writer = IndexWriter(self._connection)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def step(self) -> bool:
        """Does a step; whether nothing was left to do."""
        with self._readers.reading() as store, snapshot(store):
            step = gather(store, self._connection, self._state, self._read_text, self._recheck)
        self._recheck = step.recheck
        if step.is_last and not step.added and step.state == self._state:
            return True
        if step.added or step.removed or step.state != self._state:
            self._state = self._writer.write(step)
        return False

    def _begin(self) -> State:
        with self._readers.reading() as store, snapshot(store):
            position, removal, top = changes.last(store), last_removal(store), top_of(store)
            state = read_state(self._connection, position.history)
            is_ours = (
                state is not None
                and state.change <= position.number
                and state.removal <= removal
                and self._is_of(store)
            )
        # Compared once from the top: what was done to the files while nobody looked is put right.
        self._recheck = top
        if state is not None and is_ours:
            return state
        self._connection.close()
        remove_index(self._path)
        self._connection = open_writer(self._path)
        self._connection.execute("BEGIN IMMEDIATE")
        make(
            self._connection, position.history, change=position.number, removal=removal, below=top
        )
        self._connection.execute("COMMIT")
        self._recheck = 0
        made = read_state(self._connection, position.history)
        assert made is not None
        return made

    def _is_of(self, store: sqlite3.Connection) -> bool:
        """Whether its newest traces are this store's: it may be that of a backup's, or of a later state."""
        rows = self._connection.execute(
            "SELECT trace_key, trace_id FROM document WHERE trace_id IS NOT NULL "
            "ORDER BY trace_key DESC LIMIT ?",
            (_COMPARED,),
        ).fetchall()
        known = 0
        for key, trace_id in rows:
            found = store.execute("SELECT trace_id FROM trace WHERE trace_key = ?", (key,)).fetchone()
            if found is not None and found[0] != trace_id and not self._was_removed(store, key):
                return False
            known += found is not None
        return True

    @staticmethod
    def _was_removed(store: sqlite3.Connection, trace_key: int) -> bool:
        found = store.execute("SELECT 1 FROM trace_removal WHERE trace_key = ?", (trace_key,))
        return found.fetchone() is not None
