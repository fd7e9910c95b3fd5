"""What waits between the threads that prepare batches and the one that commits them."""

from __future__ import annotations

import threading
import time
from typing import Generic, TypeVar

from outcrop_server.model.errors import StoreFullError, UnavailableError

T = TypeVar("T")

# What one transaction takes at most; more would make the first in the queue wait too long.
_COMMIT_BYTES = 32 << 20
# A transaction of its own costs more than what it holds, where that is little. What need not be kept at once
# waits so long for others to go with.
_COMPANY_S = 0.02
# Where nobody comes for this part of what is waited for others, nobody does.
_LULL = 0.1
# So many spans are worth a commit of their own, where commits are dear.
ENOUGH = 2_000


class CommitQueue(Generic[T]):
    """Bounded by bytes, so that a slow disk costs callers a retry and never the process its memory.

    Args:
        max_bytes: most that may wait; one item is taken whatever its size when nothing waits.
        gather_s: how long what has a count waits at most for `ENOUGH` of it to come.
    """

    def __init__(self, max_bytes: int, *, gather_s: float = 0.0) -> None:
        self._max_bytes = max_bytes
        self._gather_s = gather_s
        self._count = 0
        self._changed = threading.Condition()
        self._items: list[tuple[T, int]] = []
        self._bytes = 0
        self._due_s: float | None = None
        # What gathers: when it must go, and when it goes if nobody comes.
        self._latest_s: float | None = None
        self._gathered_s: float | None = None
        self._is_closed = False

    def check_room(self) -> None:
        """Refuses early, before a caller spends CPU on what could not be put.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the queue is closed.
        """
        with self._changed:
            self._check(0)

    def put(self, item: T, size: int, *, count: int = 0, may_wait: bool = False) -> None:
        """Adds an item of `size` bytes; one that may wait is given a moment for others to come.

        Args:
            item: what is to be taken.
            size: its bytes.
            count: of what `gather_s` speaks of, how many it has.
            may_wait: whether it need not be taken at once.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the queue is closed.
        """
        with self._changed:
            self._check(size)
            self._items.append((item, size))
            self._bytes += size
            self._count += count
            now_s = time.monotonic()
            if count and self._count < ENOUGH:
                self._gather(now_s)
            else:
                until = now_s + (_COMPANY_S if may_wait else 0.0)
                self._due_s = until if self._due_s is None else min(self._due_s, until)
            self._changed.notify()

    def take(self) -> list[T]:
        """Waits for items and takes what one transaction should hold; empty when closed and drained."""
        with self._changed:
            while not self._is_closed and (left := self._until_due_s()) != 0:
                self._changed.wait(left)
            taken: list[T] = []
            size = 0
            for item, item_size in self._items:
                if taken and size + item_size > _COMMIT_BYTES:
                    break
                taken.append(item)
                size += item_size
            del self._items[: len(taken)]
            self._bytes -= size
            self._count = 0
            self._gathered_s = self._latest_s = None
            self._due_s = time.monotonic() if self._items else None
            return taken

    def waiting(self) -> tuple[int, int]:
        """How many items wait, and how many bytes they have."""
        with self._changed:
            return len(self._items), self._bytes

    def close(self) -> None:
        """Takes no more; what waits can still be taken."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _until_due_s(self) -> float | None:
        """How long what is here can wait; None while nothing is."""
        due = [each for each in (self._due_s, self._gathered_s) if each is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _gather(self, now_s: float) -> None:
        if self._latest_s is None:
            self._latest_s = now_s + self._gather_s
        # Senders that wait for an answer send nothing more: when all of them do, nobody else comes.
        self._gathered_s = min(self._latest_s, now_s + self._gather_s * _LULL)

    def _check(self, size: int) -> None:
        if self._is_closed:
            raise UnavailableError("The server is stopping. Send this again when it is back.")
        if self._items and self._bytes + size > self._max_bytes:
            raise StoreFullError(
                f"{self._bytes:,} bytes wait to be stored, and that is all there may be. Try again."
            )
