"""Rows of a statement that may be many: read as they are taken, some at once."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.storage.common.sql import Sql
    from outcrop_server.storage.postgresql.connections import Connection

_numbers = count(1)


def read_in_pieces(
    connection: Connection, statement: Sql, first: int, most: int
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a statement, more and more at once; within a transaction.

    Args:
        connection: within it.
        statement: gives the rows.
        first: how many at first: where a few may do, more need not be made.
        most: how many in the end.
    """
    name = f"piece_{next(_numbers)}"
    declared = f"DECLARE {name} NO SCROLL CURSOR FOR {statement.text}"
    # With no values at all, marks would stay as they are written.
    connection.execute(declared.encode(), statement.values)
    size = first
    while rows := connection.execute(f"FETCH {size} FROM {name}".encode()).fetchall():
        yield rows
        size = min(size * 2, most)
    connection.execute(f"CLOSE {name}".encode())
