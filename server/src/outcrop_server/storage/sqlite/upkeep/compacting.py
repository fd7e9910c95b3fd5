"""Gives the room of deleted rows back to the system: page by page beside servers, or by a whole new file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcrop_server.model.errors import StoreError, UnavailableError
from outcrop_server.storage.sqlite.upkeep.opening import locked, log_path, must_exist, told, version_at
from outcrop_server.storage.sqlite.upkeep.replacing import replace, watch_nothing
from outcrop_server.storage.sqlite.upkeep.words import compact_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Moved under one lock; a server that wants to write waits no longer than this takes.
_PAGES_A_STEP = 256
_INCREMENTAL = 2
_BUSY_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of a store's file and of its log."""

    file_bytes: int
    log_bytes: int


def sizes(path: Path) -> Sizes:
    """As they are now.

    Raises:
        StoreError: there is no such store.
    """
    must_exist(path)
    log = log_path(path)
    return Sizes(path.stat().st_size, log.stat().st_size if log.exists() else 0)


def give_back_pages(connection: sqlite3.Connection, limit: int) -> int:
    """Cuts free pages off the file's end, moving others forward; to be called within a transaction.

    The file itself becomes shorter when the log is merged into it; see `merge_log`.

    Returns:
        How many were given back; 0 if none is free.
    """
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    count = min(int(free), limit)
    for _ in range(count):
        # One a time: of a larger number Python's driver runs the first step alone.
        connection.execute("PRAGMA incremental_vacuum(1)")
    return count


def merge_log(path: Path) -> None:
    """Merges what can be merged of the log into the file; waits for nobody and keeps nobody waiting.

    Raises:
        UnavailableError: it could not be merged now; nothing is lost by that.
    """
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except sqlite3.Error as error:
        raise UnavailableError(f"The store's log could not be merged: {error}.") from error


def compact(path: Path, on_pages: Callable[[int, int], None] | None = None) -> None:
    """Gives back what is free, in small steps, while servers go on.

    Args:
        path: the store.
        on_pages: told how many pages were given back so far, and how many there were.

    Raises:
        StoreError: it cannot be used, or was not made by Outcrop.
    """
    with told(path), locked(path) as lock:
        with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as connection:
            version_at(path, connection)
            (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
            if mode != _INCREMENTAL:
                raise StoreError(f"The store {path} cannot be shrunk in steps: outcrop db compact --full")
            (total,) = connection.execute("PRAGMA freelist_count").fetchone()
            done = 0
            while True:
                with lock.held():
                    connection.execute("BEGIN IMMEDIATE")
                    given = give_back_pages(connection, _PAGES_A_STEP)
                    connection.execute("COMMIT")
                if not given:
                    break
                done += given
                if on_pages is not None:
                    on_pages(done, max(done, total))
        merge_log(path)
    compact_words(path)


def compact_fully(path: Path, on_stage: Callable[[str], None] = watch_nothing) -> None:
    """Writes the store anew without gaps, and puts that in its place; nobody else may have it open.

    Raises:
        StoreError: there is no room for it, or somebody has it open; the store is as it was.
    """
    before = sizes(path)

    def make(connection: sqlite3.Connection, copy: Path) -> None:
        version_at(path, connection)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM INTO ?", (str(copy),))

    with told(path), locked(path) as lock, lock.held():
        replace(path, make, room_bytes=before.file_bytes + before.log_bytes, on_stage=on_stage)
    compact_words(path, fully=True)
