"""`POST /v1/traces`: OTLP over HTTP. The answer is given when the spans are durable."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.responses import Response

from outcrop_server.ingest.body import Budget, plain, too_large
from outcrop_server.model.errors import UnsupportedMediaError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from outcrop_server.ingest.pipeline import Pipeline

_PROTOBUF = "application/x-protobuf"
_EXPERIMENT_HEADER = "x-outcrop-experiment"
_ACCEPTED = ExportTraceServiceResponse().SerializeToString()
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
        _check_type(request.headers.get("content-type", ""))
        with self._budget.reserved(self._announced_size(request)):
            body = await self._body(request)
            encoding = request.headers.get("content-encoding", "").strip().lower()
            experiment = request.headers.get(_EXPERIMENT_HEADER)
            stored = await to_thread.run_sync(self._accept, body, encoding, experiment, limiter=self._limiter)
            await asyncio.wrap_future(stored)
        return Response(_ACCEPTED, media_type=_PROTOBUF)

    def _accept(self, body: bytes, encoding: str, experiment: str | None) -> Future[int]:
        return self._pipeline.accept(plain(body, encoding, self._max_body_bytes), experiment)

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


def _check_type(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind != _PROTOBUF:
        raise UnsupportedMediaError(
            f"Content-Type '{kind[:80]}' is not read here: send OTLP as protobuf ({_PROTOBUF}). "
            "OpenTelemetry SDKs do so with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf."
        )
