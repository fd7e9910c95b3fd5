"""Runs the application: in the foreground for the command line, in a thread for tests and the demo."""

from __future__ import annotations

import gc
import socket
import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from outcrop_server.access.tls import check_tls
from outcrop_server.app import create_app, create_grpc_server
from outcrop_server.lifecycle import Lifecycle
from outcrop_server.listening import listening_socket, url_of
from outcrop_server.observing.metrics import Metrics
from outcrop_server.settings import Settings, SettingsError
from outcrop_server.stopping import StoppableServer, StopSignals
from outcrop_server.store_opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from fastapi import FastAPI
    from typing_extensions import Self

_START_TIMEOUT_S = 30
# New objects between two looks for cycles; a request of 512 spans makes about as many.
_COLLECT_AFTER = 100_000


class Addresses(NamedTuple):
    """Where a server listens.

    Attributes:
        url: of the page and the API, OTLP over HTTP included.
        grpc_url: of OTLP over gRPC; None if it is not asked for.
    """

    url: str
    grpc_url: str | None = None


def run(settings: Settings, announce: Callable[[Addresses], None]) -> None:
    """Serves until SIGTERM or Ctrl-C, then finishes what runs, commits everything and returns.

    Args:
        settings: what to serve, and where.
        announce: called with the addresses once the server listens.

    Raises:
        PortInUseError: something else listens there; nothing was started.
        SettingsError: the host cannot be bound to; nothing was started.
        StoreError: the store cannot be used; nothing was started.
        SystemExit: a signal came before it listened.
    """
    signals = StopSignals()
    with _prepared(settings, announce, fills_apart=True) as (server, listening, _):
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
        grpc_url: address of OTLP over gRPC, likewise; None if it is not asked for.
        settings: as given, with the port that was bound.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = ""
        self.grpc_url: str | None = None
        self._stack = ExitStack()
        self._has_begun = threading.Event()
        self._failure: SettingsError | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            server, listening, self.settings = stack.enter_context(_prepared(self.settings, self._announce))
            thread = threading.Thread(
                target=self._run, args=(server, listening), name="outcrop-server", daemon=True
            )
            thread.start()
            stack.callback(_stop, server, thread)
            if not self._has_begun.wait(_START_TIMEOUT_S):
                raise TimeoutError(f"The server did not start within {_START_TIMEOUT_S} s.")
            if self._failure is not None:
                raise self._failure
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _announce(self, addresses: Addresses) -> None:
        self.url, self.grpc_url = addresses
        self._has_begun.set()

    def _run(self, server: StoppableServer, listening: socket.socket) -> None:
        try:
            server.run(sockets=[listening])
        except SettingsError as error:
            # A port that was free a moment ago.
            self._failure = error
            self._has_begun.set()


@contextmanager
def _prepared(
    settings: Settings, announce: Callable[[Addresses], None], *, fills_apart: bool = False
) -> Generator[tuple[StoppableServer, socket.socket, Settings], None, None]:
    """A server about to run, its socket, and the settings with the port that was bound."""
    check_tls(settings)
    with listening_socket(settings.host, settings.port) as listening:
        _check_grpc(settings)
        bound = replace(settings, port=listening.getsockname()[1])
        metrics, lifecycle = Metrics(), Lifecycle()
        store = open_store(bound, metrics, fills_apart=fills_apart)
        try:
            app = create_app(bound, store, metrics, lifecycle)
            grpc = create_grpc_server(app, bound, metrics, lifecycle)

            def announce_all() -> None:
                grpc_url = None if grpc is None else url_of(bound, grpc.port)
                announce(Addresses(url_of(bound, bound.port), grpc_url))

            server = StoppableServer(_configured(app, bound), bound, lifecycle, announce_all)
            server.before_shutdown = app.state.tail.stop
            server.beside = grpc
            try:
                yield server, listening, bound
            finally:
                # Not with the application, which ends while calls over gRPC still run.
                app.state.intake.close()
        finally:
            store.close()


def _check_grpc(settings: Settings) -> None:
    """What can be known before anything starts: the library is there, and the port is free."""
    port = settings.listening_grpc_port
    if port is None:
        return
    from outcrop_server.grpc_edge.installed import check_installed  # noqa: PLC0415 - loads nothing unless asked

    check_installed()
    # gRPC takes no socket from others, and would not say why it has none itself.
    with listening_socket(settings.host, port, "--grpc-port"):
        pass


def _configured(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=settings.stop_grace_s,
    )


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
