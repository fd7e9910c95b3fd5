"""How many bytes of requests may be in work at once, whichever protocol brings them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from outcrop_server.model.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

# Of what waits for its turn a little is in memory already: a stream's window of gRPC, 64 KiB.
_MOST_IN_TURN = 256


class Budget:
    """Counts the bytes of requests in work, so that many at once are refused and not run out of memory on.

    Args:
        max_bytes: most at once; a single request is let in whatever its size.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        # Those of them that are held for what is being read, and may turn out to be fewer.
        self._unknown = 0
        self._lock = threading.Lock()
        self._in_turn: deque[_Waiter] = deque()

    @contextmanager
    def reserved(self, size: int) -> Generator[None, None, None]:
        """Holds `size` bytes of the budget.

        Raises:
            UnavailableError: too many are in work.
        """
        with self._lock:
            if self._bytes and self._bytes + size > self._max_bytes:
                raise self._full()
            self._bytes += size
        try:
            yield
        finally:
            self._free(size)

    @asynccontextmanager
    async def reading(self, most: int, patience_s: float) -> AsyncGenerator[Reading, None]:
        """Holds `most` bytes for what is to be read, until its size is known, and then as many as that.

        Those of unknown size leave room for one more of the largest, so that they do not keep out what is
        small and says so. They wait for their turn: the size of most is known soon, and it is small.

        Args:
            most: the largest that it may be.
            patience_s: how long to wait for room, in seconds.

        Raises:
            UnavailableError: there was none for that long, or too many wait.
        """
        await self._turn(most, patience_s)
        reading = Reading(most, self._free)
        try:
            yield reading
        finally:
            reading.end()

    async def _turn(self, most: int, patience_s: float) -> None:
        with self._lock:
            if not self._in_turn and self._has_room_for_reading(most):
                self._hold_for_reading(most)
                return
            if len(self._in_turn) >= _MOST_IN_TURN:
                raise self._full()
            waiter = _Waiter(most)
            self._in_turn.append(waiter)
        try:
            await asyncio.wait_for(waiter.come.wait(), patience_s)
        except BaseException as error:
            # Its turn may have come in the same moment.
            if self._left(waiter):
                self._free(most, most)
            if isinstance(error, asyncio.TimeoutError):
                raise self._full() from error
            raise

    def _left(self, waiter: _Waiter) -> bool:
        """Whether it had its turn; if not, it waits no longer."""
        with self._lock:
            if waiter.has_turn:
                return True
            self._in_turn.remove(waiter)
        # It may have been what held up the others.
        self._free(0)
        return False

    def _free(self, size: int, unknown: int = 0) -> None:
        with self._lock:
            self._bytes -= size
            self._unknown -= unknown
            while self._in_turn and self._has_room_for_reading(self._in_turn[0].most):
                waiter = self._in_turn.popleft()
                self._hold_for_reading(waiter.most)
                waiter.has_turn = True
                waiter.tell()

    def _has_room_for_reading(self, most: int) -> bool:
        if not self._bytes:
            return True
        of_unknown = max(most, self._max_bytes - most)
        return self._bytes + most <= self._max_bytes and self._unknown + most <= of_unknown

    def _hold_for_reading(self, most: int) -> None:
        self._bytes += most
        self._unknown += most

    def _full(self) -> UnavailableError:
        return UnavailableError(
            f"{self._bytes:,} bytes of requests are in work, which is the limit. Try again."
        )


class Reading:
    """What is held for one that is read.

    Args:
        most: how many bytes.
        free: gives bytes back: how many, and how many of those that were held for an unknown size.
    """

    def __init__(self, most: int, free: Callable[[int, int], None]) -> None:
        self._held = self._unknown = most
        self._free = free

    def known(self, size: int) -> None:
        """It is there, and has so many bytes."""
        self._free(self._held - size, self._unknown)
        self._held, self._unknown = size, 0

    def end(self) -> None:
        """It is worked off."""
        self._free(self._held, self._unknown)
        self._held = self._unknown = 0


class _Waiter:
    """One that waits for its turn, in a loop of its own."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.has_turn = False
        self.come = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def tell(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self.come.set)
