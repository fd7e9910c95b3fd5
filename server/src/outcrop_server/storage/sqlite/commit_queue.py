"""What waits between the threads that prepare batches and the one that commits them."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from outcrop_server.model.errors import StoreFullError, UnavailableError

T = TypeVar("T")

# What one transaction takes at most; more would make the first in the queue wait too long.
_COMMIT_BYTES = 32 << 20


class CommitQueue(Generic[T]):
    """Bounded by bytes, so that a slow disk costs callers a retry and never the process its memory.

    Args:
        max_bytes: most that may wait; one item is taken whatever its size when nothing waits.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._items: list[tuple[T, int]] = []
        self._bytes = 0
        self._is_closed = False

    def check_room(self) -> None:
        """Refuses early, before a caller spends CPU on what could not be put.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the queue is closed.
        """
        with self._changed:
            self._check(0)

    def put(self, item: T, size: int) -> None:
        """Adds an item of `size` bytes.

        Raises:
            StoreFullError: too much waits.
            UnavailableError: the queue is closed.
        """
        with self._changed:
            self._check(size)
            self._items.append((item, size))
            self._bytes += size
            self._changed.notify()

    def take(self) -> list[T]:
        """Waits for items and takes what one transaction should hold; empty when closed and drained."""
        with self._changed:
            while not self._items and not self._is_closed:
                self._changed.wait()
            taken: list[T] = []
            size = 0
            for item, item_size in self._items:
                if taken and size + item_size > _COMMIT_BYTES:
                    break
                taken.append(item)
                size += item_size
            del self._items[: len(taken)]
            self._bytes -= size
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

    def _check(self, size: int) -> None:
        if self._is_closed:
            raise UnavailableError("The server is stopping. Send this again when it is back.")
        if self._items and self._bytes + size > self._max_bytes:
            raise StoreFullError(
                f"{self._bytes:,} bytes wait to be stored, and that is all there may be. Try again."
            )
