"""Gives the room of what was deleted back to the disk: days that are empty, and the ends of files."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.dropping import drop, lock_tables, size_of, tables_of
from outcrop_server.storage.postgresql.failures import told
from outcrop_server.storage.postgresql.partitions import part_of
from outcrop_server.storage.postgresql.schema import ELSEWHEN, OF_TRACES

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection

# Less than this part of a day's bytes is left to what comes, and to PostgreSQL's own sweeping.
_WORTH_IT = 0.1
_EMPTY = """
    SELECT part FROM part_use WHERE trace_count = 0 AND part <> %s AND part < %s ORDER BY part LIMIT 1
"""
_SWEPT = """
    SELECT part FROM part_use WHERE deleted_bytes > %s * (kept_bytes + deleted_bytes)
    ORDER BY deleted_bytes DESC LIMIT 1
"""
_IS_SWEPT = "UPDATE part_use SET deleted_bytes = 0 WHERE part = %s"
# Who waits for a table that somebody reads keeps all others waiting behind.
_PATIENCE = "1s"
_IS_EMPTY = "SELECT NOT EXISTS (SELECT 1 FROM {table})"


class GivingBack:
    """Gives room back, in steps.

    Args:
        uri: of the database.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._lock = threading.Lock()
        # A file's end is cut off at once, however long it is; callers are told of it in steps.
        self._untold = 0

    def give_back(self, max_bytes: int, *, is_thorough: bool) -> int:
        """Gives about so many bytes back; 0 when there is nothing left to give.

        Args:
            max_bytes: how many.
            is_thorough: whether days are swept of which little was deleted, too.

        Raises:
            UnavailableError: it could not be done now.
        """
        with self._lock:
            if not self._untold:
                self._untold = self._given(0.0 if is_thorough else _WORTH_IT)
            step = min(self._untold, max_bytes)
            self._untold -= step
            return step

    def add(self, size: int) -> None:
        """Says that somebody else gave so many bytes back."""
        with self._lock:
            self._untold += size

    def _given(self, worth_it: float) -> int:
        try:
            with open_writer(self._uri) as connection:
                part = _one(connection, _EMPTY, (ELSEWHEN, part_of(time.time_ns()) - 1))
                if part is not None and (size := _drop(connection, int(part))):
                    return size
                while (part := _one(connection, _SWEPT, (worth_it,))) is not None:
                    if size := _sweep(connection, int(part)):
                        return size
        except psycopg.Error as error:
            raise told(error, "give room back") from error
        return 0


def _drop(connection: Connection, part: int) -> int:
    """Drops a part in which nothing is; 0 if that cannot be now."""
    size = size_of(connection, part)
    try:
        with connection.transaction():
            lock_tables(connection, part, _PATIENCE)
            if not all(
                _one(connection, _IS_EMPTY.format(table=table)) for table in tables_of(part, OF_TRACES)
            ):
                return 0
            drop(connection, part)
    except (errors.LockNotAvailable, errors.DeadlockDetected):
        # Somebody reads, or writes there; it is tried again when asked again.
        return 0
    return size


def _sweep(connection: Connection, part: int) -> int:
    """Cuts the free ends off the files of a part; nobody who reads or writes waits for it."""
    tables = tables_of(part)
    before = size_of(connection, part)
    for table in tables:
        connection.execute(f"VACUUM (TRUNCATE true) {table}".encode())
    connection.execute(_IS_SWEPT, (part,))
    return max(0, before - size_of(connection, part))


def _one(connection: Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    found = connection.execute(statement.encode(), values).fetchone()
    return None if found is None else found[0]
