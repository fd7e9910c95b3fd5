"""What the emulator answers when a call is to fail: AWS errors, broken streams, dropped connections.

Codes and HTTP statuses are those of botocore's model of bedrock-runtime; a reply script names them,
the operations put them on the wire.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

# The modelled errors of bedrock-runtime, then those that every AWS service may answer.
STATUS_BY_CODE: Mapping[str, int] = MappingProxyType(
    {
        "AccessDeniedException": 403,
        "ConflictException": 400,
        "InternalServerException": 500,
        "ModelErrorException": 424,
        "ModelNotReadyException": 429,
        "ModelStreamErrorException": 424,
        "ModelTimeoutException": 408,
        "ResourceNotFoundException": 404,
        "ServiceQuotaExceededException": 400,
        "ServiceUnavailableException": 503,
        "ThrottlingException": 429,
        "ValidationException": 400,
        "ExpiredTokenException": 403,
        "InvalidSignatureException": 403,
        "MissingAuthenticationTokenException": 403,
        "SerializationException": 400,
        "UnknownOperationException": 404,
        "UnrecognizedClientException": 403,
    }
)


@dataclass(frozen=True)
class ServiceError:
    """An error instead of an answer, with the status and headers that AWS sends for it.

    Attributes:
        code: the error's name, for example `ThrottlingException`.
        message: what AWS would say; botocore shows it in the exception's text.
        status: the HTTP status; None takes the documented one for the code (400 for an unknown code).
        headers: further HTTP headers.
        members: further members of the JSON body, for example `originalStatusCode`.
        latency_s: seconds to wait before answering.
    """

    code: str
    message: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    members: Mapping[str, Any] = field(default_factory=dict[str, Any])
    latency_s: float = 0.0

    @property
    def http_status(self) -> int:
        """The HTTP status that goes on the wire."""
        return STATUS_BY_CODE.get(self.code, 400) if self.status is None else self.status


class _ReadyMade(ServiceError):  # noqa: N818 - data, not an exception
    """An error of which only the message is open.

    Args:
        message: what AWS would say; None takes words like its own.
    """

    _CODE: ClassVar[str]
    _MESSAGE: ClassVar[str]

    def __init__(
        self,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        words = self._MESSAGE if message is None else message
        super().__init__(self._CODE, words, headers=headers or {}, members=members or {})


class AccessDenied(_ReadyMade):
    """403: the caller may not use the model."""

    _CODE = "AccessDeniedException"
    _MESSAGE = "You don't have access to the model with the specified model ID."


class Conflict(_ReadyMade):
    """400: the request conflicts with another one."""

    _CODE = "ConflictException"
    _MESSAGE = "The request conflicts with the current state of the resource."


class InternalServerError(_ReadyMade):
    """500: the service failed; boto3 tries again."""

    _CODE = "InternalServerException"
    _MESSAGE = "The system encountered an unexpected error. Try your request again."


class ModelError(_ReadyMade):
    """424: the model failed while it worked on the request.

    Args:
        message: what AWS would say.
        original_status_code: the status that the model answered with.
        resource_name: what failed; None leaves the member out.
    """

    _CODE = "ModelErrorException"
    _MESSAGE = "The model returned an error while it processed the request."

    def __init__(
        self,
        message: str | None = None,
        *,
        original_status_code: int = 500,
        resource_name: str | None = None,
    ) -> None:
        members: dict[str, Any] = {"originalStatusCode": original_status_code}
        if resource_name is not None:
            members["resourceName"] = resource_name
        super().__init__(message, members=members)


class ModelNotReady(_ReadyMade):
    """429: the model is still loading; boto3 tries again."""

    _CODE = "ModelNotReadyException"
    _MESSAGE = "The model is not ready to serve requests. Try again later."


class ModelStreamError(_ReadyMade):
    """424: the model failed before its stream began. For a failure in mid-stream take `StreamFailure`.

    Args:
        message: what AWS would say.
        original_status_code: the status that the model answered with.
        original_message: what the model said.
    """

    _CODE = "ModelStreamErrorException"
    _MESSAGE = "The model failed to stream its answer."

    def __init__(
        self,
        message: str | None = None,
        *,
        original_status_code: int = 500,
        original_message: str = "Internal error",
    ) -> None:
        members = {"originalStatusCode": original_status_code, "originalMessage": original_message}
        super().__init__(message, members=members)


class ModelTimeout(_ReadyMade):
    """408: the model took too long."""

    _CODE = "ModelTimeoutException"
    _MESSAGE = "Model has timed out in processing the request. Try your request again."


class ResourceNotFound(_ReadyMade):
    """404: no such model, profile or prompt."""

    _CODE = "ResourceNotFoundException"
    _MESSAGE = "Could not resolve the foundation model from the model identifier."


class ServiceQuotaExceeded(_ReadyMade):
    """400: a quota of the account is used up."""

    _CODE = "ServiceQuotaExceededException"
    _MESSAGE = "Your request exceeds the service quota for your account."


class ServiceUnavailable(_ReadyMade):
    """503: the service is overloaded; boto3 tries again."""

    _CODE = "ServiceUnavailableException"
    _MESSAGE = "The service is temporarily unavailable. Try again later."


class Throttling(_ReadyMade):
    """429: too many requests; boto3 tries again.

    Args:
        message: what AWS would say.
        retry_after: seconds that the caller should wait. Sent as `Retry-After` (whole seconds, for every
            HTTP client) and as `x-amz-retry-after` (milliseconds, which botocore's standard mode heeds).
    """

    _CODE = "ThrottlingException"
    _MESSAGE = "Too many requests, please wait before trying again."

    def __init__(self, message: str | None = None, *, retry_after: float | None = None) -> None:
        headers: dict[str, str] = {}
        if retry_after is not None:
            headers["Retry-After"] = str(math.ceil(retry_after))
            headers["x-amz-retry-after"] = str(round(retry_after * 1000))
        super().__init__(message, headers=headers)


class ValidationError(_ReadyMade):
    """400: the request is not valid."""

    _CODE = "ValidationException"
    _MESSAGE = "The provided request is not valid."


@dataclass(frozen=True)
class StreamFailure:
    """An exception event in mid-stream; botocore raises it as `EventStreamError` while the caller reads.

    In answer to a call without a stream it becomes the HTTP error of the same name.

    Attributes:
        exception: the event's name, as the stream's model spells it, for example `throttlingException`.
        message: what AWS would say.
        after_events: how many events come before it.
        original_status_code: of a `modelStreamErrorException`, the status the model answered with.
        original_message: of a `modelStreamErrorException`, what the model said.
    """

    exception: str = "modelStreamErrorException"
    message: str = "The model failed while it streamed its answer."
    after_events: int = 1
    original_status_code: int | None = None
    original_message: str | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """The event's JSON members."""
        members: dict[str, Any] = {"message": self.message}
        if self.original_status_code is not None:
            members["originalStatusCode"] = self.original_status_code
        if self.original_message is not None:
            members["originalMessage"] = self.original_message
        return members

    def as_service_error(self) -> ServiceError:
        """The same failure for a call that has no stream."""
        members = {name: value for name, value in self.payload.items() if name != "message"}
        return ServiceError(self.exception[:1].upper() + self.exception[1:], self.message, members=members)


@dataclass(frozen=True)
class Disconnect:
    """The TCP connection ends without the rest of the answer.

    Attributes:
        after_events: how many events of a stream come before it. A call without a stream gets no answer.
    """

    after_events: int = 0
