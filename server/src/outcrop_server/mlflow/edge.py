"""MLflow's API over HTTP: reads requests, runs operations in threads, and answers in MLflow's shapes."""

from __future__ import annotations

import base64
import binascii
import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from anyio import CapacityLimiter, to_thread
from starlette.responses import PlainTextResponse, Response

from outcrop_server.ingest.body import plain, too_large
from outcrop_server.ingest.endpoint import NamedRoute
from outcrop_server.mlflow import errors
from outcrop_server.mlflow.asked import Asked
from outcrop_server.mlflow.routes import OPERATIONS, PREFIXES, is_mlflow
from outcrop_server.model.errors import BadRequestError, RequestError
from outcrop_server.storage.scoped import ScopedStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from outcrop_server.ingest.intake import Intake
    from outcrop_server.ingest.pipeline import Pipeline
    from outcrop_server.mlflow.routes import Operation
    from outcrop_server.model.access import Caller
    from outcrop_server.storage.api import KeptTraces

# The version of the protocol that is spoken here; clients send spans to servers from 3.4 on.
PROTOCOL = "3.17.2"
EXPERIMENT_HEADER = "x-mlflow-experiment-id"
_THREADS = 32
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


class MlflowEdge:
    """The routes.

    Args:
        store: where the traces are.
        pipeline: takes in spans.
        intake: holds what bodies may take of memory together, and how large one may be.
    """

    def __init__(self, store: KeptTraces, pipeline: Pipeline, intake: Intake) -> None:
        self._store = store
        self._pipeline = pipeline
        self._intake = intake
        # Threads of their own: some wait a little for spans, and must not keep others waiting.
        self._limiter = CapacityLimiter(_THREADS)

    def routes(self) -> list[NamedRoute]:
        """All of them, to be asked in this order; none is in the OpenAPI document, which is our own API's."""
        served = [_route(each.path, [each.method], self._operation(each)) for each in OPERATIONS]
        whole = [_route(prefix + "/{rest:path}", _METHODS, _not_served) for prefix in PREFIXES]
        return [
            _route("/version", ["GET"], _version),
            _route("/health", ["GET"], _health),
            *served,
            *whole,
        ]

    def _operation(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def run(request: Request) -> Response:
            try:
                with self._intake.reserved(self._announced_size(request)):
                    body = await self._body(request)
                    asked = self._asked(request, body)
                    found = await to_thread.run_sync(partial(operation.run, asked), limiter=self._limiter)
            except RequestError as error:
                return errors.answer(error)
            if isinstance(found, Response):
                found.headers.update(errors.HEADERS)
                return found
            text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
            content = text.encode("utf-8", "replace")
            return Response(content, headers=errors.HEADERS, media_type="application/json")

        return run

    def _asked(self, request: Request, body: bytes) -> Asked:
        caller: Caller = request.state.caller
        scoped = self._store if caller.experiments is None else ScopedStore(self._store, caller.experiments)
        query: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            query.setdefault(name, []).append(value)
        encoding = request.headers.get("content-encoding", "").strip().lower()
        decoded = plain(body, encoding, self._intake.max_body_bytes)
        is_json = request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
        # An artifact may be JSON itself.
        members = _members(decoded) if is_json and request.method != "PUT" else {}

        def take_in(spans: bytes, experiment: str) -> None:
            accepted = self._pipeline.accept(spans, experiment, caller.experiments)
            accepted.stored.result()

        parts = dict(request.path_params)
        arrivals_of = self._pipeline.arrivals.of
        return Asked(caller, scoped, parts, query, members, decoded, take_in, arrivals_of)

    def _announced_size(self, request: Request) -> int:
        announced = request.headers.get("content-length", "")
        if not announced.isdecimal():
            is_chunked = "transfer-encoding" in request.headers
            return self._intake.max_body_bytes if is_chunked else 0
        if int(announced) > self._intake.max_body_bytes:
            raise too_large(self._intake.max_body_bytes)
        return int(announced)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._intake.max_body_bytes:
                raise too_large(self._intake.max_body_bytes)
        return bytes(body)


def is_from_mlflow(path: str, headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a client of MLflow's, which reads its own errors and credentials."""
    return is_mlflow(path) or (path == "/v1/traces" and EXPERIMENT_HEADER in headers)


def as_bearer(authorization: str | None) -> str | None:
    """Basic credentials as the token that their password is; MLflow's clients send one or the other."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        _, colon, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return authorization
    return f"Bearer {password}" if colon and password else None


def _route(path: str, methods: list[str], run: Callable[[Request], Awaitable[Response]]) -> NamedRoute:
    return NamedRoute(path, run, methods=methods, include_in_schema=False)


def _members(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"The body is no JSON: {str(error)[:200]}.") from error
    if not isinstance(found, dict):
        raise BadRequestError("The body must be a JSON object.")
    return cast("dict[str, Any]", found)


async def _version(_: Request) -> Response:
    return PlainTextResponse(PROTOCOL, headers=errors.HEADERS)


async def _health(_: Request) -> Response:
    return PlainTextResponse("OK", headers=errors.HEADERS)


async def _not_served(request: Request) -> Response:
    what = f"{request.method} {request.url.path[:200]}"
    return errors.answer(
        errors.NotServedError(
            f"Outcrop does not serve {what}. It keeps traces for MLflow's clients: experiments, traces with "
            "their tags, assessments and attachments, and runs as far as traces belong to them."
        )
    )
