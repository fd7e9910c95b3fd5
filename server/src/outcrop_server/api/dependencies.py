"""What every route needs: the reading side, which `app` puts on the application's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from outcrop_server.query.reader import TraceReader

if TYPE_CHECKING:
    from outcrop_server.api.schemas import ApiModel


# Async, although nothing waits: FastAPI would send a plain function to a thread of its own.
async def _reader(request: Request) -> TraceReader:
    reader: TraceReader = request.app.state.reader
    return reader


Reader = Annotated[TraceReader, Depends(_reader)]


def json_answer(model: ApiModel) -> Response:
    """The answer as JSON, written once: FastAPI would check and copy what is right by construction."""
    # Payloads are private: no cache on the way may keep them.
    return Response(
        model.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"}
    )
