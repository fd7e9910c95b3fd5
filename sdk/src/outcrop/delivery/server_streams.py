"""Requests of which nobody holds the whole: a file on its way in, an answer of any length on its way out.

Over http.client alone: urllib gives up a refusal that comes while the body is still being sent.
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Protocol
from urllib.parse import urlsplit

from outcrop.delivery.server_api import UnreachableError, in_words
from outcrop.exceptions import OutcropError

_MOST_OF_AN_ERROR = 100_000  # bytes


class Refusal(Exception):  # noqa: N818  # an answer, which the caller makes an error
    """The server answered, and does not do it.

    Attributes:
        status: HTTP's status.
        answer: what it says.
    """

    def __init__(self, status: int, answer: bytes) -> None:
        """`answer` is the body of the answer."""
        super().__init__(f"HTTP {status}")
        self.status = status
        self.answer = answer


class Answer(Protocol):
    """The body of an answer. Reading raises OutcropError where it breaks off."""

    content_type: str

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        ...

    def readline(self) -> bytes:
        """A line with its end; empty at the end."""
        ...


class _HttpAnswer:
    def __init__(self, response: HTTPResponse, host: str) -> None:
        self.content_type = (response.getheader("Content-Type") or "").partition(";")[0].strip()
        self._response = response
        self._host = host

    def read(self, size: int) -> bytes:
        try:
            return self._response.read(size)
        except (OSError, HTTPException, ValueError) as error:
            raise self._broken(error) from error

    def readline(self) -> bytes:
        try:
            return self._response.readline()
        except (OSError, HTTPException, ValueError) as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> OutcropError:
        return UnreachableError(f"The answer of {self._host} broke off: {in_words(error)}.")


@contextmanager
def opened(
    method: str, url: str, body: bytes | Iterator[bytes] | None, headers: Mapping[str, str], timeout_s: float
) -> Generator[Answer, None, None]:
    """Sends a request and gives its answer while it comes.

    Raises:
        Refusal: the status is none of success.
        UnreachableError: there was no answer.
    """
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    try:
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    except (ValueError, HTTPException) as error:
        raise UnreachableError(f"{url} is no address: {error}.") from error
    with closing(connection):
        try:
            if body is None or isinstance(body, bytes):
                connection.request(method, target, body, dict(headers))
            else:
                _send_pieces(connection, method, target, body, headers)
            response = connection.getresponse()
            is_taken = 200 <= response.status < 300  # noqa: PLR2004  # HTTP's own range
            refusal = None if is_taken else Refusal(response.status, response.read(_MOST_OF_AN_ERROR))
        except (OSError, HTTPException, ValueError) as error:
            raise UnreachableError(f"{parts.netloc} cannot be reached: {in_words(error)}.") from error
        if refusal is not None:
            raise refusal
        with closing(response):
            yield _HttpAnswer(response, parts.netloc)


def _send_pieces(
    connection: HTTPConnection, method: str, target: str, pieces: Iterator[bytes], headers: Mapping[str, str]
) -> None:
    """Sends a body of unknown length, until all is sent or the server has answered before that."""
    connection.putrequest(method, target)
    for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for piece in pieces:
        if not piece:
            continue
        try:
            if _has_answered(connection):
                return
            connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        except (BrokenPipeError, ConnectionResetError):
            # It reads no further; what it said is still there to be read.
            return
    connection.send(b"0\r\n\r\n")


def _has_answered(connection: HTTPConnection) -> bool:
    sock = connection.sock
    # TLS has words of its own, which are no answer; there the refusal is found when sending fails.
    if sock is None or isinstance(sock, ssl.SSLSocket):
        return False
    poll = getattr(select, "poll", None)
    if poll is None:  # Windows
        return bool(select.select([sock], [], [], 0)[0])
    watch = poll()
    watch.register(sock, select.POLLIN)
    return bool(watch.poll(0))
