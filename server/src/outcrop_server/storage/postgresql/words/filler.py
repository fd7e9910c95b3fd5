"""Fills the index of words: a thread that learns what changed, in small steps, of all servers one at a time.

Who writes to the store does not know of it. It goes by the numbers of changes, and what it wrote and how far
it is become durable together: killed at any moment, another goes on where it was.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors

from outcrop_server.model.errors import RequestError, UnavailableError
from outcrop_server.storage.common.filling import FillingThread
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.failures import line
from outcrop_server.storage.postgresql.locks import FILLING, key_of
from outcrop_server.storage.postgresql.words.gathering import Sweep, gather
from outcrop_server.storage.postgresql.words.index_writer import IndexWriter
from outcrop_server.storage.postgresql.words.waiting import TOP

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.postgresql.connections import Connection

_POLL_S = 0.25
_DAMAGES = (errors.DataCorrupted, errors.IndexCorrupted)
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Filler(FillingThread):
    """Fills the index of a store.

    Args:
        uri: of the database.
        read_text: reads a payload.
        is_busy: whether others wait for the processor.
    """

    def __init__(self, uri: str, read_text: ReadText, is_busy: Callable[[], bool]) -> None:
        super().__init__(read_text, is_busy, poll_s=_POLL_S, faults=(psycopg.Error, RequestError))
        self._uri = uri

    def fill(self) -> None:
        """Fills until nothing waits, in this thread.

        Raises:
            UnavailableError: another server fills.
            psycopg.Error: the index cannot be written to.
        """
        with self._filling(self._read_text) as filling:
            if filling is None:
                raise UnavailableError("Another server fills the index of words.")
            while not filling.step():
                pass

    def _fill_in_turn(self) -> None:
        with self._filling(self._politely_read) as filling:
            if filling is not None:
                self._fill_on(filling)

    def _is_damage(self, error: Exception) -> bool:
        return isinstance(error, _DAMAGES)

    def _said_of(self, error: Exception) -> str:
        return line(error)

    @contextmanager
    def _filling(self, read_text: ReadText) -> Generator[_Filling | None, None, None]:
        """The index while this server fills it; None where another one does."""
        connection = open_writer(self._uri)
        try:
            # Held by the session: it ends with it, however that ends.
            row = connection.execute(
                "SELECT pg_try_advisory_lock(%s)", (key_of(connection, FILLING),)
            ).fetchone()
            if row is None or not row[0]:
                yield None
                return
            writer = IndexWriter(connection)
            if self._must_mend():
                writer.clear()
                self._is_damaged.clear()
            yield _Filling(connection, writer, read_text)
        finally:
            connection.close()


class _Filling:
    """The index while this server fills it."""

    def __init__(self, connection: Connection, writer: IndexWriter, read_text: ReadText) -> None:
        self._connection = connection
        self._writer = writer
        self._read_text = read_text
        self._state = writer.begin()
        # Compared once from the top: what was done to the tables while nobody looked is put right.
        self._sweep: Sweep | None = Sweep(TOP, 0)

    def step(self) -> bool:
        """Does a step; whether nothing was left to do."""
        self._connection.execute(_SNAPSHOT)
        try:
            step = gather(self._connection, self._state, self._sweep, self._read_text)
        finally:
            if not self._connection.closed:
                self._connection.rollback()
        if step.is_lost:
            # It is not known what changed: every trace is compared.
            self._state, self._sweep = self._writer.begin(), Sweep(TOP, 0)
            return False
        is_whole = True
        if step.added or step.swept is not None or step.state != self._state:
            self._state, is_whole = self._writer.write(step)
        if is_whole:
            self._sweep = step.sweep
        return step.is_last
