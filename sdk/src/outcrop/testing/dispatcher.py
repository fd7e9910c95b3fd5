"""From a request to its response: find the operation, record, check, take the script's reply, answer.

Called by the HTTP handler on the connection's thread; knows no sockets.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from outcrop.testing.errors import Disconnect, ServiceError, StreamFailure
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response, error_response
from outcrop.testing.operations.operation import Operation
from outcrop.testing.operations.table import find_operation
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import FixedReply, RawBody, Reply, ScriptedReply
from outcrop.testing.script_book import ScriptBook

_UNKNOWN_OPERATION = ServiceError(
    "UnknownOperationException", "The requested operation is not recognized by the service."
)
_NO_CREDENTIALS = ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")


class Dispatcher:
    """Answers requests from the scripts and keeps what came.

    Args:
        book: the scripts.
        default_chunk_delay_s: seconds between the events of a default reply's stream.
    """

    def __init__(self, book: ScriptBook, default_chunk_delay_s: float) -> None:
        self.default_chunk_delay_s = default_chunk_delay_s
        self._book = book
        self._lock = threading.Lock()
        self._requests: list[RecordedRequest] = []

    def recorded(self) -> list[RecordedRequest]:
        """What came so far, oldest first."""
        with self._lock:
            return list(self._requests)

    def forget(self) -> None:
        """Drop what was recorded."""
        with self._lock:
            self._requests.clear()

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request.

        Args:
            method: the HTTP method.
            path: the path without its query, still URL-encoded.
            headers: names in lower case.
            body: the whole body.

        Returns:
            What the handler is to send.
        """
        started_ns = time.monotonic_ns()
        operation, model_id = find_operation(method, path)
        name = "" if operation is None else operation.name
        request = RecordedRequest(name, model_id, path, headers, body, _parse(body))
        with self._lock:
            self._requests.append(request)
        if operation is None:
            return error_response(_UNKNOWN_OPERATION)
        # The signature is not verified: any credentials will do, none will not.
        if "authorization" not in headers:
            return error_response(_NO_CREDENTIALS)
        refusal = operation.check(request)
        return self._answer(operation, request, started_ns) if refusal is None else error_response(refusal)

    def _answer(self, operation: Operation, request: RecordedRequest, started_ns: int) -> Response:
        scripted = _fixed(self._book.take(request.model_id or ""), request)
        if isinstance(scripted, ServiceError):
            return error_response(scripted)
        return operation.respond(Exchange(request, scripted, started_ns, self.default_chunk_delay_s))


def _fixed(
    scripted: ScriptedReply | None, request: RecordedRequest
) -> Reply | RawBody | ServiceError | StreamFailure | Disconnect | None:
    """The script's reply with a callable called and a string made a reply."""
    reply: FixedReply | None = scripted(request) if callable(scripted) else scripted
    return Reply(reply) if isinstance(reply, str) else reply


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
