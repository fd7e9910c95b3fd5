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
    IndexFaultError,
    IndexRows,
    fill_lock_path,
    give_back,
    index_path,
    open_writer,
    remove_index,
)
from outcrop_server.storage.sqlite.words.index_schema import State, make, read_state
from outcrop_server.storage.sqlite.words.index_writer import IndexWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from outcrop_server.model.span_text import ReadText, SpanText
    from outcrop_server.storage.sqlite.connections import ReaderPool

_log = logging.getLogger(__name__)
_POLL_S = 0.25
# After a fault, and while another process fills.
_LATER_S = 5.0
# While spans wait to be committed, the filler rests for so many times as long as it worked.
_REST = 3.0
_MOST_REST_S = 1.0
# So many of the newest traces tell whether the index is of this state of the store.
_COMPARED = 100
_NEWEST = (
    "SELECT trace_key, trace_id FROM document WHERE trace_id IS NOT NULL ORDER BY trace_key DESC LIMIT ?"
)


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
        self._give_way = _go_on

    def start(self, give_way: Callable[[], None] | None = None) -> None:
        """Begins to fill, in a thread of its own, as soon as no other process does.

        Args:
            give_way: called by that thread before each span's text is read.
        """
        if self._thread is None:
            self._give_way = give_way or _go_on
            self._thread = threading.Thread(target=self.run, name="outcrop-words", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Ends `run` after its present step."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends the thread after its present step."""
        self.end()
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
            with lock.held():
                self._mend()
                try:
                    self._fill_all()
                except (sqlite3.DatabaseError, IndexFaultError) as error:
                    if not _is_damage(error):
                        raise
                    self._is_damaged.set()
                    self._mend()
                    self._fill_all()
        finally:
            lock.close()

    def _fill_all(self) -> None:
        with _Filling(self._path, self._readers, self._read_text) as filling:
            while not filling.step():
                pass

    def _mend(self) -> None:
        """Removes an index that is damaged."""
        if self._is_damaged.is_set():
            _log.warning("The index of words is damaged and is made anew.")
            remove_index(self._path)
            self._is_damaged.clear()

    def run(self) -> None:
        """Fills in this thread until `end` is called, whenever no other process does."""
        lock: FileLock | None = None
        try:
            while not self._stopping.is_set():
                try:
                    lock = lock or FileLock(self._lock_path, timeout_s=0.0)
                    with lock.held():
                        self._fill_on()
                except (sqlite3.Error, IndexFaultError, OSError, RequestError) as error:
                    if not isinstance(error, RequestError):
                        _log.warning("The index of words cannot be filled: %s", error)
                    if _is_damage(error):
                        self._is_damaged.set()
                self._stopping.wait(_LATER_S)
        finally:
            if lock is not None:
                lock.close()

    def _politely_read(self, payload: bytes) -> SpanText:
        self._give_way()
        return self._read_text(payload)

    def _fill_on(self) -> None:
        self._mend()
        with _Filling(self._path, self._readers, self._politely_read) as filling:
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


def _go_on() -> None:
    """Nobody else has to go first."""


def _is_damage(error: Exception) -> bool:
    """Whether the file is at fault; that it is locked, or its disk full, is told by classes of their own."""
    return type(error.__cause__ if isinstance(error, IndexFaultError) else error) is sqlite3.DatabaseError


class _Filling:
    """The index while this process fills it."""

    def __init__(self, path: Path, readers: ReaderPool, read_text: ReadText) -> None:
        self._path = path
        self._readers = readers
        self._read_text = read_text
        self._recheck = 0

    def __enter__(self) -> _Filling:  # noqa: PYI034 - `Self` is of Python 3.11
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
            step = gather(store, IndexRows(self._connection), self._state, self._read_text, self._recheck)
        self._recheck = step.recheck
        if step.is_last and not step.added and not step.removed and step.state == self._state:
            give_back(self._connection)
            return True
        if step.added or step.removed or step.state != self._state:
            self._state = self._writer.write(step)
        return False

    def _begin(self) -> State:
        with self._readers.reading() as store, snapshot(store):
            position, removal, top = changes.last(store), last_removal(store), top_of(store)
            index = IndexRows(self._connection)
            state = read_state(index, position.history)
            is_ours = (
                state is not None
                and state.change <= position.number
                and state.removal <= removal
                and _is_of(store, index)
            )
        # Compared once from the top: what was done to the files while nobody looked is put right.
        self._recheck = top
        if state is not None and is_ours:
            return state
        self._connection.close()
        remove_index(self._path)
        self._connection = open_writer(self._path)
        self._connection.execute("BEGIN IMMEDIATE")
        made = make(self._connection, position.history, State(position.number, removal, top, is_whole=True))
        self._connection.execute("COMMIT")
        self._recheck = 0
        return made


def _is_of(store: sqlite3.Connection, index: IndexRows) -> bool:
    """Whether its newest traces are this store's, which may have been put back since to what it was."""
    for key, trace_id in index.read(_NEWEST, (_COMPARED,)):
        found = store.execute("SELECT trace_id FROM trace WHERE trace_key = ?", (key,)).fetchone()
        if (found is None or found[0] != trace_id) and not _was_removed(store, key):
            return False
    return True


def _was_removed(store: sqlite3.Connection, trace_key: int) -> bool:
    found = store.execute("SELECT 1 FROM trace_removal WHERE trace_key = ?", (trace_key,))
    return found.fetchone() is not None
