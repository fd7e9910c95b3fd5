"""The commit log: which server writes next, and whether what it wrote counts.

ClickHouse has no transaction and no unique key. But one of several writers can win a number (`turns`). On
that stands a log of numbered commits, each claimed by one writer and ended once, by itself or, where it does
not go on, by another.
"""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.clickhouse.turns import STARTED, put_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.turns import End, Kind, Turns

# Rows of the newest number, of whatever kind, are among so many.
_TAIL_ROWS = 24
_PATIENCE_S = 5.0
# For a commit this large a slow disk may need a second more.
_BYTES_A_SECOND = 2 << 20
_MOST_PATIENCE_S = 60.0
_PAUSE_S = 0.02
# The two are not read in the same moment.
_SAME_START_S = 3


@dataclass(slots=True)
class Tail:
    """The newest number, and who wrote what of it.

    Attributes:
        number: of the newest commit; 0 while there is none.
        writers: by kind of row, whose it is.
        body: of its claim: how long others are to have patience, and when the database had been started.
    """

    number: int = 0
    writers: dict[str, int] = field(default_factory=dict[str, int])
    body: bytes = b""

    @property
    def is_free(self) -> bool:
        """Whether the next number can be claimed."""
        return self.number == 0 or "applied" in self.writers or "void" in self.writers


class Claim(NamedTuple):
    """What a claim says to who waits for it."""

    patience_s: float
    started_at_s: int

    def body(self) -> bytes:
        """As it stands in the log."""
        return f"{self.patience_s} {self.started_at_s}".encode()

    @classmethod
    def read(cls, body: bytes) -> Claim:
        """From the log."""
        patience, started = body.split()
        return cls(float(patience), int(started))


def patience_for(size: int, patience_s: float = _PATIENCE_S) -> float:
    """How long others are to wait for a commit of so many bytes, in seconds."""
    return min(patience_s + size / _BYTES_A_SECOND, max(_MOST_PATIENCE_S, patience_s))


class Sequencer:
    """The log of one store.

    Args:
        client: asks the database.
        turns: decide between writers.
        apply: makes seen what a commit that is done says; given its number, body, and the start of the
            database as its claim has it.
        patience_s: how long a commit that does not go on is left alone.

    Attributes:
        claimed_start_s: when the database had been started that gave the last turn.
    """

    def __init__(
        self,
        client: Client,
        turns: Turns,
        apply: Callable[[int, bytes, int], None],
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._client = client
        self._turns = turns
        self._apply = apply
        self._patience_s = patience_s
        # A writer that does not know how its commit ended begins anew, as another one that waits for none of
        # its former selves.
        self._writer = _new_writer()
        self._former: set[int] = set()
        self._free: int | None = None
        # When the database had been started, as the last claim and the last end saw; that is used once.
        self._known_start_s: int | None = None
        self._start_at_end_s: int | None = None
        self.claimed_start_s = 0

    def tail(self) -> Tail:
        """The newest commit."""
        rows = self._client.query(
            f"SELECT number, kind, writer, if(kind = 'claim', body, '') FROM log "  # noqa: S608 - a constant
            f"ORDER BY number DESC LIMIT {_TAIL_ROWS}",
            raw=True,
        )
        tail = Tail()
        for number, kind, writer, body in rows:
            if not tail.number:
                tail.number = number
            if number == tail.number:
                tail.writers[kind] = writer
                tail.body = body or tail.body
        return tail

    def last_change(self) -> int:
        """The newest change that can be seen."""
        rows = self._client.query(
            "SELECT last_change FROM log WHERE kind = 'applied' ORDER BY number DESC LIMIT 1"
        )
        return int(rows[0][0]) if rows else 0

    def forget(self) -> None:
        """Begins anew, as another writer: it is not known how a commit ended."""
        self._former.add(self._writer)
        self._writer = _new_writer()
        self._free = None
        self._known_start_s = self._start_at_end_s = None

    def claim(self, size: int = 0) -> int:
        """Waits for its turn; returns the number of the commit that may be written now.

        Args:
            size: bytes that it will write.
        """
        self._start_at_end_s = None
        if self._free is not None:
            # Nobody may have come between: then this is one question less.
            number, self._free = self._free + 1, None
            if self._claimed(number, size):
                return number
        seen: tuple[int, frozenset[str]] | None = None
        since_s = time.monotonic()
        while True:
            tail = self.tail()
            state = tail.number, frozenset(tail.writers)
            if state != seen:
                seen, since_s = state, time.monotonic()
            waited_s = time.monotonic() - since_s
            if not tail.is_free and waited_s >= self._patience_with(tail):
                self._finish(tail)
                continue
            if tail.is_free:
                if self._claimed(tail.number + 1, size):
                    return tail.number + 1
                if waited_s >= self._patience_s:
                    # Who has the number does not say so in the log.
                    self._end(tail.number + 1, "void")
            time.sleep(random.uniform(_PAUSE_S / 4, _PAUSE_S))  # noqa: S311 - no secret

    def done(self, number: int, body: bytes) -> bool:
        """Ends a commit: from here on it counts. False if another has ended it: then it does not."""
        return self._end(number, "done", body) == ("done", self._writer)

    def void(self, number: int) -> None:
        """Ends a commit that comes to nothing."""
        self._end(number, "void")

    def applied(self, number: int, last_change: int) -> None:
        """Says that what a commit wrote can be seen, so that the next one may begin."""
        put_row(self._client, number, "applied", self._writer, change=last_change)
        self._free = number

    def _patience_with(self, tail: Tail) -> float:
        if tail.writers.get("claim") in self._former:
            return 0.0
        return min(Claim.read(tail.body).patience_s, _MOST_PATIENCE_S) if tail.body else self._patience_s

    def _claimed(self, number: int, size: int) -> bool:
        started_s = self.started_at_s() if self._known_start_s is None else self._known_start_s
        claim = Claim(patience_for(size, self._patience_s), started_s)
        if not self._turns.claim(number, self._writer, claim.body()):
            return False
        self._known_start_s = self._turns.seen_start_s
        if self._known_start_s is None or not is_same_start(self._known_start_s, started_s):
            # The claim says what is no longer so.
            self.void(number)
            return False
        self.claimed_start_s = started_s
        return True

    def _finish(self, tail: Tail) -> None:
        """Ends the commit of a writer that does not go on."""
        number = tail.number
        if "done" not in tail.writers:
            end = self._end(number, "void")
            if end.kind == "void":
                return
        rows = self._client.query(
            "SELECT body FROM log WHERE number = {n:UInt64} AND kind = 'done'", {"n": number}, raw=True
        )
        body: bytes = rows[0][0]
        self._apply(number, body, Claim.read(tail.body).started_at_s if tail.body else 0)

    def _end(self, number: int, kind: Kind, body: bytes = b"") -> End:
        end = self._turns.end(number, kind, self._writer, body)
        self._start_at_end_s = self._turns.seen_start_s
        return end

    def started_at_s(self) -> int:
        """When the database was started: what it remembers of tokens it may have lost since another start."""
        ((started,),) = self._client.query(f"SELECT {STARTED}")
        return int(started)

    def is_of_this_start(self, started_s: int) -> bool:
        """Whether the database has not been started since; first as it was when the commit's end was read.

        Args:
            started_s: when it had been, as a claim says.
        """
        now_s, self._start_at_end_s = self._start_at_end_s, None
        return is_same_start(self.started_at_s() if now_s is None else now_s, started_s)


def is_same_start(one_s: int, other_s: int) -> bool:
    """Whether two readings of when the database was started say the same."""
    return abs(one_s - other_s) <= _SAME_START_S


def _new_writer() -> int:
    return secrets.randbits(63)
