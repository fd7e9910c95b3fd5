"""Errors in MLflow's own shape: its clients read `error_code`, and show `message` to people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from outcrop._version import __version__
from outcrop_server.model import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

# By this Outcrop's own SDK knows that it does not speak to MLflow's server.
HEADERS = {"X-Outcrop-Version": __version__, "Cache-Control": "no-store"}

_CODES: tuple[tuple[type[errors.RequestError], str, int], ...] = (
    (errors.NotFoundError, "RESOURCE_DOES_NOT_EXIST", 404),
    (errors.UnauthorizedError, "UNAUTHENTICATED", 401),
    (errors.ForbiddenError, "PERMISSION_DENIED", 403),
    (errors.TooManyRequestsError, "REQUEST_LIMIT_EXCEEDED", 429),
    (errors.UnavailableError, "TEMPORARILY_UNAVAILABLE", 503),
    (errors.TooLargeError, "INVALID_PARAMETER_VALUE", 413),
    (errors.BadRequestError, "INVALID_PARAMETER_VALUE", 400),
    (errors.UnsupportedMediaError, "INVALID_PARAMETER_VALUE", 415),
)


class AlreadyExistsError(errors.RequestError):
    """The name is taken; MLflow's clients tell this apart from other wrong requests."""


class NotServedError(errors.RequestError):
    """Something of MLflow's that Outcrop does not do."""


def answer(error: errors.RequestError) -> Response:
    """The answer to one of our own errors."""
    headers = dict(HEADERS)
    if isinstance(error, (errors.UnavailableError, errors.TooManyRequestsError)):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, errors.UnauthorizedError):
        headers["WWW-Authenticate"] = 'Bearer realm="Outcrop"'
    code, status = _code(error)
    return refusal(code, str(error), status, headers)


def refusal(code: str, message: str, status: int, headers: Mapping[str, str] = HEADERS) -> Response:
    """An error answer.

    Args:
        code: one of MLflow's error codes.
        message: what was wrong and what to do.
        status: the HTTP status.
        headers: response headers.
    """
    body = json.dumps({"error_code": code, "message": message}, ensure_ascii=False)
    return Response(body, status, headers=dict(headers), media_type="application/json")


def _code(error: errors.RequestError) -> tuple[str, int]:
    if isinstance(error, AlreadyExistsError):
        return "RESOURCE_ALREADY_EXISTS", 400
    if isinstance(error, NotServedError):
        return "ENDPOINT_NOT_FOUND", 404
    for kind, code, status in _CODES:
        if isinstance(error, kind):
            return code, status
    return "INTERNAL_ERROR", 500
