"""`POST /api/import`: what an export wrote, of any size, taken in while it comes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from outcrop_server.ingest.importing import Importer, ImportReport
from outcrop_server.model.errors import BadRequestError, TooLargeError

if TYPE_CHECKING:
    from outcrop_server.ingest.pipeline import Pipeline
    from outcrop_server.model.access import Caller
    from outcrop_server.storage.api import TraceStore

_EXPERIMENT_HEADER = "x-outcrop-experiment"
_PIECE_BYTES = 256 * 1024
# Beside senders, who must not wait for an import.
_THREADS = 1


class ImportEndpoint:
    """Receives files.

    Args:
        pipeline: what takes spans in.
        store: where they go.
        max_item_bytes: most that one span or line may have.
    """

    def __init__(self, pipeline: Pipeline, store: TraceStore, max_item_bytes: int) -> None:
        self._pipeline = pipeline
        self._store = store
        self._max_item_bytes = max_item_bytes
        self._limiter = CapacityLimiter(_THREADS)

    def router(self) -> APIRouter:
        """The route. Its body is a file, so the API's document, of which types are made, does not list it."""
        router = APIRouter()
        router.add_api_route("/api/import", self._post, methods=["POST"], include_in_schema=False)
        return router

    async def _post(self, request: Request) -> Response:
        caller: Caller = request.state.caller
        # A header has no form for most names; it is what OTLP's senders can set.
        experiment = request.query_params.get("experiment") or request.headers.get(_EXPERIMENT_HEADER)
        importer = Importer(self._pipeline, self._store, experiment, caller.experiments, self._max_item_bytes)
        try:
            report = await self._take(request, importer)
        except (BadRequestError, TooLargeError) as error:
            so_far = await to_thread.run_sync(importer.stopped, limiter=self._limiter)
            raise type(error)(f"{error} {_kept(so_far)}") from error
        return Response(
            json.dumps(asdict(report)), media_type="application/json", headers={"Cache-Control": "no-store"}
        )

    async def _take(self, request: Request, importer: Importer) -> ImportReport:
        waiting = bytearray()
        # While a piece is read no more is asked of the sender: the connection holds it back.
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _PIECE_BYTES:
                await to_thread.run_sync(importer.feed, bytes(waiting), limiter=self._limiter)
                waiting.clear()
        await to_thread.run_sync(importer.feed, bytes(waiting), limiter=self._limiter)
        return await to_thread.run_sync(importer.finish, limiter=self._limiter)


def _kept(report: ImportReport) -> str:
    """What was taken in of a file that went wrong."""
    spans = report.new_spans + report.known_spans
    return f"Kept of the file: {spans:,} spans, {report.new_spans:,} of them new."
