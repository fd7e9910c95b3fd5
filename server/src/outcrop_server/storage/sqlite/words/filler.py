"""Fills the index behind the store: a thread that learns what changed, in small steps, one process a store.

Who writes to the store does not know of it. It goes by the numbers of changes, and what it wrote and how far
it is become durable together: killed at any moment, it goes on where it was.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from outcrop_server.model.errors import RequestError
from outcrop_server.storage.common.filling import FillingThread
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

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.sqlite.connections import ReaderPool

_POLL_S = 0.25
# So many of the newest traces tell whether the index is of this state of the store.
_COMPARED = 100
_NEWEST = (
    "SELECT trace_key, trace_id FROM document WHERE trace_id IS NOT NULL ORDER BY trace_key DESC LIMIT ?"
)


class Filler(FillingThread):
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
        super().__init__(
            read_text,
            is_busy,
            poll_s=_POLL_S,
            faults=(sqlite3.Error, IndexFaultError, OSError, RequestError),
        )
        self._path = index_path(path)
        self._readers = readers
        self._lock_path = fill_lock_path(path)

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
                    if not self._is_damage(error):
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
        if self._must_mend():
            remove_index(self._path)
            self._is_damaged.clear()

    def _fill_in_turn(self) -> None:
        lock = FileLock(self._lock_path, timeout_s=0.0)
        try:
            with lock.held():
                self._mend()
                with _Filling(self._path, self._readers, self._politely_read) as filling:
                    self._fill_on(filling)
        finally:
            lock.close()

    def _is_damage(self, error: Exception) -> bool:
        # That it is locked, or its disk full, is told by classes of their own.
        cause = error.__cause__ if isinstance(error, IndexFaultError) else error
        return type(cause) is sqlite3.DatabaseError

    def _said_of(self, error: Exception) -> str:
        # Another process fills.
        return "" if isinstance(error, RequestError) else str(error)


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
