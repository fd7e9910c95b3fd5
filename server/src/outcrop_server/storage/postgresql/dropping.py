"""Drops the partitions of a day; within a transaction of the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.postgresql.locks import FINISHING, PARTING, key_of
from outcrop_server.storage.postgresql.schema import ELSEWHEN, PARTITIONED

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0) FROM unnest(%s::text[]) AS t (name)"
)


def tables_of(part: int, tables: tuple[str, ...] = PARTITIONED) -> list[str]:
    """The tables of a part, or those of some kinds."""
    end = "elsewhen" if part == ELSEWHEN else f"d{part}"
    return [f"{table}_{end}" for table in tables]


def size_of(connection: Connection, part: int) -> int:
    """How many bytes the tables of a part take."""
    found: tuple[Any, ...] | None = connection.execute(_SIZE, (tables_of(part),)).fetchone()
    return 0 if found is None else int(found[0])


def lock_tables(connection: Connection, part: int, patience: str) -> None:
    """Takes what dropping needs: nobody reads or writes any trace then, and no writer is at its end.

    Args:
        connection: in a transaction.
        part: which is to be dropped.
        patience: how long each lock is waited for, since all who come later wait behind it.

    Raises:
        LockNotAvailable: somebody else has one.
    """
    connection.execute(f"SET LOCAL lock_timeout = '{patience}'".encode())
    connection.execute(_LOCK, (key_of(connection, PARTING),))
    # Dropping takes them anyway; in one order, those first that more wait for.
    for table in (*PARTITIONED, *tables_of(part)):
        connection.execute(f"LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE".encode())
    connection.execute(_LOCK, (key_of(connection, FINISHING),))


def drop(connection: Connection, part: int) -> None:
    """Drops the tables of a part, and what is said of it."""
    for table in tables_of(part):
        connection.execute(f"DROP TABLE {table}".encode())
    connection.execute("DELETE FROM part_use WHERE part = %s", (part,))
