"""Fills the index of words: a thread that learns what changed, in small steps, of all servers one at a time.

Who writes to the store does not know of it. It goes by the numbers of changes, and what it wrote and how far
it is become durable together: killed at any moment, another goes on where it was.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors

from outcrop_server.model.errors import RequestError, UnavailableError
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.failures import line
from outcrop_server.storage.postgresql.locks import FILLING, key_of
from outcrop_server.storage.postgresql.words.gathering import Sweep, gather
from outcrop_server.storage.postgresql.words.index_writer import IndexWriter
from outcrop_server.storage.postgresql.words.waiting import TOP

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from outcrop_server.model.span_text import ReadText, SpanText
    from outcrop_server.storage.postgresql.connections import Connection

_log = logging.getLogger(__name__)
_POLL_S = 0.25
# After a fault, and while another server fills.
_LATER_S = 5.0
# While spans wait to be committed, the filler rests for so many times as long as it worked.
_REST = 3.0
_MOST_REST_S = 1.0
_DAMAGES = (errors.DataCorrupted, errors.IndexCorrupted)
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Filler:
    """Fills the index of a store.

    Args:
        uri: of the database.
        read_text: reads a payload.
        is_busy: whether others wait for the processor.
    """

    def __init__(self, uri: str, read_text: ReadText, is_busy: Callable[[], bool]) -> None:
        self._uri = uri
        self._read_text = read_text
        self._is_busy = is_busy
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_damaged = threading.Event()
        self._give_way: Callable[[], None] = _go_on

    def start(self, give_way: Callable[[], None] | None = None) -> None:
        """Begins to fill, in a thread of its own, as soon as no other server does.

        Args:
            give_way: called by that thread before each span's text is read.
        """
        if self._thread is None:
            self._give_way = give_way or _go_on
            self._thread = threading.Thread(target=self.run, name="outcrop-words", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Ends `run` after its present step."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends the thread after its present step."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def report_damage(self) -> None:
        """Says that the index could not be read: it will be made anew."""
        self._is_damaged.set()

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

    def run(self) -> None:
        """Fills in this thread until `end` is called, whenever no other server does."""
        while not self._stopping.is_set():
            try:
                with self._filling(self._politely_read) as filling:
                    if filling is not None:
                        self._fill_on(filling)
            except (psycopg.Error, RequestError) as error:
                _log.warning("The index of words cannot be filled: %s", line(error))
                if isinstance(error, _DAMAGES):
                    self._is_damaged.set()
            self._stopping.wait(_LATER_S)

    def _politely_read(self, payload: bytes) -> SpanText:
        self._give_way()
        return self._read_text(payload)

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
            if self._is_damaged.is_set():
                _log.warning("The index of words is damaged and is made anew.")
                writer.clear()
                self._is_damaged.clear()
            yield _Filling(connection, writer, read_text)
        finally:
            connection.close()

    def _fill_on(self, filling: _Filling) -> None:
        while not self._stopping.is_set() and not self._is_damaged.is_set():
            began = time.monotonic()
            is_done = filling.step()
            worked_s = time.monotonic() - began
            if is_done:
                self._stopping.wait(_POLL_S)
            elif self._is_busy():
                self._stopping.wait(min(worked_s * _REST, _MOST_REST_S))
            else:
                # Others get their turn at the interpreter.
                self._stopping.wait(0.001)


def _go_on() -> None:
    """Nobody else has to go first."""


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
