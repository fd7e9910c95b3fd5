"""A lock that a session holds: it goes with its connection, however that ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.failures import told
from outcrop_server.storage.postgresql.locks import key_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from outcrop_server.storage.postgresql.connections import Connection

_TRY = "SELECT pg_try_advisory_lock(%s)"


@contextmanager
def held_at_once(uri: str, lock: int) -> Generator[bool, None, None]:
    """Holds a lock if nobody else does; says whether. Does not wait for it.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    connection, is_held = _asked(uri, lock)
    try:
        yield is_held
    finally:
        connection.close()


def _asked(uri: str, lock: int) -> tuple[Connection, bool]:
    try:
        connection = open_writer(uri)
        try:
            found = connection.execute(_TRY, (key_of(connection, lock),)).fetchone()
        except BaseException:
            connection.close()
            raise
    except psycopg.Error as error:
        raise told(error, "be asked for a lock") from error
    return connection, found == (True,)
