"""HTTP/1.1 on one connection: reads requests, asks the responder, writes whole answers or chunks."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast

from outcrop.testing.errors import InternalServerError, ServiceError
from outcrop.testing.http_shapes import (
    LostConnection,
    PlainResponse,
    Response,
    StreamResponse,
    error_response,
)

if TYPE_CHECKING:
    from outcrop.testing.server import EmulatorServer

_LOG = logging.getLogger(__name__)


class _BadRequestError(Exception):
    """The body's framing cannot be read, so the connection is of no more use."""


class EmulatorHandler(BaseHTTPRequestHandler):
    """Serves the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    # Without it, small chunks would wait for the other side's acknowledgement.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve until either side closes; a caller that hangs up is no error here."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Keep the terminal quiet."""
        _LOG.debug(format, *args)

    def do_POST(self) -> None:
        """Answer one request."""
        try:
            body = self._read_body()
        except (_BadRequestError, ValueError) as error:
            self.close_connection = True
            self._send(
                error_response(ServiceError("SerializationException", f"Unreadable request body: {error}"))
            )
            return
        self._send(self._respond(body))

    do_GET = do_POST  # noqa: N815 - named by the base class
    do_PUT = do_POST  # noqa: N815 - named by the base class
    do_DELETE = do_POST  # noqa: N815 - named by the base class
    do_PATCH = do_POST  # noqa: N815 - named by the base class

    @property
    def _emulator(self) -> EmulatorServer:
        # The base class knows the server by a wider type.
        return cast("EmulatorServer", self.server)

    def _respond(self, body: bytes) -> Response:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            return self._emulator.responder.respond(self.command, self.path, headers, body)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the caller gets an answer
            # Most often a test's own reply callable; the caller gets it as AWS's own failure.
            _LOG.exception("The emulator could not answer %s %s", self.command, self.path)
            return error_response(
                InternalServerError(f"The emulator failed: {type(error).__name__}: {error}")
            )

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._read_chunk, b""))
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) != length:
            raise _BadRequestError("it is shorter than its Content-Length")
        return body

    def _read_chunk(self) -> bytes:
        """One chunk of a chunked request; an empty one ends it."""
        size = int(self.rfile.readline().partition(b";")[0], 16)
        data = self.rfile.read(size)
        if size == 0:
            # Trailers end at an empty line.
            while self.rfile.readline().strip():
                pass
            return b""
        if len(data) != size or self.rfile.readline() != b"\r\n":
            raise _BadRequestError("a chunk is not as long as it says")
        return data

    def _send(self, response: Response) -> None:
        self._pause(response.delay_s)
        if isinstance(response, LostConnection):
            self.close_connection = True
        elif isinstance(response, PlainResponse):
            self._send_head(response.status, {**response.headers, "Content-Length": str(len(response.body))})
            self.wfile.write(response.body)
        else:
            self._send_stream(response)

    def _send_stream(self, response: StreamResponse) -> None:
        self._send_head(response.status, {**response.headers, "Transfer-Encoding": "chunked"})
        for frame in response.frames:
            self._pause(frame.delay_s)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(frame.data), frame.data))
        if response.is_cut:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _send_head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _pause(self, delay_s: float) -> None:
        """Wait as the reply says, or give up when the emulator stops."""
        if delay_s > 0 and self._emulator.stopping.wait(delay_s):
            raise ConnectionAbortedError("the emulator is stopping")
