"""The one thread that writes: it commits what has gathered, then tells the waiting requests."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from outcrop_server.model.errors import StoreFullError, UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.common.commit_queue import CommitQueue
from outcrop_server.storage.sqlite.health import write_something
from outcrop_server.storage.sqlite.write import Writer

if TYPE_CHECKING:
    from outcrop_server.storage.sqlite.file_lock import FileLock

_log = logging.getLogger(__name__)
_RETRY_AFTER_S = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Work:
    """A piece of writing, such as what one call of `append` brought, and who waits for it."""

    write: Callable[[Writer], Any]
    done: Future[Any]
    size: int


class Committer:
    """Owns the connection that writes.

    Args:
        connection: in autocommit mode; closed by `close`.
        lock: taken before each transaction.
        max_bytes: most that may wait.
        on_commit: told of each commit, in the committing thread.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: FileLock,
        max_bytes: int,
        on_commit: CommitWatch = watch_nothing,
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._writer = Writer(connection)
        self._queue: CommitQueue[_Work] = CommitQueue(max_bytes)
        self._on_commit = on_commit
        self._failure: str | None = None
        self._probe: Future[None] | None = None
        self._thread = threading.Thread(target=self._run, name="outcrop-committer", daemon=True)
        self._thread.start()

    def check_room(self) -> None:
        """Raises what `submit` would raise now."""
        self._queue.check_room()

    def submit(self, write: Callable[[Writer], T], size: int = 0, *, may_wait: bool = False) -> Future[T]:
        """Hands a piece of writing over; what it returns is the future's result.

        Args:
            write: called in the committing thread, within a transaction that it may share with others. It is
                called again if one of these fails.
            size: about how many bytes it holds in memory.
            may_wait: it is done a moment later if others may come with which to share a transaction.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the committer is closed.
        """
        done = Future[T]()
        # From here on it will be written: a caller who gives up must not be told otherwise.
        done.set_running_or_notify_cancel()
        self._queue.put(_Work(write, done, size), size, may_wait=may_wait)
        return done

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
                self._probe = self.submit(write_something)
        return self._failure

    def close(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        self._queue.close()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while batches := self._queue.take():
            self._commit_together(batches)

    def _commit_together(self, batches: list[_Work]) -> None:
        began = time.perf_counter()
        size = sum(batch.size for batch in batches)
        try:
            results = self._transaction(batches)
        except Exception as error:  # noqa: BLE001 - the thread must live, and each request learn of its failure
            self._on_commit(time.perf_counter() - began, size, False)
            self._after_failure(batches, error)
            return
        self._failure = None
        self._on_commit(time.perf_counter() - began, size, True)
        for batch, result in zip(batches, results, strict=True):
            batch.done.set_result(result)

    def _after_failure(self, batches: list[_Work], error: Exception) -> None:
        is_database = _is_of_the_file(error) or isinstance(error, UnavailableError)
        if is_database:
            self._failure = str(_told(error))
        if is_database or len(batches) == 1:
            _log.error("%d batches could not be stored: %s", len(batches), error)
            for batch in batches:
                batch.done.set_exception(_told(error))
            return
        # One of them is at fault: the others must not suffer for it.
        for batch in batches:
            self._commit_together([batch])

    def _transaction(self, batches: list[_Work]) -> list[Any]:
        with self._lock.held():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                results = [batch.write(self._writer) for batch in batches]
                self._writer.finish()
                self._connection.execute("COMMIT")
            except BaseException:
                self._writer.forget()
                # A full disk makes SQLite roll back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        return results


def _is_of_the_file(error: Exception) -> bool:
    """Whether it is the file that is at fault, not what was to be written.

    A damaged file is told by the base class itself: a sender must not take that for a fault of its spans.
    """
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _told(error: Exception) -> Exception:
    if not _is_of_the_file(error):
        return error
    advice = "" if isinstance(error, sqlite3.OperationalError) else " Damaged? `outcrop db check` says where."
    return UnavailableError(f"The store could not write: {error}.{advice}", retry_after_s=_RETRY_AFTER_S)
