"""Posts OTLP requests to one endpoint over a kept-alive connection (standard library only).

Used by the pipeline's thread alone; http.client is loaded when the first batch goes out.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from outcrop.delivery.credentials import Credentials
from outcrop.delivery.otlp_decode import rejected_spans
from outcrop.delivery.sender import Sent
from outcrop.delivery.token_errors import TokenUnavailableError
from outcrop.json_reading import as_object, as_text, parse_json

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

_TIMEOUT_S = 10.0
_LONGEST_WAIT_S = 300.0
_WORTH_COMPRESSING = 1024  # bytes
_GZIP = 31  # zlib's number for its own largest window and gzip's framing
_MOST_OF_AN_ERROR = 10_000  # bytes
_BAD_REQUEST = frozenset({400, 413, 415, 422})
_UNAUTHORIZED = 401


class HttpSender:
    """One endpoint, one connection, one thread."""

    def __init__(self, endpoint: str, credentials: Credentials | None = None) -> None:
        """`endpoint` is the full address, such as `http://127.0.0.1:5115/v1/traces`."""
        self.name = endpoint
        self._credentials = credentials or Credentials()
        self._parts = urlsplit(endpoint)
        # Over a network fewer bytes are worth the work; within a machine they are not.
        self._compresses = not _is_loopback(self._parts.hostname or "")
        self._connection: HTTPConnection | None = None

    def post(self, body: bytes) -> Sent:
        """Sends one request body; says how it went and never raises for the network's sake."""
        try:
            sent = self._post(body)
            # A token that has been changed meanwhile is fetched again, once.
            if sent.status == _UNAUTHORIZED and self._credentials.renew():
                sent = self._post(body)
        except TokenUnavailableError as error:
            return Sent(False, reason=str(error))
        return sent

    def _post(self, body: bytes) -> Sent:
        from http.client import HTTPException  # noqa: PLC0415  # keeps `import outcrop` light

        for is_retry in (False, True):
            is_reused = self._connection is not None
            try:
                response = self._request(body)
                answer = response.read()
            except (OSError, HTTPException) as error:
                self.close()
                # A kept-alive connection may have been closed by the server meanwhile: try a new one.
                if is_reused and not is_retry:
                    continue
                return Sent(False, reason=_in_words(error))
            return _judge(response, answer)
        raise AssertionError("unreachable: the second round always returns")

    def close(self) -> None:
        """Closes the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _request(self, body: bytes) -> HTTPResponse:
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415  # as above

        if self._connection is None:
            kind = HTTPSConnection if self._parts.scheme == "https" else HTTPConnection
            self._connection = kind(self._parts.hostname or "", self._parts.port, timeout=_TIMEOUT_S)
        path = self._parts.path or "/"
        headers = {**self._credentials.headers(), "Content-Type": "application/x-protobuf"}
        if self._compresses and len(body) >= _WORTH_COMPRESSING:
            headers["Content-Encoding"] = "gzip"
            packer = zlib.compressobj(1, wbits=_GZIP)
            body = packer.compress(body) + packer.flush()
        self._connection.request("POST", path, body, headers)
        return self._connection.getresponse()


def _judge(response: HTTPResponse, answer: bytes) -> Sent:
    status = response.status
    if 200 <= status < 300:  # noqa: PLR2004  # HTTP's own ranges
        count, reason = rejected_spans(answer)
        return Sent(True, rejected_spans=count, reason=reason)
    reason = f"HTTP {status} {response.reason}: {_readable(answer)}".rstrip(": ")
    wait_s = _wait_asked_for(response.getheader("Retry-After"))
    return Sent(False, is_refused=status in _BAD_REQUEST, reason=reason, retry_after_s=wait_s, status=status)


def _wait_asked_for(header: str | None) -> float | None:
    """Seconds; the header is a number of them, or a date."""
    if not header:
        return None
    if header.strip().isdecimal():
        return min(float(header), _LONGEST_WAIT_S)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # for the rare date

    try:
        seconds = parsedate_to_datetime(header).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def _readable(answer: bytes) -> str:
    """The words of an error answer: a problem's own, JSON as it is, of protobuf the printable run."""
    words = as_text(as_object(parse_json(answer[:_MOST_OF_AN_ERROR])).get("detail"))
    text = answer.decode("utf-8", "ignore") if words is None else words
    text = text[:500]
    return "".join(character for character in text if character.isprintable())


def _in_words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return f"no answer within {_TIMEOUT_S:g} s"
    return f"{type(error).__name__}: {error}"
