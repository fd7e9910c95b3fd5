"""Whether the server lives, whether it should be sent anything, and its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from outcrop._version import __version__
from outcrop_server.api.dependencies import json_answer
from outcrop_server.api.schemas import Health, NotReadyReason, Ready
from outcrop_server.model.errors import NotFoundError

if TYPE_CHECKING:
    from outcrop_server.observing.metrics import Metrics
    from outcrop_server.observing.readiness import Readiness

router = APIRouter(tags=["health"])
_NOT_READY = 503


@router.get("/healthz", operation_id="getHealth", response_model=Health)
async def get_health() -> Response:
    """The server answers, and in which version."""
    return json_answer(Health(status="ok", version=__version__))


@router.get(
    "/readyz",
    operation_id="getReadiness",
    response_model=Ready,
    responses={_NOT_READY: {"model": Ready, "description": "Nothing should be sent now."}},
)
def get_readiness(request: Request) -> Response:
    """Whether the server should be sent anything now; if not, every reason why."""
    readiness: Readiness = request.app.state.readiness
    reasons = [NotReadyReason(code=each.code, detail=each.detail) for each in readiness.reasons()]
    if reasons:
        return json_answer(Ready(status="not_ready", reasons=reasons), _NOT_READY)
    return json_answer(Ready(status="ready", reasons=[]))


@router.get("/metrics", include_in_schema=False)
def get_metrics(request: Request) -> Response:
    """The server's numbers, for Prometheus or another that reads OpenMetrics."""
    metrics: Metrics | None = request.app.state.metrics
    if metrics is None:
        raise NotFoundError("Nothing is counted here.")
    text, media_type = metrics.text(request.headers.get("accept", ""))
    # The whole type in the header: Starlette adds its own charset to what is given as a media type.
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})
