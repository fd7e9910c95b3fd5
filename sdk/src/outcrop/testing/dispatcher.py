"""From a request to its response: find the operation, record, check, take the script's reply, answer.

Called by the HTTP handler on the connection's thread; knows no sockets.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from outcrop.testing.async_jobs import AsyncJobs
from outcrop.testing.errors import ServiceError
from outcrop.testing.exchange import Exchange, Scripted
from outcrop.testing.http_shapes import Response, error_response
from outcrop.testing.operations.operation import Operation
from outcrop.testing.operations.table import find_operation
from outcrop.testing.recording import RecordedRequest
from outcrop.testing.replies import FixedReply, Reply, ScriptedReply
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
        self._jobs = AsyncJobs()

    def recorded(self) -> list[RecordedRequest]:
        """What came so far, oldest first."""
        with self._lock:
            return list(self._requests)

    def forget(self) -> None:
        """Drop what was recorded, and the jobs that were started."""
        with self._lock:
            self._requests.clear()
        self._jobs.clear()

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
        started_ns = time.monotonic_ns()
        path, _, query = target.partition("?")
        operation, params = find_operation(method, path)
        request = RecordedRequest(
            operation="" if operation is None else operation.name,
            model_id=params.get("modelId"),
            path=path,
            headers=headers,
            body=body,
            json=_parse(body),
            path_params=params,
            query=dict(reversed(parse_qsl(query, keep_blank_values=True))),
        )
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
        scripted = _fixed(self._book.take(operation.script_key(request)), request)
        if isinstance(scripted, ServiceError):
            return error_response(scripted)
        return operation.respond(
            Exchange(request, scripted, started_ns, self.default_chunk_delay_s, self._jobs)
        )


def _fixed(scripted: ScriptedReply | None, request: RecordedRequest) -> Scripted | ServiceError:
    """The script's reply with a callable called and a string made a reply."""
    reply: FixedReply | None = scripted(request) if callable(scripted) else scripted
    return Reply(reply) if isinstance(reply, str) else reply


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
