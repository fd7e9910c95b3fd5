"""Commits to the database: what may share a transaction does, and does again where others were in its way."""

from __future__ import annotations

import itertools
import random
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors

from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.common.committing import CommittingThread, Work
from outcrop_server.storage.postgresql.failures import is_conflict, is_of_the_database, told
from outcrop_server.storage.postgresql.partitions import PartMissingError
from outcrop_server.storage.postgresql.touched import SHARED, Touched, by_spans, together
from outcrop_server.storage.postgresql.write import Writer, Written
from outcrop_server.storage.postgresql.writer_connection import WriterConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outcrop_server.storage.common.prepared import PreparedTrace

# Two who are in each other's way are so again now and then, if both try again at once. Who waits for one that
# hangs does not keep all others waiting for ever.
_TRIES = 8
_MOST_TRYING_S = 60.0
_MOST_PAUSE_S = 0.2
# A part was dropped by another server between a look and a copy.
_PART_GONE = (errors.CheckViolation, errors.UndefinedTable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Work(Work[Writer]):
    touched: Touched


class Committer(CommittingThread[_Work]):
    """Owns the connection that writes.

    Args:
        connection: that writes; closed by `close`.
        max_bytes: most that may wait.
        on_commit: told of each commit, in the committing thread.
    """

    def __init__(
        self, connection: WriterConnection, max_bytes: int, on_commit: CommitWatch = watch_nothing
    ) -> None:
        super().__init__(max_bytes, on_commit)
        self._connection = connection
        self._thread.start()

    def submit(
        self,
        write: Callable[[Writer], T],
        size: int = 0,
        *,
        touched: Touched = SHARED,
        may_wait: bool = False,
    ) -> Future[T]:
        """Has something written, with what else waits.

        Args:
            write: writes it; called again if its transaction has to be.
            size: bytes of memory that it holds.
            touched: what it touches.
            may_wait: whether it is given a moment for others to come.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the store is closed.
        """
        done = Future[T]()
        self._put(_Work(write, done, size, touched), may_wait=may_wait)
        return done

    def submit_spans(self, traces: list[PreparedTrace]) -> Future[int]:
        """Has a batch written; the future tells how many spans were new. Raises as `submit` does."""
        done = Future[int]()
        size = sum(trace.size for trace in traces)
        self._put(_Work(lambda writer: writer.write(traces), done, size, by_spans(traces)))
        return done

    def close(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        super().close()
        self._connection.close()

    def _write_something(self) -> Future[Any]:
        return self.submit(_write_something)

    def _is_of_the_store(self, error: Exception) -> bool:
        return is_of_the_database(error) or isinstance(error, UnavailableError)

    def _told(self, error: Exception) -> BaseException:
        return told(error, "write")

    def _after_fault(self) -> None:
        # After a failover the way to the database may lead to another server.
        self._connection.close()

    def _may_share(self, before: _Work, work: _Work) -> bool:
        return before.touched.kind == work.touched.kind != "alone"

    def _commit(self, run: Sequence[_Work]) -> list[Any]:
        touched = together(work.touched for work in run)
        has_reconnected = False
        until_s = time.monotonic() + _MOST_TRYING_S
        for tried in itertools.count(1):
            writer = self._connection.writer()
            try:
                return self._attempt(writer, run, touched)
            except PartMissingError as error:
                touched = together([touched, Touched(touched.kind, parts=frozenset({error.part}))])
            except _PART_GONE:
                if tried >= _TRIES:
                    raise
            except psycopg.Error as error:
                # What was lost before its end was asked for is not there: it can be done again. Where the
                # end was asked for, nobody knows: who waits is told to come again.
                if self._connection.is_lost() and not has_reconnected and not writer.is_ending:
                    has_reconnected = True
                elif not is_conflict(error) or tried >= _TRIES or time.monotonic() > until_s:
                    raise
                else:
                    time.sleep(random.uniform(0, _MOST_PAUSE_S))  # noqa: S311 - no secret
        raise AssertionError("Counting ends never.")

    def _attempt(self, writer: Writer, run: Sequence[_Work], touched: Touched) -> list[Any]:
        connection = self._connection
        try:
            writer.prepare(touched)
            with connection.together():
                connection.begin()
                writer.begin(touched)
            results = [work.write(writer) for work in run]
            writer.finish()
            with connection.together():
                writer.put()
                writer.is_ending = True
                connection.commit()
        except BaseException:
            writer.roll_back()
            connection.roll_back()
            raise
        writer.is_ending = False
        return [result.count if isinstance(result, Written) else result for result in results]


def _write_something(writer: Writer) -> None:
    """Writes what is there already: PostgreSQL does not compare, so the disk is really used."""
    writer.connection.execute(
        "UPDATE schema_version SET applied_at_ns = applied_at_ns "
        "WHERE version = (SELECT max(version) FROM schema_version)"
    )
