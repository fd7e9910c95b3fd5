"""`GET /healthz`: whether the server answers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from outcrop._version import __version__
from outcrop_server.api.dependencies import json_answer
from outcrop_server.api.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="getHealth", response_model=Health)
async def get_health() -> Response:
    """The server answers, and in which version."""
    return json_answer(Health(status="ok", version=__version__))
