"""`POST /v1/traces`: OTLP over HTTP. The answer is given when the spans are durable."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.responses import Response

from outcrop_server.ingest.body import Budget, plain, too_large
from outcrop_server.ingest.pipeline import said
from outcrop_server.model.errors import UnsupportedMediaError
from outcrop_server.otlp.json_form import to_protobuf

if TYPE_CHECKING:
    from outcrop_server.ingest.pipeline import Accepted, Pipeline
    from outcrop_server.model.access import Caller

_PROTOBUF = "application/x-protobuf"
_JSON = "application/json"
_EXPERIMENT_HEADER = "x-outcrop-experiment"
# Reading is CPU under one interpreter lock: a second thread uses what compression leaves free.
_READING_THREADS = 2


class TracesEndpoint:
    """Receives requests.

    Args:
        pipeline: what takes them in.
        max_body_bytes: largest body, before and after decompression.
        max_waiting_bytes: most bytes of bodies in work at once.
    """

    def __init__(self, pipeline: Pipeline, max_body_bytes: int, max_waiting_bytes: int) -> None:
        self._pipeline = pipeline
        self._max_body_bytes = max_body_bytes
        self._budget = Budget(max_waiting_bytes)
        self._limiter = CapacityLimiter(_READING_THREADS)

    def router(self) -> APIRouter:
        """The route. It is OTLP's, so the read API's document does not list it."""
        router = APIRouter()
        router.add_api_route("/v1/traces", self._post, methods=["POST"], include_in_schema=False)
        return router

    async def _post(self, request: Request) -> Response:
        kind = _kind(request.headers.get("content-type", ""))
        with self._budget.reserved(self._announced_size(request)):
            body = await self._body(request)
            encoding = request.headers.get("content-encoding", "").strip().lower()
            experiment = request.headers.get(_EXPERIMENT_HEADER)
            caller: Caller = request.state.caller
            accepted = await to_thread.run_sync(
                self._accept, kind, body, encoding, experiment, caller.experiments, limiter=self._limiter
            )
            await asyncio.wrap_future(accepted.stored)
        answer = _answer(accepted.faults)
        # In the sender's own form, as OTLP asks.
        form = answer.SerializeToString() if kind == _PROTOBUF else MessageToJson(answer, indent=None)
        return Response(form, media_type=kind)

    def _accept(
        self, kind: str, body: bytes, encoding: str, experiment: str | None, allowed: frozenset[str] | None
    ) -> Accepted:
        decoded = plain(body, encoding, self._max_body_bytes)
        request = decoded if kind == _PROTOBUF else to_protobuf(decoded)
        return self._pipeline.accept(request, experiment, allowed)

    def _announced_size(self, request: Request) -> int:
        announced = request.headers.get("content-length", "")
        # A body sent in chunks does not say how long it will be.
        size = int(announced) if announced.isdecimal() else self._max_body_bytes
        if size > self._max_body_bytes:
            raise too_large(self._max_body_bytes)
        return size

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body_bytes:
                raise too_large(self._max_body_bytes)
        return bytes(body)


def _answer(faults: list[str]) -> ExportTraceServiceResponse:
    """Says which spans were not kept; nothing where all were."""
    answer = ExportTraceServiceResponse()
    if faults:
        answer.partial_success.rejected_spans = len(faults)
        answer.partial_success.error_message = said(faults)
    return answer


def _kind(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in {_PROTOBUF, _JSON}:
        raise UnsupportedMediaError(
            f"Content-Type '{kind[:80]}' is not read here: send OTLP as protobuf ({_PROTOBUF}) or JSON "
            f"({_JSON}). OpenTelemetry SDKs send the first with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf."
        )
    return kind
