"""`POST /v1/traces`: OTLP over HTTP. The answer is given when the spans are durable."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from google.protobuf.json_format import MessageToJson
from starlette.responses import Response

from outcrop_server.ingest.body import plain, too_large
from outcrop_server.model.errors import UnsupportedMediaError
from outcrop_server.otlp.json_form import to_protobuf

if TYPE_CHECKING:
    from outcrop_server.ingest.intake import Intake
    from outcrop_server.model.access import Caller

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_EXPERIMENT_HEADER = "x-outcrop-experiment"


class TracesEndpoint:
    """Receives requests.

    Args:
        intake: what takes them in.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def router(self) -> APIRouter:
        """The route. It is OTLP's, so the read API's document does not list it."""
        router = APIRouter()
        router.add_api_route("/v1/traces", self._post, methods=["POST"], include_in_schema=False)
        return router

    async def _post(self, request: Request) -> Response:
        kind = _kind(request.headers.get("content-type", ""))
        with self._intake.reserved(self._announced_size(request)):
            body = await self._body(request)
            encoding = request.headers.get("content-encoding", "").strip().lower()
            experiment = request.headers.get(_EXPERIMENT_HEADER)
            caller: Caller = request.state.caller
            read = partial(self._protobuf, kind, body, encoding)
            answer = await self._intake.take(read, experiment, caller.experiments)
        # In the sender's own form, as OTLP asks.
        form = answer.SerializeToString() if kind == _PROTOBUF else MessageToJson(answer, indent=None)
        return Response(form, media_type=kind)

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


def _kind(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {_PROTOBUF, _JSON}:
        raise UnsupportedMediaError(
            f"Content-Type '{kind[:80]}' is not read here: send OTLP as protobuf ({_PROTOBUF}) or JSON "
            f"({_JSON}). OpenTelemetry SDKs send the first with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf."
        )
    return kind
