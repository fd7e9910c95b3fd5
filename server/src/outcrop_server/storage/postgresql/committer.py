"""The one thread that writes: it commits what has gathered, then tells the waiting requests."""

from __future__ import annotations

import contextlib
import itertools
import logging
import random
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors

from outcrop_server.model.errors import StoreFullError, UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.common.commit_queue import CommitQueue
from outcrop_server.storage.postgresql.failures import is_conflict, is_of_the_database, told
from outcrop_server.storage.postgresql.partitions import PartMissingError
from outcrop_server.storage.postgresql.touched import SHARED, Touched, by_spans, together
from outcrop_server.storage.postgresql.write import Writer, Written
from outcrop_server.storage.postgresql.writer_connection import WriterConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outcrop_server.storage.common.prepared import PreparedTrace

_log = logging.getLogger(__name__)
# Two who are in each other's way are so again now and then, if both try again at once. Who waits for one that
# hangs does not keep all others waiting for ever.
_TRIES = 8
_MOST_TRYING_S = 60.0
_MOST_PAUSE_S = 0.2
# A part was dropped by another server between a look and a copy.
_PART_GONE = (errors.CheckViolation, errors.UndefinedTable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Work:
    """A piece of writing, such as what one call of `append` brought, and who waits for it."""

    write: Callable[[Writer], Any]
    done: Future[Any]
    size: int
    touched: Touched


class Committer:
    """Owns the connection that writes.

    Args:
        connection: that writes; closed by `close`.
        max_bytes: most that may wait.
        on_commit: told of each commit, in the committing thread.
    """

    def __init__(
        self, connection: WriterConnection, max_bytes: int, on_commit: CommitWatch = watch_nothing
    ) -> None:
        self._connection = connection
        self._queue: CommitQueue[_Work] = CommitQueue(max_bytes)
        self._on_commit = on_commit
        self._failure: str | None = None
        self._probe: Future[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="outcrop-committer", daemon=True)
        self._thread.start()

    def check_room(self) -> None:
        """Refuses early, before a caller spends CPU on what could not be put.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the store is closed.
        """
        self._queue.check_room()

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

    def _put(self, work: _Work, *, may_wait: bool = False) -> None:
        # What was taken is written, whatever becomes of who waits: a caller who gives up must not be told
        # otherwise.
        work.done.set_running_or_notify_cancel()
        self._queue.put(work, work.size, may_wait=may_wait)

    def waiting(self) -> tuple[int, int]:
        """How many pieces of writing wait, and how many bytes they have."""
        return self._queue.waiting()

    def is_busy(self) -> bool:
        """Whether something waits to be written."""
        return self._queue.waiting()[0] > 0

    def fault(self) -> str | None:
        """Why nothing can be written, as far as is known; None if something could when last tried.

        After a failure it is tried again without anybody's spans: who asks here may be the one that keeps
        them away meanwhile. The next call tells how that went.
        """
        if not self._thread.is_alive():
            return "The thread that writes has ended."
        if self._failure is not None and (self._probe is None or self._probe.done()):
            with contextlib.suppress(StoreFullError, UnavailableError):
                self._probe = self.submit(_write_something)
        return self._failure

    def close(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        self._queue.close()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while batches := self._queue.take():
            for run in _runs(batches):
                self._commit_together(run)

    def _commit_together(self, run: Sequence[_Work]) -> None:
        began = time.perf_counter()
        size = sum(work.size for work in run)
        try:
            results = self._transaction(run)
        except Exception as error:  # noqa: BLE001 - the thread must live, and each request learn of its failure
            self._on_commit(time.perf_counter() - began, size, False)
            self._after_failure(run, error)
            return
        self._failure = None
        self._on_commit(time.perf_counter() - began, size, True)
        for work, result in zip(run, results, strict=True):
            work.done.set_result(result)

    def _after_failure(self, run: Sequence[_Work], error: Exception) -> None:
        is_database = is_of_the_database(error) or isinstance(error, UnavailableError)
        if is_database:
            self._failure = str(told(error, "write"))
            # After a failover the way to the database may lead to another server.
            self._connection.close()
        if is_database or len(run) == 1:
            _log.error("%d batches could not be stored: %s", len(run), error)
            for work in run:
                work.done.set_exception(told(error, "write"))
            return
        # One of them is at fault: the others must not suffer for it.
        for work in run:
            self._commit_together([work])

    def _transaction(self, run: Sequence[_Work]) -> list[Any]:
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


def _runs(batches: Sequence[_Work]) -> Iterator[list[_Work]]:
    """What goes into one transaction each, in order."""
    run: list[_Work] = []
    for work in batches:
        kind = work.touched.kind
        if run and (kind != run[-1].touched.kind or kind == "alone"):
            yield run
            run = []
        run.append(work)
    yield run


def _write_something(writer: Writer) -> None:
    """Writes what is there already: PostgreSQL does not compare, so the disk is really used."""
    writer.connection.execute(
        "UPDATE schema_version SET applied_at_ns = applied_at_ns "
        "WHERE version = (SELECT max(version) FROM schema_version)"
    )
