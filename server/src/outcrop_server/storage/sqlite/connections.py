"""Opens the database file: one connection that writes, and a pool of those that read."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from outcrop_server.model.errors import DamagedError, StoreError, UnavailableError
from outcrop_server.storage.sqlite.schema import migrate
from outcrop_server.storage.sqlite.upkeep.migrating import migrate_on_copy, planned
from outcrop_server.storage.sqlite.upkeep.opening import told

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from outcrop_server.storage.sqlite.file_lock import FileLock

# For the moments in which SQLite itself locks, such as the end of another process's checkpoint.
_BUSY_TIMEOUT_S = 10.0
# Page size and vacuum mode are fixed by the first write: frames are large, and retention must free space.
_WRITER = (
    "PRAGMA page_size = 8192",
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 2000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -32768",
    "PRAGMA temp_store = MEMORY",
)
_READER = ("PRAGMA query_only = ON", "PRAGMA cache_size = -8192")


def open_writer(path: Path, lock: FileLock) -> sqlite3.Connection:
    """The connection that writes; the file is made, or brought to the newest version.

    Raises:
        StoreError: the file cannot be used.
    """
    # Under the lock before it is opened: who migrates puts another file in this one's place.
    with told(path), lock.held():
        plan = planned(path)
        if plan.on_copy:
            migrate_on_copy(path, plan)
        connection = _connect(path)
        try:
            for statement in _WRITER:
                connection.execute(statement)
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def make_private(path: Path) -> None:
    """Makes the file and its folder, readable by this user alone: prompts are nobody else's business.

    Raises:
        StoreError: this is not possible.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # One that is there is not opened: closing it would let go of every lock that SQLite holds on it in
        # this process, and another one's end could take away the log that this one writes.
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        elif not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be written: {error.strerror}. Give another --store (OUTCROP_STORE)."
        ) from error


class ReaderPool:
    """Connections that only read. Each is used by one thread at a time and kept for the next.

    Args:
        path: the database file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection, None, None]:
        """Lends a connection.

        Raises:
            UnavailableError: the pool is closed, or the file cannot be read now.
            DamagedError: the file is damaged where it was read.
        """
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            # Damage is told by the base class itself.
            if type(error) is sqlite3.DatabaseError:
                raise DamagedError(
                    f"The store is damaged ({error}). `outcrop db check` says where; docs/store.md says what "
                    "to do."
                ) from error
            raise UnavailableError(f"The store could not be read: {error}") from error

    def close(self) -> None:
        """Closes what is idle at once, and what is lent when it comes back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._is_closed:
                raise UnavailableError("The server is stopping.")
            if self._idle:
                return self._idle.pop()
        connection = _connect(self._path, makes_it=False)
        for statement in _READER:
            connection.execute(statement)
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()


def _connect(path: Path, *, makes_it: bool = True) -> sqlite3.Connection:
    # Of a store that was taken away a reader must not make an empty one.
    mode = "rwc" if makes_it else "rw"
    # Transactions are begun by hand; connections move between threads, one at a time.
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
