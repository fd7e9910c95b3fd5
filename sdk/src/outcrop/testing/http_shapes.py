"""What an operation gives back to the HTTP handler: a whole answer, a stream of frames, or a lost line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from outcrop.testing.errors import ServiceError
from outcrop.testing.json_values import to_json

# The header carries the code and a namespace; botocore cuts at the colon.
_ERROR_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"


@dataclass(frozen=True)
class PlainResponse:
    """A whole answer, sent with its length after `delay_s` seconds."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0


@dataclass(frozen=True)
class Frame:
    """One piece of a stream, sent as one HTTP chunk after `delay_s` seconds."""

    data: bytes
    delay_s: float = 0.0


@dataclass(frozen=True)
class StreamResponse:
    """An answer in pieces. With `is_cut` the connection ends after the last piece, without the end mark."""

    frames: Iterator[Frame]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0
    is_cut: bool = False
    status: int = 200


@dataclass(frozen=True)
class LostConnection:
    """No answer at all: the connection ends after `delay_s` seconds."""

    delay_s: float = 0.0


Response = PlainResponse | StreamResponse | LostConnection


def error_response(error: ServiceError) -> PlainResponse:
    """An error in the shape of AWS's REST-JSON protocol."""
    return PlainResponse(
        status=error.http_status,
        body=to_json({"message": error.message, **error.members}),
        headers={
            "Content-Type": "application/json",
            "x-amzn-ErrorType": f"{error.code}:{_ERROR_NAMESPACE}",
            **error.headers,
        },
        delay_s=error.latency_s,
    )
