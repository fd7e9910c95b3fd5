"""The one place where errors become HTTP answers: `application/problem+json` with a `Problem`."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from outcrop_server.api.schemas import FilterFault, Problem
from outcrop_server.model import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[errors.RequestError], HTTPStatus], ...] = (
    (errors.BadRequestError, HTTPStatus.BAD_REQUEST),
    (errors.NotFoundError, HTTPStatus.NOT_FOUND),
    (errors.UnauthorizedError, HTTPStatus.UNAUTHORIZED),
    (errors.ForbiddenError, HTTPStatus.FORBIDDEN),
    (errors.TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (errors.TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (errors.UnsupportedMediaError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (errors.RangeError, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
    (errors.UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    fault: errors.FilterFault | None = None,
) -> Response:
    """An error answer.

    Args:
        status: the HTTP status.
        detail: what was wrong and what to do.
        headers: further response headers.
        fault: what is wrong with a filter, if that is it.
    """
    shown = None if fault is None else FilterFault(**asdict(fault))
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, filter_fault=shown)
    return Response(
        body.model_dump_json(exclude_none=fault is None), status, headers=headers, media_type=MEDIA_TYPE
    )


def from_request_error(error: errors.RequestError) -> Response:
    """The answer to one of our own errors."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            fault = error.fault if isinstance(error, errors.BadFilterError) else None
            return problem(status, str(error), _headers(error), fault)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))


def _headers(error: errors.RequestError) -> dict[str, str] | None:
    if isinstance(error, (errors.UnavailableError, errors.TooManyRequestsError)):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, errors.RangeError):
        return {"Content-Range": f"bytes */{error.size}"}
    if isinstance(error, errors.UnauthorizedError):
        return {"WWW-Authenticate": 'Bearer realm="Outcrop"'}
    return None


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem answer, Starlette's and FastAPI's own included."""
    app.add_exception_handler(errors.RequestError, _on_request_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_any)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route documents the errors that it can end in."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


async def _on_request_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, errors.RequestError):
        raise error
    return from_request_error(error)


async def _on_validation_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    return problem(HTTPStatus.BAD_REQUEST, faults)


async def _on_http_exception(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return problem(error.status_code, str(error.detail), error.headers)


async def _on_any(_: Request, __: Exception) -> Response:
    # uvicorn writes the error itself to the log.
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The server failed on this request; its log says more. Please report it.",
    )
