"""The one thread of a store that writes: it commits what has gathered, then tells the waiting requests."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from outcrop_server.model.errors import StoreFullError, UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.common.commit_queue import CommitQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

_log = logging.getLogger(__name__)
WriterT = TypeVar("WriterT")
WorkT = TypeVar("WorkT", bound="Work[Any]")


@dataclass(frozen=True, slots=True)
class Work(Generic[WriterT]):
    """A piece of writing, such as what one call of `append` brought, and who waits for it.

    Attributes:
        write: writes it, in the committing thread; called again where its commit is. What it
            returns is the future's result.
        done: done when it is durable.
        size: about how many bytes it holds in memory.
    """

    write: Callable[[WriterT], Any]
    done: Future[Any]
    size: int


class CommittingThread(ABC, Generic[WorkT]):
    """What the committers of all engines have in common; an engine says how a commit is made.

    Args:
        max_bytes: most that may wait.
        on_commit: told of each commit, in the committing thread.
        gather_s: how long spans wait for others to come.
    """

    def __init__(
        self, max_bytes: int, on_commit: CommitWatch = watch_nothing, *, gather_s: float = 0.0
    ) -> None:
        self._queue: CommitQueue[WorkT] = CommitQueue(max_bytes, gather_s=gather_s)
        self._on_commit = on_commit
        self._failure: str | None = None
        self._probe: Future[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="outcrop-committer", daemon=True)

    @abstractmethod
    def _commit(self, run: Sequence[WorkT]) -> list[Any]:
        """Makes one commit of some pieces of writing; what each of them returned."""

    @abstractmethod
    def _is_of_the_store(self, error: Exception) -> bool:
        """Whether it is the store that is at fault, or the way to it, not what was to be written."""

    @abstractmethod
    def _write_something(self) -> Future[Any]:
        """Has something written that changes nothing, to see whether that works."""

    def _told(self, error: Exception) -> BaseException:
        """An error as those learn of it who wait."""
        return error

    def _after_fault(self) -> None:
        """To be done after the store was at fault."""

    def _may_share(self, before: WorkT, work: WorkT) -> bool:  # noqa: ARG002 - for engines to say otherwise
        """Whether a piece of writing may go into the commit of the one before it."""
        return True

    def check_room(self) -> None:
        """Refuses early, before a caller spends CPU on what could not be put.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the store is closed.
        """
        self._queue.check_room()

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
                self._probe = self._write_something()
        return self._failure

    def close(self) -> None:
        """Commits what waits, then ends the thread."""
        self._queue.close()
        self._thread.join()

    def _put(self, work: WorkT, *, count: int = 0, may_wait: bool = False) -> None:
        """Has it written, with what else waits; see `CommitQueue.put`.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the store is closed.
        """
        # What was taken is written, whatever becomes of who waits: a caller who gives up must not be told
        # otherwise.
        work.done.set_running_or_notify_cancel()
        self._queue.put(work, work.size, count=count, may_wait=may_wait)

    def _run(self) -> None:
        while works := self._queue.take():
            for run in self._runs(works):
                self._commit_together(run)

    def _runs(self, works: Sequence[WorkT]) -> Iterator[list[WorkT]]:
        """What goes into one commit each, in order."""
        run: list[WorkT] = []
        for work in works:
            if run and not self._may_share(run[-1], work):
                yield run
                run = []
            run.append(work)
        yield run

    def _commit_together(self, run: Sequence[WorkT]) -> None:
        began = time.perf_counter()
        size = sum(work.size for work in run)
        try:
            results = self._commit(run)
        except Exception as error:  # noqa: BLE001 - the thread must live, and each request learn of its failure
            self._on_commit(time.perf_counter() - began, size, False)
            self._after_failure(run, error)
            return
        self._failure = None
        self._on_commit(time.perf_counter() - began, size, True)
        for work, result in zip(run, results, strict=True):
            work.done.set_result(result)

    def _after_failure(self, run: Sequence[WorkT], error: Exception) -> None:
        is_of_the_store = self._is_of_the_store(error)
        if is_of_the_store:
            self._failure = str(self._told(error))
            self._after_fault()
        if is_of_the_store or len(run) == 1:
            _log.error("%d batches could not be stored: %s", len(run), error)
            for work in run:
                work.done.set_exception(self._told(error))
            return
        # One of them is at fault: the others must not suffer for it.
        for work in run:
            self._commit_together([work])
