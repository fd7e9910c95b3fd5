"""The one thread of a process that writes: it commits what has gathered, then tells the waiting requests."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from outcrop_server.model.errors import DamagedError, StoreFullError, UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.clickhouse import effects
from outcrop_server.storage.clickhouse.memory import Memory
from outcrop_server.storage.clickhouse.sequencer import Sequencer
from outcrop_server.storage.clickhouse.turns import KeeperTurns, LogTurns
from outcrop_server.storage.clickhouse.writer import Writer, Written
from outcrop_server.storage.common.commit_queue import CommitQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.common.prepared import PreparedTrace

_log = logging.getLogger(__name__)
T = TypeVar("T")
# What is left to do of a commit that counts is done again for so long when the database is away; then whoever
# writes next does it.
_MOST_TRYING_S = 30.0
_PAUSE_S = 0.2
# A commit whose turn another server took away is decided anew.
_TRIES = 5
# It asks for more patience then, as if it had so many bytes more to write: it may be slow by itself.
_MORE_PATIENCE = 16 << 20


class _TurnLostError(Exception):
    """Another server has ended this commit: it comes to nothing."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A piece of writing, such as what one call of `append` brought, and who waits for it."""

    write: Callable[[Writer], Any]
    done: Future[Any]
    size: int
    trace_ids: frozenset[bytes] = field(default_factory=frozenset[bytes])
    is_alone: bool = False


class Committer:
    """Owns the turn to write.

    Args:
        client: asks the database.
        max_bytes: most that may wait.
        gather_s: how long spans wait for others to come.
        patience_s: how long a commit that does not go on is left alone.
        has_keeper: whether Keeper decides between writers.
        on_commit: told of each commit, in the committing thread.
    """

    def __init__(
        self,
        client: Client,
        *,
        max_bytes: int,
        gather_s: float,
        patience_s: float,
        has_keeper: bool = False,
        on_commit: CommitWatch = watch_nothing,
    ) -> None:
        self._client = client
        self._memory = Memory(client)
        turns = KeeperTurns(client) if has_keeper else LogTurns(client)
        self._sequencer = Sequencer(client, turns, self._apply_of_other, patience_s)
        self._queue: CommitQueue[_Work] = CommitQueue(max_bytes, gather_s=gather_s)
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
        trace_ids: frozenset[bytes] = frozenset(),
        is_alone: bool = False,
        may_wait: bool = False,
    ) -> Future[T]:
        """Has something written, with what else waits.

        Args:
            write: decides it; called again if its commit has to be.
            size: bytes of memory that it holds.
            trace_ids: of the traces that it looks at.
            is_alone: whether it is to have a commit of its own, as deletions must.
            may_wait: whether it is given a moment for others to come.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the store is closed.
        """
        done = Future[T]()
        self._put(_Work(write, done, size, trace_ids, is_alone), may_wait=may_wait)
        return done

    def submit_spans(self, traces: list[PreparedTrace]) -> Future[int]:
        """Has a batch written; the future tells how many spans were new. Raises as `submit` does."""
        done = Future[int]()
        size = sum(trace.size for trace in traces)
        ids = frozenset(trace.trace_id for trace in traces)
        count = sum(trace.row.span_count for trace in traces)
        self._put(_Work(lambda writer: writer.take(traces, Written()), done, size, ids), count=count)
        return done

    def _put(self, work: _Work, *, count: int = 0, may_wait: bool = False) -> None:
        # What was taken is written, whatever becomes of who waits: a caller who gives up must not be told
        # otherwise.
        work.done.set_running_or_notify_cancel()
        self._queue.put(work, work.size, count=count, may_wait=may_wait)

    def waiting(self) -> tuple[int, int]:
        """How many pieces of writing wait, and how many bytes they have."""
        return self._queue.waiting()

    def last_change(self) -> int:
        """The newest change that can be seen."""
        return self._sequencer.last_change()

    def fault(self) -> str | None:
        """Why nothing can be written, as far as is known; None if something could when last tried.

        After a failure it is tried again without anybody's spans: who asks here may be the one that keeps
        them away meanwhile. The next call tells how that went.
        """
        if not self._thread.is_alive():
            return "The thread that writes has ended."
        if self._failure is not None and (self._probe is None or self._probe.done()):
            with contextlib.suppress(StoreFullError, UnavailableError):
                self._probe = self.submit(_write_nothing)
        return self._failure

    def close(self) -> None:
        """Commits what waits, then ends the thread."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while works := self._queue.take():
            for run in _runs(works):
                self._commit_together(run)

    def _commit_together(self, run: Sequence[_Work]) -> None:
        began = time.perf_counter()
        size = sum(work.size for work in run)
        try:
            results = self._commit(run, size)
        except Exception as error:  # noqa: BLE001 - the thread must live, and each request learn of its failure
            self._on_commit(time.perf_counter() - began, size, False)
            self._after_failure(run, error)
            return
        self._failure = None
        self._on_commit(time.perf_counter() - began, size, True)
        for work, result in zip(run, results, strict=True):
            work.done.set_result(result)

    def _after_failure(self, run: Sequence[_Work], error: Exception) -> None:
        is_database = isinstance(error, (UnavailableError, DamagedError))
        if is_database:
            self._failure = str(error)
        if is_database or len(run) == 1:
            _log.error("%d batches could not be stored: %s", len(run), error)
            for work in run:
                work.done.set_exception(error)
            return
        # One of them is at fault: the others must not suffer for it.
        for work in run:
            self._commit_together([work])

    def _commit(self, run: Sequence[_Work], size: int) -> list[Any]:
        for tried in range(_TRIES):
            try:
                return self._attempt(run, size + tried * _MORE_PATIENCE)
            except _TurnLostError:
                self._memory.forget()
        raise UnavailableError(
            "Another server has the store's turn to write again and again.", retry_after_s=5
        )

    def _attempt(self, run: Sequence[_Work], size: int) -> list[Any]:
        number = self._turn(size)
        try:
            self._memory.renew(number)
            writer = Writer(self._client, self._memory, number)
            writer.load(frozenset[bytes]().union(*[work.trace_ids for work in run]))
            results = [work.write(writer) for work in run]
            writer.finish()
            body = writer.effects.body(writer.last_change)
            writer.effects.write_early(self._client, number)
        except BaseException:
            # Nothing of it counts: what was written so far is passed over.
            self._memory.forget()
            self._give_up(number)
            raise
        # From here on it is done again until it is known how it ended.
        if not self._insist(lambda: self._sequencer.done(number, body)):
            raise _TurnLostError
        self._insist(lambda: self._make_seen(number, body))
        return [result.count if isinstance(result, Written) else result for result in results]

    def _turn(self, size: int) -> int:
        try:
            return self._sequencer.claim(size)
        except BaseException:
            self._sequencer.forget()
            raise

    def _give_up(self, number: int) -> None:
        # If it cannot be said, whoever writes next ends it.
        with contextlib.suppress(UnavailableError):
            self._sequencer.void(number)
        self._sequencer.forget()

    def _insist(self, step: Callable[[], T]) -> T:
        """Does what may be done again, until it works."""
        until_s = time.monotonic() + _MOST_TRYING_S
        while True:
            try:
                return step()
            except UnavailableError:
                if time.monotonic() > until_s:
                    self._memory.forget()
                    self._sequencer.forget()
                    raise
                time.sleep(_PAUSE_S)

    def _make_seen(self, number: int, body: bytes) -> None:
        self._apply(number, body, self._sequencer.claimed_start_s)

    def _apply_of_other(self, number: int, body: bytes, started_s: int) -> None:
        self._memory.forget()
        self._apply(number, body, started_s)

    def _apply(self, number: int, body: bytes, started_s: int) -> None:
        effects.apply(self._client, number, body, is_of_another_start=self._is_other(started_s))
        self._sequencer.applied(number, effects.last_change_of(body))

    def _is_other(self, started_s: int) -> bool:
        return not self._sequencer.is_of_this_start(started_s)


def _runs(works: Sequence[_Work]) -> Iterator[list[_Work]]:
    """What goes into one commit each, in order."""
    run: list[_Work] = []
    for work in works:
        if run and (work.is_alone or run[-1].is_alone):
            yield run
            run = []
        run.append(work)
    yield run


def _write_nothing(writer: Writer) -> None:
    """A commit is a try by itself."""
    del writer
