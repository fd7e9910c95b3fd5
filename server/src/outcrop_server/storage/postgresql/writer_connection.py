"""The connection that writes, which is made anew when it is lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import TransactionStatus

from outcrop_server.model.errors import StoreError, UnavailableError
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.failures import RETRY_AFTER_S, line
from outcrop_server.storage.postgresql.schema import MIGRATIONS, version_of
from outcrop_server.storage.postgresql.write import Writer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from outcrop_server.storage.postgresql.connections import Connection

_FIRST_PAUSE_S = 0.2
_MOST_PAUSE_S = 3.0


class WriterConnection:
    """Used by the committing thread alone, but for `close`, which comes behind it.

    Args:
        uri: of the database.
        connection: that writes, to a database that has its tables.
    """

    def __init__(self, uri: str, connection: Connection) -> None:
        self._uri = uri
        self._connection = connection
        self._writer: Writer | None = Writer(connection)
        self._pause_s = _FIRST_PAUSE_S
        self._not_before_s = 0.0
        self._reason = ""

    @property
    def server_version(self) -> str:
        """The version of the server, for people."""
        return str(self._connection.info.parameter_status("server_version") or "").partition(" ")[0]

    def writer(self) -> Writer:
        """The writer; over a new connection if the one before was lost.

        Raises:
            UnavailableError: there is no connection to be had now.
        """
        if self._writer is None or self.is_lost():
            self._connect()
        if self._writer is None:
            raise AssertionError("A connection was made, and with it a writer.")
        return self._writer

    def is_lost(self) -> bool:
        """Whether nothing can be written over the connection any more."""
        return (
            self._connection.closed or self._connection.info.transaction_status == TransactionStatus.UNKNOWN
        )

    def together(self) -> AbstractContextManager[object]:
        """Within it, statements go to the server without waiting for the answers of those before."""
        return self._connection.pipeline()

    def begin(self) -> None:
        """Begins a transaction."""
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        """Ends it."""
        self._connection.execute("COMMIT")

    def roll_back(self) -> None:
        """Leaves a transaction that failed; a connection on which that fails, too, is given up."""
        try:
            if self._connection.info.transaction_status != TransactionStatus.IDLE:
                self._connection.rollback()
        except psycopg.Error:
            self._connection.close()

    def close(self) -> None:
        """Closes it."""
        self._connection.close()

    def _connect(self) -> None:
        """Tries again, now and then: a database that is away is not asked a thousand times a second."""
        if time.monotonic() < self._not_before_s:
            raise UnavailableError(self._reason, retry_after_s=RETRY_AFTER_S)
        self._writer = None
        self._connection.close()
        try:
            self._connection = open_writer(self._uri)
            _check_version(self._connection)
            self._writer = Writer(self._connection)
        except (psycopg.Error, StoreError) as error:
            self._reason = f"The store could not reach its database: {line(error)}"
            self._not_before_s = time.monotonic() + self._pause_s
            self._pause_s = min(_MOST_PAUSE_S, self._pause_s * 2)
            raise UnavailableError(self._reason, retry_after_s=RETRY_AFTER_S) from error
        self._pause_s = _FIRST_PAUSE_S
        self._not_before_s = 0.0


def _check_version(connection: Connection) -> None:
    """A database that was put in its place may be another one's, or an older one."""
    version = version_of(connection)
    if version != len(MIGRATIONS):
        connection.close()
        raise StoreError(
            f"The database is back with version {version}, and this server writes {len(MIGRATIONS)}. Start "
            "it anew."
        )
