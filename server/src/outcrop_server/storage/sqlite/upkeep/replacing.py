"""Puts a changed copy in a store's place, so that a crash at any moment leaves a store that can be used.

Until the last step, which the file system makes at once or not at all, the store is the old file, untouched.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite.upkeep.opening import alone, log_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What each table must hold after as before; older versions have not all of them.
COUNTED = ("experiment", "trace", "span", "payload", "blob", "blob_use", "assessment", "access_token")
_PAGES_A_STEP = 2048


def watch_nothing(_: str) -> None:
    """For callers who do not want to know how far it is."""


def replace(
    path: Path,
    make: Callable[[sqlite3.Connection, Path], None],
    *,
    room_bytes: int,
    on_stage: Callable[[str], None] = watch_nothing,
) -> None:
    """Replaces a store by a copy.

    Args:
        path: the store; the caller holds the lock between processes, which keeps newcomers waiting.
        make: fills the second from the first: a connection that has the store alone, and an empty file.
        room_bytes: what the copy may take.
        on_stage: told `copying`, `checking`, `replacing` and `done`, each when it begins.

    Raises:
        StoreError: there is no room, the copy is not right, or somebody came between; the store is as it was.
        sqlite3.OperationalError: another process has it open, or the disk is full; likewise.
    """
    _need_room(path, room_bytes)
    copy = path.with_name(path.name + ".new")
    remove(copy)
    try:
        with alone(path) as connection:
            counts = counted(connection)
            create_private(copy)
            on_stage("copying")
            make(connection, copy)
            on_stage("checking")
            verify(copy, counts)
        _sync(copy)
        on_stage("replacing")
        _put(copy, path)
    except BaseException:
        remove(copy)
        raise
    on_stage("done")


def copy_pages(
    connection: sqlite3.Connection, target: sqlite3.Connection, on_pages: Callable[[int, int], None] | None
) -> None:
    """Copies a database by SQLite's own backup; `on_pages` is told what is done and what there is."""

    def progress(_: int, remaining: int, total: int) -> None:
        if on_pages is not None:
            on_pages(total - remaining, total)

    connection.backup(target, pages=_PAGES_A_STEP, progress=progress)


def counted(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has that copies must not lose."""
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {
        table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours
        for table in COUNTED
        if table in there
    }


def verify(copy: Path, counts: dict[str, int]) -> None:
    """Raises StoreError if a copy is damaged, or has fewer or more rows than `counts`."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
        if found != ["ok"]:
            raise StoreError(f"The copy is not right and was not used: {'; '.join(found)}")
        rows = counted(connection)
    wrong = [name for name, count in counts.items() if rows.get(name) != count]
    if wrong:
        told = ", ".join(f"{name} {rows.get(name)} instead of {counts[name]}" for name in wrong)
        raise StoreError(f"The copy is not right and was not used: {told}")


def create_private(path: Path) -> None:
    """Makes an empty file for this user alone; what is there already is an error (FileExistsError)."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def remove(path: Path) -> None:
    """Removes a database and what SQLite keeps beside it, if there."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def sync_folder(path: Path) -> None:
    """Makes a change of the names in this file's folder durable."""
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(copy: Path, path: Path) -> None:
    if log_path(path).exists():
        # What was written there since would be read as if it were the copy's.
        raise StoreError(f"Another program has opened {path} meanwhile. Stop it, and try again.")
    copy.replace(path)
    sync_folder(path)


def _sync(path: Path) -> None:
    # No connection has it open: closing a file lets go of the locks that SQLite holds on it.
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _need_room(path: Path, room_bytes: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < room_bytes:
        raise StoreError(
            f"A copy of {path} needs up to {room_bytes:,} bytes beside it, and {free:,} are free. Make room, "
            "and try again; nothing was changed."
        )
