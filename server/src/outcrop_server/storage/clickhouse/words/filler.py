"""Fills the index of words: a thread that learns what changed, in small steps, of all servers one at a time.

Who writes to the store does not know of it. It goes by the numbers of changes. What it writes of a trace is
replaced by what is read of it later, never the other way round: killed at any moment, or slow where another
one has begun, it does no harm.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from outcrop_server.model.errors import DamagedError, RequestError, UnavailableError
from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.failures import line
from outcrop_server.storage.clickhouse.words import gathering
from outcrop_server.storage.clickhouse.words.gathering import Gathering, Sweep, words_of
from outcrop_server.storage.clickhouse.words.lease import LEASE_NS, Lease
from outcrop_server.storage.common.filling import FillingThread, go_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.words.waiting import State

_log = logging.getLogger(__name__)
_POLL_S = 1.0
# An insert makes a part, however small: so many traces go into one, or so many terms.
_TRACES, _TERMS = 512, 400_000
_RENEW_S = LEASE_NS / 3e9


class _EndedError(Exception):
    """It is to end, or another one fills now."""


class Filler(FillingThread):
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
        super().__init__(read_text, is_busy, poll_s=_POLL_S, faults=(RequestError, DamagedError))
        self._client = client
        self._settle_s = settle_s
        on = f"words_local ON CLUSTER '{cluster}'" if cluster else "words"
        self._clear = f"TRUNCATE TABLE {on}"

    def fill(self) -> None:
        """Fills until nothing waits, in this thread, what has just changed included.

        Raises:
            UnavailableError: another server fills, or the index cannot be written to.
        """
        lease = Lease(self._client)
        if not lease.take():
            raise UnavailableError("Another server fills the index of words.")
        filling = self._filling(lease, self._read_text, settle_s=0.0, check=go_on)
        try:
            while not filling.step():
                pass
        finally:
            lease.give_back(filling.state)

    def _fill_in_turn(self) -> None:
        lease = Lease(self._client)
        if not lease.take():
            return
        read_text, settle_s = self._politely_read, self._settle_s
        with suppress(_EndedError):
            filling = self._filling(lease, read_text, settle_s=settle_s, check=self._check)
            try:
                self._fill_on(filling)
            finally:
                lease.give_back(filling.state)

    def _is_damage(self, error: Exception) -> bool:
        return isinstance(error, DamagedError)

    def _said_of(self, error: Exception) -> str:
        return line(error)

    def _filling(
        self, lease: Lease, read_text: ReadText, *, settle_s: float, check: Callable[[], None]
    ) -> _Filling:
        if self._must_mend():
            # First said: searches that find nothing in it must know why.
            lease.forget()
            self._client.command(self._clear)
            self._is_damaged.clear()
        return _Filling(self._client, lease, read_text, settle_s, check)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _EndedError


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
