"""How the server stops: the first signal in good order within a bounded time, the second at once."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol

import uvicorn

from outcrop_server.logs.setting_up import write_now

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator
    from types import FrameType

    from outcrop_server.lifecycle import Lifecycle
    from outcrop_server.settings import Settings

_log = logging.getLogger(__name__)
_SIGNAL_EXIT = 128
_NOT_DONE_EXIT = 1


class Beside(Protocol):
    """Another way in, in the same loop: takes its port first, starts after HTTP and stops with it."""

    async def bind(self) -> None:
        """Takes the port, or raises why it cannot."""
        ...

    async def start(self) -> None:
        """Takes requests in."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Refuses new requests, and ends when those that run have ended, or after so many seconds."""
        ...


class StoppableServer(uvicorn.Server):
    """Says when it really listens, and stops when it is told to; it looks every tenth of a second.

    Args:
        config: what it serves.
        settings: how long it may take to stop.
        lifecycle: told that it stops.
        announce: called once it listens.

    Attributes:
        limit_s: seconds from the order to stop to the end, the last commit included.
        on_stopping: called in the loop when that order is seen.
        before_shutdown: called in the loop before it waits for requests; ends those without an end.
        beside: what is served with it; None for nothing.
    """

    def __init__(
        self, config: uvicorn.Config, settings: Settings, lifecycle: Lifecycle, announce: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._delay_s = settings.drain_delay_s
        self._grace_s = settings.stop_grace_s
        self.limit_s = settings.drain_delay_s + 2 * settings.stop_grace_s
        self._lifecycle = lifecycle
        self._announce = announce
        self._refuses_at_s: float | None = None
        self.on_stopping: Callable[[], None] = _do_nothing
        self.before_shutdown: Callable[[], None] = _do_nothing
        self.beside: Beside | None = None

    def stop(self) -> None:
        """Stops; may be called from a signal handler, so it only sets what the loop sees."""
        self._lifecycle.drain()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens."""
        if self.beside is not None:
            await self.beside.bind()
        await super().startup(sockets=sockets)
        if not self.started:
            await self._stop_beside()
            return
        if self.beside is not None:
            await self.beside.start()
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Waits for what runs."""
        self.before_shutdown()
        beside = asyncio.ensure_future(self._stop_beside())
        await super().shutdown(sockets=sockets)
        await beside

    async def _stop_beside(self) -> None:
        if self.beside is not None:
            await self.beside.stop(self._grace_s)

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to refuse new connections and to finish what runs."""
        if self._lifecycle.is_draining:
            now_s = time.monotonic()
            if self._refuses_at_s is None:
                self._refuses_at_s = now_s + self._delay_s
                self.on_stopping()
            self.should_exit = now_s >= self._refuses_at_s
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are `StopSignals`' business, before the server runs and after it."""
        yield


class StopSignals:
    """SIGTERM and Ctrl-C, from the start of the process to its end. While no server runs they just end it."""

    def __init__(self) -> None:
        self._server: StoppableServer | None = None
        self._is_stopping = False
        self._last_resort: threading.Timer | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def watch(self, server: StoppableServer) -> None:
        """From now on a signal stops this one."""
        self._server = server
        server.on_stopping = self._on_stopping

    def done(self) -> None:
        """All is committed in time."""
        if self._last_resort is not None:
            self._last_resort.cancel()
        _log.info("Stopped: everything is committed")

    def _on_stopping(self) -> None:
        _log.info("Stopping: running requests end, what waits is committed. Another signal ends at once")
        if self._server is not None:
            limit_s = self._server.limit_s
            # In a thread, because the loop itself may be what hangs.
            self._last_resort = threading.Timer(limit_s, _give_up, (limit_s,))
            self._last_resort.daemon = True
            self._last_resort.start()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._is_stopping:
            write_now(logging.WARNING, __name__, "Ended by a second signal; what was acknowledged is kept")
            os._exit(_SIGNAL_EXIT + number)
        if self._server is None:
            raise SystemExit(0)
        self._is_stopping = True
        self._server.stop()


def _give_up(limit_s: float) -> NoReturn:
    write_now(
        logging.ERROR, __name__, f"Not stopped within {limit_s:g} s: ended. What was acknowledged is kept"
    )
    os._exit(_NOT_DONE_EXIT)


def _do_nothing() -> None:
    """Nobody wants to know."""
