"""Fills the index of words: a thread that learns what changed, in small steps, of all servers one at a time.

Who writes to the store does not know of it. It goes by the numbers of changes. What it writes of a trace is
replaced by what is read of it later, never the other way round: killed at any moment, or slow where another
one has begun, it does no harm.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from outcrop_server.model.errors import DamagedError, RequestError, UnavailableError
from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.failures import line
from outcrop_server.storage.clickhouse.words import gathering
from outcrop_server.storage.clickhouse.words.gathering import Gathering, Sweep, words_of
from outcrop_server.storage.clickhouse.words.lease import LEASE_NS, Lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.model.span_text import ReadText, SpanText
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.words.waiting import State

_log = logging.getLogger(__name__)
_POLL_S = 1.0
# After a fault, and while another server fills.
_LATER_S = 5.0
# While spans wait to be committed, the filler rests for so many times as long as it worked.
_REST = 3.0
_MOST_REST_S = 1.0
# An insert makes a part, however small: so many traces go into one, or so many terms.
_TRACES, _TERMS = 512, 400_000
_RENEW_S = LEASE_NS / 3e9


class _EndedError(Exception):
    """It is to end, or another one fills now."""


class Filler:
    """Fills the index of a store.

    Args:
        client: asks the database.
        read_text: reads a payload.
        is_busy: whether others wait for the processor.
        cluster: the name of the nodes among which the database lies; None for one server.
        settle_s: for how long a trace is to be left alone before it is read; `fill` waits for none.
    """

    def __init__(
        self,
        client: Client,
        read_text: ReadText,
        is_busy: Callable[[], bool],
        cluster: str | None = None,
        settle_s: float = gathering.SETTLE_S,
    ) -> None:
        self._client = client
        self._read_text = read_text
        self._is_busy = is_busy
        self._settle_s = settle_s
        on = f"words_local ON CLUSTER '{cluster}'" if cluster else "words"
        self._clear = f"TRUNCATE TABLE {on}"
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
        """Ends `run` soon."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends the thread soon."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def report_damage(self) -> None:
        """Says that the index could not be read: it will be made anew."""
        self._is_damaged.set()

    def fill(self) -> None:
        """Fills until nothing waits, in this thread, what has just changed included.

        Raises:
            UnavailableError: another server fills, or the index cannot be written to.
        """
        lease = Lease(self._client)
        if not lease.take():
            raise UnavailableError("Another server fills the index of words.")
        filling = self._filling(lease, self._read_text, settle_s=0.0, check=_go_on)
        try:
            while not filling.step():
                pass
        finally:
            lease.give_back(filling.state)

    def run(self) -> None:
        """Fills in this thread until `end` is called, whenever no other server does."""
        while not self._stopping.is_set():
            try:
                lease = Lease(self._client)
                if lease.take():
                    self._fill_on(lease)
            except (RequestError, DamagedError) as error:
                _log.warning("The index of words cannot be filled: %s", line(error))
                if isinstance(error, DamagedError):
                    self._is_damaged.set()
            except _EndedError:
                pass
            self._stopping.wait(_LATER_S)

    def _filling(
        self, lease: Lease, read_text: ReadText, *, settle_s: float, check: Callable[[], None]
    ) -> _Filling:
        if self._is_damaged.is_set():
            _log.warning("The index of words is damaged and is made anew.")
            # First said: searches that find nothing in it must know why.
            lease.forget()
            self._client.command(self._clear)
            self._is_damaged.clear()
        return _Filling(self._client, lease, read_text, settle_s, check)

    def _politely_read(self, payload: bytes) -> SpanText:
        self._give_way()
        return self._read_text(payload)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _EndedError

    def _fill_on(self, lease: Lease) -> None:
        read_text, settle_s = self._politely_read, self._settle_s
        filling = self._filling(lease, read_text, settle_s=settle_s, check=self._check)
        try:
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
                    time.sleep(0)
        finally:
            lease.give_back(filling.state)


class _Filling:
    """The index while this server fills it."""

    def __init__(
        self, client: Client, lease: Lease, read_text: ReadText, settle_s: float, check: Callable[[], None]
    ) -> None:
        self._client = client
        self._lease = lease
        self._read_text = read_text
        self._check = check
        self._gathering = Gathering(client, settle_s)
        self._sweep: Sweep | None = None
        # Of this it is not yet said that the index has it.
        self.state: State = self._gathering.begin(lease.state)
        self._renewed_at = 0.0
        if self.state != lease.state:
            self._renew()

    def step(self) -> bool:
        """Does a step; whether nothing was left to do.

        Raises:
            _EndedError: it is to end, or another server has the lease now.
        """
        step = self._gathering.step(self.state, self._sweep)
        rows: list[tuple[Any, ...]] = []
        terms = 0
        for row in words_of(self._client, step.due, self._read_text, self._on_work):
            rows.append(row)
            terms += len(row[-1])
            if len(rows) >= _TRACES or terms >= _TERMS:
                self._write(rows)
                rows, terms = [], 0
        if rows:
            self._write(rows)
        is_new = step.state != self.state
        self.state, self._sweep = step.state, step.sweep
        if is_new or self._is_due():
            self._renew()
        return step.is_last

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        self._client.insert("words", encoded("words", rows))

    def _on_work(self) -> None:
        self._check()
        if self._is_due():
            self._renew()

    def _is_due(self) -> bool:
        return time.monotonic() - self._renewed_at > _RENEW_S

    def _renew(self) -> None:
        if not self._lease.renew(self.state):
            _log.warning("Another server has begun to fill the index of words.")
            raise _EndedError
        self._renewed_at = time.monotonic()


def _go_on() -> None:
    """Gives way to nobody."""
