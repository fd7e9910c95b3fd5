"""What every route needs: the query side's parts, which `app` puts on the application's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from outcrop_server.query.exploring import TraceExplorer
from outcrop_server.query.judging import Judge
from outcrop_server.query.reader import TraceReader
from outcrop_server.query.search import TraceFinder

if TYPE_CHECKING:
    from outcrop_server.api.schemas import ApiModel


# Async, although nothing waits: FastAPI would send a plain function to a thread of its own.
async def _reader(request: Request) -> TraceReader:
    reader: TraceReader = request.app.state.reader
    return reader


async def _finder(request: Request) -> TraceFinder:
    finder: TraceFinder = request.app.state.finder
    return finder


async def _explorer(request: Request) -> TraceExplorer:
    explorer: TraceExplorer = request.app.state.explorer
    return explorer


async def _judge(request: Request) -> Judge:
    judge: Judge = request.app.state.judge
    return judge


Explorer = Annotated[TraceExplorer, Depends(_explorer)]
Finder = Annotated[TraceFinder, Depends(_finder)]
JudgeOf = Annotated[Judge, Depends(_judge)]
Reader = Annotated[TraceReader, Depends(_reader)]


def json_answer(model: ApiModel, status: int = 200) -> Response:
    """The answer as JSON, written once: FastAPI would check and copy what is right by construction."""
    # Payloads are private: no cache on the way may keep them.
    return Response(
        model.model_dump_json(), status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )
