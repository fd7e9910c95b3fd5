"""Commits to the database, which has no transactions: in its turn, and so that another can end it."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from outcrop_server.model.errors import DamagedError, UnavailableError
from outcrop_server.model.store_health import CommitWatch, watch_nothing
from outcrop_server.storage.clickhouse import effects
from outcrop_server.storage.clickhouse.memory import Memory
from outcrop_server.storage.clickhouse.sequencer import Sequencer
from outcrop_server.storage.clickhouse.turns import KeeperTurns, LogTurns
from outcrop_server.storage.clickhouse.writer import Writer, Written
from outcrop_server.storage.common.committing import CommittingThread, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.common.prepared import PreparedTrace

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
class _Work(Work[Writer]):
    trace_ids: frozenset[bytes] = field(default_factory=frozenset[bytes])
    is_alone: bool = False


class Committer(CommittingThread[_Work]):
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
        super().__init__(max_bytes, on_commit, gather_s=gather_s)
        self._client = client
        self._memory = Memory(client)
        turns = KeeperTurns(client) if has_keeper else LogTurns(client)
        self._sequencer = Sequencer(client, turns, self._apply_of_other, patience_s)
        self._thread.start()

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

    def last_change(self) -> int:
        """The newest change that can be seen."""
        return self._sequencer.last_change()

    def _write_something(self) -> Future[Any]:
        return self.submit(_write_nothing)

    def _is_of_the_store(self, error: Exception) -> bool:
        return isinstance(error, (UnavailableError, DamagedError))

    def _may_share(self, before: _Work, work: _Work) -> bool:
        return not (before.is_alone or work.is_alone)

    def _commit(self, run: Sequence[_Work]) -> list[Any]:
        size = sum(work.size for work in run)
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


def _write_nothing(writer: Writer) -> None:
    """A commit is a try by itself."""
    del writer
