"""What an operation is to the dispatcher: its place in the API, its checks, its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outcrop.testing.errors import ServiceError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response
from outcrop.testing.recording import RecordedRequest


@dataclass(frozen=True)
class Operation:
    """One operation of the API.

    Attributes:
        name: its name in botocore's model.
        method: its HTTP method.
        path: its URI template, for example `/model/{modelId}/converse`.
        check: the error that AWS answers to such a request whatever the model says, or None.
        respond: the answer.
    """

    name: str
    method: str
    path: str
    check: Callable[[RecordedRequest], ServiceError | None]
    respond: Callable[[Exchange], Response]
