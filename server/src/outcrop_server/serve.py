"""Runs the application: in the foreground for the command line, in a thread for tests and the demo."""

from __future__ import annotations

import errno
import gc
import os
import socket
import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn

from outcrop_server.access.tls import check_tls
from outcrop_server.app import create_app, open_store
from outcrop_server.lifecycle import Lifecycle
from outcrop_server.observing.metrics import Metrics
from outcrop_server.settings import Settings, SettingsError
from outcrop_server.stopping import StoppableServer, StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from typing_extensions import Self

_BACKLOG = 2048
_START_TIMEOUT_S = 30
# New objects between two looks for cycles; a request of 512 spans makes about as many.
_COLLECT_AFTER = 100_000


class PortInUseError(SettingsError):
    """Something else listens there. The message says what to do."""


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or Ctrl-C, then finishes what runs, commits everything and returns.

    Args:
        settings: what to serve, and where.
        announce: called with the address once the server listens.

    Raises:
        PortInUseError: nothing was started.
        SettingsError: the host cannot be bound to; nothing was started.
        StoreError: the store cannot be used; nothing was started.
        SystemExit: a signal came before it listened.
    """
    signals = StopSignals()
    with _prepared(settings, announce) as (server, listening, _):
        _collect_less_often()
        sys.setswitchinterval(_SWITCH_S)
        signals.watch(server)
        server.run(sockets=[listening])
    signals.done()


class BackgroundServer:
    """A server in a thread of its own: `with BackgroundServer(settings) as server: … server.url`.

    Args:
        settings: port 0 takes any that is free.

    Attributes:
        url: address of the server, once it listens.
        settings: as given, with the port that was bound.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = ""
        self._stack = ExitStack()
        self._is_listening = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            server, listening, self.settings = stack.enter_context(_prepared(self.settings, self._announce))
            thread = threading.Thread(
                target=server.run, kwargs={"sockets": [listening]}, name="outcrop-server", daemon=True
            )
            thread.start()
            stack.callback(_stop, server, thread)
            if not self._is_listening.wait(_START_TIMEOUT_S):
                raise TimeoutError(f"The server did not start within {_START_TIMEOUT_S} s.")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _announce(self, url: str) -> None:
        self.url = url
        self._is_listening.set()


@contextmanager
def _prepared(
    settings: Settings, announce: Callable[[str], None]
) -> Generator[tuple[StoppableServer, socket.socket, Settings], None, None]:
    """A server about to run, its socket, and the settings with the port that was bound."""
    check_tls(settings)
    with _listening(settings.host, settings.port) as listening:
        bound = replace(settings, port=listening.getsockname()[1])
        metrics, lifecycle = Metrics(), Lifecycle()
        store = open_store(bound, metrics)
        try:
            app = create_app(bound, store, metrics, lifecycle)
            config = uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,
                access_log=False,
                proxy_headers=bool(bound.trusted_proxies),
                forwarded_allow_ips=list(bound.trusted_proxies),
                server_header=False,
                ssl_certfile=bound.tls_cert,
                ssl_keyfile=bound.tls_key,
                timeout_graceful_shutdown=bound.stop_grace_s,
            )
            server = StoppableServer(config, bound, lifecycle, lambda: announce(_url(bound)))
            server.before_shutdown = app.state.tail.stop
            yield server, listening, bound
        finally:
            store.close()


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket, None, None]:
    """A listening socket, got before anything else is started."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(f"'{host}' is no host that this machine knows: {error.strerror}.") from error
    # Of the two addresses of `localhost` the older one is what clients try.
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    # With the protocol named, asyncio switches Nagle's algorithm off: without, each answer waits 40 ms.
    with socket.socket(family, kind, protocol) as listening:
        if os.name == "posix":  # elsewhere it would allow two servers on one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError as error:
            raise _bind_error(error, host, port) from error
        yield listening


def _bind_error(error: OSError, host: str, port: int) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Port {port} on {host} is in use. If that is Outcrop already, use it at http://{host}:{port}; "
            f"otherwise choose another port, such as --port {port + 1}."
        )
    return SettingsError(
        f"Cannot listen on {host}, port {port}: {error.strerror}. Choose another --host or --port."
    )


def _url(settings: Settings) -> str:
    host = settings.host.strip("[]")
    scheme = "http" if settings.tls_cert is None else "https"
    return f"{scheme}://[{host}]:{settings.port}" if ":" in host else f"{scheme}://{host}:{settings.port}"


def _stop(server: StoppableServer, thread: threading.Thread) -> None:
    server.stop()
    thread.join()


# Reading a request of 500 spans takes 20 ms of one thread; who asks for a page must not wait for Python's own
# 5 ms at each of its steps.
_SWITCH_S = 0.001


def _collect_less_often() -> None:
    """Half of an ingest's time would go into looking for cycles among records that have none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
