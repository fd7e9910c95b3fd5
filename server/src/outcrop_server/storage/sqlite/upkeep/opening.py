"""Opens a store's file for upkeep: to read alone beside a running server, or to have it alone.

What SQLite says of a file that cannot be used becomes a sentence that says what to do.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from outcrop_server.model.errors import StoreError, UnavailableError
from outcrop_server.storage.sqlite import schema
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.schema import version_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_BUSY_TIMEOUT_S = 5.0
_LOCK_TIMEOUT_S = 10.0
# Parts of SQLite's messages, and what they mean for a store. The codes themselves are known from 3.11 on.
_MEANINGS = {
    "not a database": (
        "is no SQLite database, or its beginning is damaged. Nothing was changed. Restore a backup "
        "(docs/store.md), or give another --store (OUTCROP_STORE)"
    ),
    "malformed": "is damaged. `outcrop db check` says where. Restore a backup (docs/store.md)",
    "locked": "is in use by another process. Stop the server that has it open, or try again",
    "readonly": "cannot be written: the file or its folder is read-only for this user",
    "unable to open": "cannot be opened: this user may not read it, or not write into its folder",
    "disk is full": "has no room: its disk is full. Make room, and try again; what was stored is kept",
}


@contextmanager
def told(path: Path) -> Generator[None, None, None]:
    """Turns SQLite's errors, and a lock that is not to be had, into a StoreError about this file."""
    try:
        yield
    except sqlite3.Error as error:
        words = str(error)
        meaning = next((meaning for part, meaning in _MEANINGS.items() if part in words), "cannot be used")
        raise StoreError(f"The store {path} {meaning} (SQLite: {words}).") from error
    except UnavailableError as error:
        raise StoreError(f"The store {path} is in use. {error}") from error


def version_at(path: Path, connection: sqlite3.Connection) -> int:
    """The version of this store; see `schema.version_of`.

    Raises:
        StoreError: it is none that this Outcrop can use; names the file.
    """
    try:
        return version_of(connection)
    except StoreError as error:
        raise StoreError(f"The store {path} cannot be used: {error}") from error


@contextmanager
def reading(path: Path) -> Generator[tuple[sqlite3.Connection, int], None, None]:
    """A connection that can only read, whether a server runs or not, and the store's version.

    Raises:
        StoreError: there is no such store, or it cannot be read; says what to do.
    """
    must_exist(path)
    with told(path), closing(_connect_to_read(path)) as connection:
        version = version_at(path, connection)
        if version == 0:
            raise StoreError(f"The store {path} is empty: no server has used it yet.")
        yield connection, version


@contextmanager
def reading_newest(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """The same, of a store of this Outcrop's version alone.

    Raises:
        StoreError: as `reading`, or it is older.
    """
    with reading(path) as (connection, version):
        newest = len(schema.MIGRATIONS)
        if version < newest:
            raise StoreError(
                f"The store {path} has version {version}, and this needs {newest}. Bring it there first: "
                "outcrop db migrate"
            )
        yield connection


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """Everything that is read within is of one moment; to be kept short, since the log grows meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def locked(path: Path) -> Generator[FileLock, None, None]:
    """The lock between processes, to be held for each piece of writing."""
    must_exist(path)
    try:
        lock = FileLock(lock_path(path), _LOCK_TIMEOUT_S)
    except OSError as error:
        raise StoreError(f"The folder of the store {path} cannot be written: {error.strerror}.") from error
    try:
        yield lock
    finally:
        lock.close()


@contextmanager
def alone(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """The store, to be had by nobody else: whoever opens it waits, or is refused.

    Its log is merged into the file first, which then is all there is.

    Args:
        path: a file that the caller holds the lock between processes of.

    Raises:
        sqlite3.OperationalError: another process has it open.
    """
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = DELETE")
        # In this mode the lock stays after the transaction.
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        yield connection


def lock_path(path: Path) -> Path:
    """Where the lock between processes is."""
    return path.with_name(path.name + ".lock")


def keeping_lock_path(path: Path) -> Path:
    """Where the lock of whoever removes what is old is."""
    return path.with_name(path.name + ".keeping.lock")


def log_path(path: Path) -> Path:
    """Where SQLite keeps what is not merged into the file yet."""
    return path.with_name(path.name + "-wal")


def must_exist(path: Path) -> None:
    """Raises StoreError if there is no such file."""
    if not path.is_file():
        raise StoreError(f"There is no store {path}. Give --store (OUTCROP_STORE).")


def _connect_to_read(path: Path) -> sqlite3.Connection:
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    # SQLite needs a file beside it to know of writers. Where it cannot make one, and a writer made none,
    # nobody writes.
    if not os.access(path.parent, os.W_OK) and not log_path(path).exists():
        place += "&immutable=1"
    return sqlite3.connect(place, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
