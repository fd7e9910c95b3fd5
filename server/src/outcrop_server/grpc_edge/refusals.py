"""Our errors as gRPC's: the code, the words, and for what may be sent again when that makes sense. Pure.

Codes as OTLP says (opentelemetry.io/docs/specs/otlp, OTLP/gRPC response): of a client's errors those are sent
again that carry RetryInfo. It is written by hand, since google.rpc's messages would be one more library.
"""

from __future__ import annotations

from typing import NamedTuple

import grpc

from outcrop_server.model import errors
from outcrop_server.otlp.wire import varint

_CODES: tuple[tuple[type[errors.RequestError], grpc.StatusCode], ...] = (
    (errors.BadRequestError, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.UnauthorizedError, grpc.StatusCode.UNAUTHENTICATED),
    (errors.ForbiddenError, grpc.StatusCode.PERMISSION_DENIED),
    (errors.TooManyRequestsError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    # Without RetryInfo, so it is not sent again; gRPC itself answers so to what is larger on the wire.
    (errors.TooLargeError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.NotFoundError, grpc.StatusCode.UNIMPLEMENTED),
    (errors.UnavailableError, grpc.StatusCode.UNAVAILABLE),
)
# Words travel in a header, percent-encoded; many clients take no more than 8 KiB of headers.
_WORDS_BYTES = 2000
_RETRY_INFO = b"type.googleapis.com/google.rpc.RetryInfo"
_VARINT, _BYTES = 0, 2


class Refusal(NamedTuple):
    """How a call is refused.

    Attributes:
        code: gRPC's.
        words: what was wrong and what to do.
        trailing: metadata that follows.
    """

    code: grpc.StatusCode
    words: str
    trailing: tuple[tuple[str, bytes], ...] = ()


def refusal(error: errors.RequestError) -> Refusal:
    """The answer to one of our own errors."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), grpc.StatusCode.INTERNAL)
    words = str(error).encode(errors="replace")[:_WORDS_BYTES].decode(errors="ignore")
    if not isinstance(error, (errors.UnavailableError, errors.TooManyRequestsError)):
        return Refusal(code, words)
    # RetryInfo{retry_delay = Duration{seconds}}
    retry_info = _message(1, _number(1, error.retry_after_s))
    number: int = code.value[0]
    # Status{code, message, details = Any{type_url, value}}
    status = (
        _number(1, number)
        + _message(2, words.encode())
        + _message(3, _message(1, _RETRY_INFO) + _message(2, retry_info))
    )
    # The first is where gRPC keeps details; OpenTelemetry's exporter for Python looks for the second.
    trailing = (("grpc-status-details-bin", status), ("google.rpc.retryinfo-bin", retry_info))
    return Refusal(code, words, trailing)


def _number(field: int, value: int) -> bytes:
    return varint(field << 3 | _VARINT) + varint(value)


def _message(field: int, content: bytes) -> bytes:
    return varint(field << 3 | _BYTES) + varint(len(content)) + content
