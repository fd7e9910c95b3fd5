"""A small OTLP endpoint for tests: keeps what it is sent, and fails when it is told to."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from outcrop.delivery.otlp_decode import decode_request
from outcrop.otlp.records import SpanRecord


class Collector:
    """Listens on loopback; `port` 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        """`status` is what it answers; 200 keeps the batch.

        `judge` gives the status for a batch's spans instead; with `hangs_up` it reads a request and closes
        the connection without an answer.
        """
        self.status = 200
        self.answer = b""
        self.headers: dict[str, str] = {}
        self.judge: Callable[[list[SpanRecord]], int] | None = None
        self.hangs_up = False
        self.bodies: list[bytes] = []
        self.requests = 0
        self.arrived = threading.Condition()
        self._connections: set[socket.socket] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                collector._connections.add(self.connection)

            def finish(self) -> None:
                collector._connections.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                with collector.arrived:
                    collector.requests += 1
                    status = collector.judge(decode_request(body)) if collector.judge else collector.status
                    if status == 200 and not collector.hangs_up:
                        collector.bodies.append(body)
                    collector.arrived.notify_all()
                if collector.hangs_up:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in collector.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(collector.answer)))
                self.end_headers()
                self.wfile.write(collector.answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's signature
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Collector:  # noqa: PYI034  # Self needs typing_extensions on Python 3.10
        """Begins to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops."""
        self._server.shutdown()
        self._server.server_close()
        # As a server that ends: what was kept alive ends with it.
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    @property
    def spans(self) -> list[SpanRecord]:
        """Every span that was taken, in order of arrival."""
        return [span for body in self.bodies for span in decode_request(body)]
