"""The emulator's HTTP server: one thread a connection, kept alive, all of them closed when it stops.

Imported when an emulator starts, not before: `http.server` is too heavy for a pytest plugin's import.
"""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from typing import Protocol

from outcrop.testing.http_handler import EmulatorHandler
from outcrop.testing.http_shapes import Response

# serve_forever looks this often whether it is to end; it bounds how long stop() takes.
_POLL_S = 0.02
_JOIN_S = 5.0

_Connection = socket.socket | tuple[bytes, socket.socket]


class Responder(Protocol):
    """What answers requests; called on the connections' threads."""

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request.

        Args:
            method: the HTTP method.
            target: path and query, still URL-encoded.
            headers: names in lower case.
            body: the whole body.

        Returns:
            What the handler is to send.
        """
        ...


class EmulatorServer(ThreadingHTTPServer):
    """Serves a responder's answers until it is stopped.

    Args:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        responder: what answers.

    Attributes:
        stopping: set when the server ends; handlers wait on it instead of sleeping.
    """

    daemon_threads = True
    request_queue_size = 128
    # On Windows the option means something else: two servers could share the port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, host: str, port: int, responder: Responder) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.responder = responder
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[_Connection, threading.Thread] = {}
        super().__init__((host, port), EmulatorHandler)
        self._loop = threading.Thread(
            target=self.serve_forever, args=(_POLL_S,), name="outcrop-emulator", daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.socket.getsockname()[1])

    def start(self) -> None:
        """Begin to accept connections."""
        self._loop.start()

    def stop(self) -> None:
        """Close the port and every connection, and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self._loop.join(_JOIN_S)
        with self._lock:
            still_open = list(self._open.items())
        for connection, thread in still_open:
            if isinstance(connection, socket.socket):
                # Wakes a thread that waits for the next request on a kept connection.
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join(_JOIN_S)
        self.server_close()

    def server_bind(self) -> None:
        """Bind without the name lookup of `HTTPServer`, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "emulator", self.port

    def process_request(self, request: _Connection, client_address: object) -> None:
        """Serve a connection on a thread of its own, and remember both."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="outcrop-emulator-connection",
            daemon=True,
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: _Connection) -> None:
        """Close a connection and forget it."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)
