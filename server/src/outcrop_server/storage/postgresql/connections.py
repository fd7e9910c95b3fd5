"""Connections to the database: those that write, and a pool of those that read."""

from __future__ import annotations

import selectors
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.postgresql.adapting import adapt
from outcrop_server.storage.postgresql.failures import is_of_the_database, told

if TYPE_CHECKING:
    from collections.abc import Generator

Connection = psycopg.Connection[Any]

# A machine that went away without a word is noticed within a minute; an address may say otherwise.
_DEFAULTS: dict[str, Any] = {
    "application_name": "outcrop",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# What a server was set to otherwise must not change what is promised. Waiting for rows of another server that
# hangs ends sometime, and so does a transaction that this process left open.
_SETTINGS = (
    "SET client_encoding = 'UTF8'",
    "SET standard_conforming_strings = on",
    "SET default_transaction_isolation = 'read committed'",
    "SET synchronous_commit = on",
    "SET statement_timeout = 0",
    "SET idle_in_transaction_session_timeout = '10min'",
)
# Writers look up what they have keys of: what that costs must not grow with a table, whatever a planner that
# knows too little of it thinks.
_WRITING = (
    "SET lock_timeout = '30s'",
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
)
_READING = ("SET default_transaction_read_only = on", "SET lock_timeout = '10s'")
# Above the cost of a lookup, generated code costs more than it saves.
_NO_JIT = "SET jit = off"
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Writers say the same few things again and again: from then on they are prepared.
_PREPARED_FROM = 3
# One that was used a moment ago is taken to be alive, unless it says otherwise.
_TRUSTED_S = 0.5


def open_writer(uri: str) -> Connection:
    """A connection that writes, in autocommit mode.

    Raises:
        psycopg.Error: there is none to be had.
    """
    return _connect(uri, _WRITING, _PREPARED_FROM)


class ReaderPool:
    """Connections that only read, in autocommit mode. Each is used by one thread at a time.

    Not psycopg's pool: that one comes back to a database that was away only after a pause which grows with
    how long it was away.

    Args:
        uri: of the database.
        most: so many at once; who wants another waits.
        patience_s: how long it waits.
    """

    def __init__(self, uri: str, most: int, patience_s: float = 30.0) -> None:
        self._uri = uri
        self._patience_s = patience_s
        self._room = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        # The one that was used last is lent first: so many as are needed stay warm.
        self._idle: list[tuple[Connection, float]] = []
        self._is_closed = False

    @contextmanager
    def reading(self) -> Generator[Connection, None, None]:
        """Lends a connection.

        Raises:
            UnavailableError: the pool is closed, or the database cannot be read now.
            DamagedError: the database is damaged where it was read.
        """
        if not self._room.acquire(timeout=self._patience_s):
            raise UnavailableError("The store has more readers than connections. Try again.")
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)
        except psycopg.Error as error:
            raise told(error, "be read") from error
        finally:
            self._room.release()

    def close(self) -> None:
        """Closes what is idle at once, and what is lent when it comes back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _take(self) -> Connection:
        while True:
            with self._lock:
                if self._is_closed:
                    raise UnavailableError("The server is stopping.")
                if not self._idle:
                    break
                connection, used_s = self._idle.pop()
            is_trusted = time.monotonic() - used_s < _TRUSTED_S and _is_silent(connection)
            if is_trusted or _is_alive(connection):
                return connection
            connection.close()
        return _connect(self._uri, _READING)

    def _give_back(self, connection: Connection) -> None:
        _end_transaction(connection)
        with self._lock:
            if not self._is_closed and not connection.closed:
                self._idle.append((connection, time.monotonic()))
                return
        connection.close()


@contextmanager
def snapshot(connection: Connection) -> Generator[None, None, None]:
    """Within it, every statement reads the store as it is when the first one does."""
    connection.execute(_SNAPSHOT)
    try:
        yield
    finally:
        _end_transaction(connection)


def _end_transaction(connection: Connection) -> None:
    """Leaves a connection as it was lent: whoever failed may have left a transaction behind."""
    try:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.rollback()
    except psycopg.Error:
        # It is broken, and not lent again.
        connection.close()


def _is_silent(connection: Connection) -> bool:
    """Whether the server has said nothing unasked, as it does when it ends; without asking it."""
    # Not `select.select`, which takes no number beyond 1023.
    with selectors.DefaultSelector() as selector:
        selector.register(connection.fileno(), selectors.EVENT_READ)
        return not selector.select(0)


def _is_alive(connection: Connection) -> bool:
    try:
        connection.execute("")
    except psycopg.Error as error:
        if not is_of_the_database(error):
            raise
        return False
    return True


def _connect(uri: str, settings: tuple[str, ...], prepare_threshold: int | None = None) -> Connection:
    given = conninfo_to_dict(uri)
    # What readers ask is planned with its values: only so are the parts of other days left out. Each costs a
    # plan; one that is kept prepared would cost locks on every part.
    connection = psycopg.connect(
        uri,
        autocommit=True,
        prepare_threshold=prepare_threshold,
        **{name: value for name, value in _DEFAULTS.items() if name not in given},
    )
    try:
        adapt(connection)
        connection.execute("; ".join((*_SETTINGS, *settings, _NO_JIT)).encode())
    except BaseException:
        connection.close()
        raise
    return connection
