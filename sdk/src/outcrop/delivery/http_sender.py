"""Posts OTLP requests to one endpoint over a kept-alive connection (standard library only).

Used by the pipeline's thread alone; http.client is loaded when the first batch goes out.
"""

from __future__ import annotations

import zlib
from urllib.parse import urlsplit

from outcrop.delivery.connection import Answer, Connection, NoAnswerError
from outcrop.delivery.credentials import Credentials
from outcrop.delivery.http_words import is_loopback, readable
from outcrop.delivery.otlp_decode import rejected_spans
from outcrop.delivery.sender import Sent
from outcrop.delivery.token_errors import TokenUnavailableError

_WORTH_COMPRESSING = 1024  # bytes
_GZIP = 31  # zlib's number for its own largest window and gzip's framing
_BAD_REQUEST = frozenset({400, 413, 415, 422})


class HttpSender:
    """One endpoint, one connection, one thread.

    Attributes:
        connection: to the endpoint's host.
    """

    def __init__(self, endpoint: str, credentials: Credentials | None = None) -> None:
        """`endpoint` is the full address, such as `http://127.0.0.1:5115/v1/traces`."""
        self.name = endpoint
        parts = urlsplit(endpoint)
        # Over a network fewer bytes are worth the work; within a machine they are not.
        self._compresses = not is_loopback(parts.hostname or "")
        self._path = parts.path or "/"
        self.connection = Connection(f"{parts.scheme}://{parts.netloc}", credentials)

    def post(self, body: bytes) -> Sent:
        """Sends one request body; says how it went and never raises for the network's sake."""
        headers = {"Content-Type": "application/x-protobuf"}
        if self._compresses and len(body) >= _WORTH_COMPRESSING:
            headers["Content-Encoding"] = "gzip"
            packer = zlib.compressobj(1, wbits=_GZIP)
            body = packer.compress(body) + packer.flush()
        try:
            return judge(self.connection.ask("POST", self._path, body, headers))
        except (NoAnswerError, TokenUnavailableError) as error:
            return Sent(False, reason=str(error))

    def close(self) -> None:
        """Closes the connection; the next request opens a new one."""
        self.connection.close()


def judge(answer: Answer) -> Sent:
    """What an answer means for the request's spans."""
    if answer.is_good:
        count, reason = rejected_spans(answer.body)
        return Sent(True, rejected_spans=count, reason=reason)
    status = answer.status
    reason = f"HTTP {status} {answer.reason}: {readable(answer.body)}".rstrip(": ")
    return Sent(
        False,
        is_refused=status in _BAD_REQUEST,
        reason=reason,
        retry_after_s=answer.retry_after_s,
        status=status,
    )
