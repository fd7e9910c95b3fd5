"""The OpenAPI document of the read API. `python -m outcrop_server.api.openapi` prints it.

The page's TypeScript types are made from it, so it must come out the same every time.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from outcrop._version import __version__
from outcrop_server.api import (
    aggregates,
    compare,
    experiments,
    export,
    health,
    judging,
    retention,
    search,
    session,
    sessions,
    spans,
    store,
    tail,
    tokens,
    traces,
    views,
)
from outcrop_server.api.problems import responses
from outcrop_server.api.schemas import Problem

# What has a name goes before what takes any: `/api/traces/count` before `/api/traces/{trace_id}`.
ROUTERS = (
    experiments.router,
    retention.router,
    aggregates.router,
    sessions.router,
    compare.router,
    search.router,
    # Before the traces, one of which would have to be called `tail`.
    tail.router,
    export.router,
    traces.router,
    spans.router,
    judging.router,
    views.router,
    session.router,
    tokens.router,
    health.router,
    store.router,
)
# What the gate may answer instead of any route below /api.
_REFUSALS = {str(status): answer for status, answer in responses(401, 403, 429).items()}

router = APIRouter()


def document() -> dict[str, Any]:
    """The document as JSON values."""
    app = FastAPI(title="Outcrop", version=__version__, description="What the page and the SDK read.")
    for part in ROUTERS:
        app.include_router(part)
    spec = app.openapi()
    # FastAPI announces its own 422; here a wrong parameter is a 400 with a Problem.
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            if path.startswith("/api/"):
                operation["responses"].update(_REFUSALS)
    shapes: dict[str, Any] = spec["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        shapes.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    # Its parts stand beside it, where the document's references look for them.
    shapes.update(problem.pop("$defs", {}))
    shapes["Problem"] = problem
    return spec


@cache
def text() -> str:
    """The document, the same letters for the same version."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@router.get("/api/openapi.json", include_in_schema=False)
async def get_openapi() -> Response:
    """The document for tools that want it from a running server."""
    return Response(text(), media_type="application/json")


if __name__ == "__main__":
    sys.stdout.write(text())
