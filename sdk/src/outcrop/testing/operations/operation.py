"""What an operation is to the dispatcher: its place in the API, its checks, its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outcrop.testing.errors import ServiceError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response
from outcrop.testing.recording import RecordedRequest


def by_model_id(request: RecordedRequest) -> str:
    """Operations that a model answers take the script of the model in their path."""
    return request.model_id or ""


def by_operation(request: RecordedRequest) -> str:
    """Operations that ask no model take the script under their own name, for example `CountTokens`."""
    return request.operation


def no_check(_request: RecordedRequest) -> ServiceError | None:
    """For operations that refuse nothing beyond what botocore does."""
    return None


@dataclass(frozen=True)
class Operation:
    """One operation of the API.

    Attributes:
        name: its name in botocore's model.
        method: its HTTP method.
        path: its URI template, for example `/model/{modelId}/converse`.
        check: the error that AWS answers to such a request whatever the model says, or None.
        respond: the answer.
        script_key: under which name `BedrockEmulator.script` finds what it answers.
    """

    name: str
    method: str
    path: str
    check: Callable[[RecordedRequest], ServiceError | None]
    respond: Callable[[Exchange], Response]
    script_key: Callable[[RecordedRequest], str] = by_model_id
