"""Gives the room of what was deleted back to the disk: days that are empty, and the ends of files."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.failures import told
from outcrop_server.storage.postgresql.locks import FINISHING, PARTING, key_of
from outcrop_server.storage.postgresql.partitions import part_of
from outcrop_server.storage.postgresql.schema import ELSEWHEN, OF_TRACES, PARTITIONED

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
_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0) FROM unnest(%s::text[]) AS t (name)"
)
# Who waits for a table that somebody reads keeps all others waiting behind.
_PATIENCE = "SET LOCAL lock_timeout = '1s'"
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


def tables_of(part: int, tables: tuple[str, ...] = PARTITIONED) -> list[str]:
    """The tables of a part, or those of some kinds."""
    end = "elsewhen" if part == ELSEWHEN else f"d{part}"
    return [f"{table}_{end}" for table in tables]


def _drop(connection: Connection, part: int) -> int:
    """Drops a part in which nothing is; 0 if that cannot be now."""
    tables = tables_of(part)
    size = int(_one(connection, _SIZE, (tables,)) or 0)
    try:
        with connection.transaction():
            connection.execute(_PATIENCE)
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (key_of(connection, PARTING),))
            # Dropping takes them anyway; in one order, those first that more wait for.
            for table in (*PARTITIONED, *tables):
                connection.execute(f"LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE".encode())
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (key_of(connection, FINISHING),))
            if not all(
                _one(connection, _IS_EMPTY.format(table=table)) for table in tables_of(part, OF_TRACES)
            ):
                return 0
            for table in tables:
                connection.execute(f"DROP TABLE {table}".encode())
            connection.execute("DELETE FROM part_use WHERE part = %s", (part,))
    except (errors.LockNotAvailable, errors.DeadlockDetected):
        # Somebody reads, or writes there; it is tried again when asked again.
        return 0
    return size


def _sweep(connection: Connection, part: int) -> int:
    """Cuts the free ends off the files of a part; nobody who reads or writes waits for it."""
    tables = tables_of(part)
    before = int(_one(connection, _SIZE, (tables,)) or 0)
    for table in tables:
        connection.execute(f"VACUUM (TRUNCATE true) {table}".encode())
    connection.execute(_IS_SWEPT, (part,))
    return max(0, before - int(_one(connection, _SIZE, (tables,)) or 0))


def _one(connection: Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    found = connection.execute(statement.encode(), values).fetchone()
    return None if found is None else found[0]
