"""`POST /v1/traces`: OTLP over HTTP. The answer is given when the spans are durable."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from anyio import to_thread
from google.protobuf.json_format import MessageToJson
from starlette.responses import Response
from starlette.routing import Match, Route

from outcrop_server.ingest.body import plain, too_large
from outcrop_server.model.errors import UnsupportedMediaError
from outcrop_server.otlp.json_form import to_protobuf

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from outcrop_server.ingest.intake import Intake
    from outcrop_server.model.access import Caller

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_EXPERIMENT_HEADER = "x-outcrop-experiment"
_EXPERIMENT_ID_HEADER = "x-mlflow-experiment-id"


class NamesById(Protocol):
    """Names of experiments by the ids that MLflow's clients send."""

    def known(self, experiment_id: str) -> str | None:
        """The name, if it was asked for before."""
        ...

    def name(self, experiment_id: str) -> str:
        """The name; may wait for the store. NotFoundError if there is no such experiment."""
        ...


class TracesEndpoint:
    """Receives requests.

    Args:
        intake: what takes them in.
        names: of experiments, by MLflow's ids.
    """

    def __init__(self, intake: Intake, names: NamesById) -> None:
        self._intake = intake
        self._names = names

    def route(self) -> Route:
        """The route. It is OTLP's, so the read API's document does not list it.

        A plain one, to be asked first: a request of a few spans would spend a fifth of its time on its way
        through the other routes and what they can do.
        """
        return NamedRoute("/v1/traces", self._post, methods=["POST"], include_in_schema=False)

    async def _post(self, request: Request) -> Response:
        kind = _kind(request.headers.get("content-type", ""))
        with self._intake.reserved(self._announced_size(request)):
            body = await self._body(request)
            encoding = request.headers.get("content-encoding", "").strip().lower()
            experiment = await self._experiment(request)
            caller: Caller = request.state.caller
            read = partial(self._protobuf, kind, body, encoding)
            answer = await self._intake.take(read, experiment, caller.experiments)
        # In the sender's own form, as OTLP asks.
        form = answer.SerializeToString() if kind == _PROTOBUF else MessageToJson(answer, indent=None)
        return Response(form, media_type=kind)

    async def _experiment(self, request: Request) -> str | None:
        experiment_id = request.headers.get(_EXPERIMENT_ID_HEADER)
        if experiment_id is None:
            return request.headers.get(_EXPERIMENT_HEADER)
        known = self._names.known(experiment_id)
        return known or await to_thread.run_sync(self._names.name, experiment_id)

    def _protobuf(self, kind: str, body: bytes, encoding: str) -> bytes:
        decoded = plain(body, encoding, self._intake.max_body_bytes)
        return decoded if kind == _PROTOBUF else to_protobuf(decoded)

    def _announced_size(self, request: Request) -> int:
        max_bytes = self._intake.max_body_bytes
        announced = request.headers.get("content-length", "")
        # A body sent in chunks does not say how long it will be.
        size = int(announced) if announced.isdecimal() else max_bytes
        if size > max_bytes:
            raise too_large(max_bytes)
        return size

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._intake.max_body_bytes:
                raise too_large(self._intake.max_body_bytes)
        return bytes(body)


class NamedRoute(Route):
    """Says which route it is, for metrics and logs."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is asked for, and what that adds to the scope."""
        match, child_scope = super().matches(scope)
        return match, {**child_scope, "route": self} if child_scope else child_scope


def _kind(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {_PROTOBUF, _JSON}:
        raise UnsupportedMediaError(
            f"Content-Type '{kind[:80]}' is not read here: send OTLP as protobuf ({_PROTOBUF}) or JSON "
            f"({_JSON}). OpenTelemetry SDKs send the first with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf."
        )
    return kind
