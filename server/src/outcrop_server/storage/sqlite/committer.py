"""Commits to the file, in one transaction what has gathered."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.common.committing import CommittingThread, Work
from outcrop_server.storage.sqlite.health import write_something
from outcrop_server.storage.sqlite.write import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outcrop_server.storage.sqlite.file_lock import FileLock

_RETRY_AFTER_S = 5
T = TypeVar("T")


class Committer(CommittingThread[Work[Writer]]):
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
        super().__init__(max_bytes, on_commit)
        self._connection = connection
        self._lock = lock
        self._writer = Writer(connection)
        self._thread.start()

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
        self._put(Work(write, done, size), may_wait=may_wait)
        return done

    def close(self) -> None:
        """Commits what waits, then ends the thread and closes the connection."""
        super().close()
        self._connection.close()

    def _write_something(self) -> Future[Any]:
        return self.submit(write_something)

    def _is_of_the_store(self, error: Exception) -> bool:
        return _is_of_the_file(error) or isinstance(error, UnavailableError)

    def _told(self, error: Exception) -> BaseException:
        if not _is_of_the_file(error):
            return error
        is_damaged = not isinstance(error, sqlite3.OperationalError)
        advice = " Damaged? `outcrop db check` says where." if is_damaged else ""
        return UnavailableError(f"The store could not write: {error}.{advice}", retry_after_s=_RETRY_AFTER_S)

    def _commit(self, run: Sequence[Work[Writer]]) -> list[Any]:
        with self._lock.held():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                results = [work.write(self._writer) for work in run]
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
