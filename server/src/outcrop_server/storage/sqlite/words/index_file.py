"""The index's file: where it lies, who may write to it, and connections to read it.

It may be lost, damaged or of another store: then it is made anew, and searches do without it meanwhile.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_log = logging.getLogger(__name__)
_BUSY_TIMEOUT_S = 10.0
_WRITER = (
    "PRAGMA page_size = 4096",
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    # What a crash of the machine takes is filled again.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA journal_size_limit = 16777216",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
)
_PAGES_A_STEP = 256
_READER = ("PRAGMA query_only = ON", "PRAGMA cache_size = -4096")


class IndexFaultError(Exception):
    """The index cannot be read; not to be taken for a fault of the store."""


class IndexRows:
    """Reads rows of an index.

    Args:
        connection: to it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a statement; raises IndexFaultError."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise IndexFaultError(str(error)) from error


def index_path(store: Path) -> Path:
    """Where the index of a store lies."""
    return store.with_name(store.name + ".words")


def fill_lock_path(store: Path) -> Path:
    """The file that is locked by the one process that fills the index."""
    return store.with_name(store.name + ".words.lock")


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that writes; the file is made if it is missing, for this user alone.

    Raises:
        sqlite3.Error: it cannot be used.
        OSError: it cannot be made.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    connection = _connect(f"file:{quote(str(path.absolute()))}?mode=rw")
    try:
        for statement in _WRITER:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def remove_index(path: Path) -> None:
    """Removes an index with what SQLite keeps beside it, if there."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def index_bytes(path: Path) -> int:
    """What an index takes on disk, its log included; 0 if there is none."""
    total = 0
    for suffix in ("", "-wal"):
        with suppress(OSError):
            total += path.with_name(path.name + suffix).stat().st_size
    return total


def give_back(connection: sqlite3.Connection, limit: int | None = _PAGES_A_STEP) -> None:
    """Cuts free pages off an index's end."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(free if limit is None else min(free, limit)):
        # One a time: of a larger number Python's driver runs the first step alone.
        connection.execute("PRAGMA incremental_vacuum(1)")


class IndexReaders:
    """Connections that read an index. One whose file was made anew meanwhile is let go.

    Args:
        path: the file, which need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[tuple[int, sqlite3.Connection]] = []

    @contextmanager
    def reading(self) -> Generator[IndexRows | None, None, None]:
        """Lends the index as it is at one moment; None where there is none that can be read."""
        lent = self._take()
        if lent is None:
            yield None
            return
        number, connection = lent
        try:
            yield IndexRows(connection)
        finally:
            is_sound = _ended(connection)
            with self._lock:
                if is_sound:
                    self._idle.append((number, connection))
            if not is_sound:
                connection.close()

    def close(self) -> None:
        """Closes what is idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _take(self) -> tuple[int, sqlite3.Connection] | None:
        try:
            number = self._path.stat().st_ino
        except OSError:
            return None
        with self._lock:
            found = [each for each in self._idle if each[0] == number]
            old = [each for each in self._idle if each[0] != number]
            self._idle = found[:-1]
        for _, connection in old:
            connection.close()
        try:
            lent = found[-1] if found else (number, self._open())
            lent[1].execute("BEGIN")
            # The first read fixes the moment.
            lent[1].execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            _log.warning("The index of words cannot be read: %s", error)
            return None
        return lent

    def _open(self) -> sqlite3.Connection:
        connection = _connect(f"file:{quote(str(self._path.absolute()))}?mode=rw")
        for statement in _READER:
            connection.execute(statement)
        return connection


def _ended(connection: sqlite3.Connection) -> bool:
    """Ends what was read; whether the connection can be used again."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        return False
    return True


def _connect(place: str) -> sqlite3.Connection:
    return sqlite3.connect(
        place, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
