"""What every route needs: who asks, and reading, searching and judging within what this caller may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from outcrop_server.access.cookie import SessionCookie
from outcrop_server.access.door import Door
from outcrop_server.model.access import Caller
from outcrop_server.query.by_scope import Queries, QueriesByScope
from outcrop_server.query.experiments import ExperimentKeeper
from outcrop_server.query.exploring import TraceExplorer
from outcrop_server.query.export import Exporter
from outcrop_server.query.judging import Judge
from outcrop_server.query.reader import TraceReader
from outcrop_server.query.search import TraceFinder
from outcrop_server.query.tail import Tail
from outcrop_server.query.trees import TreeReader
from outcrop_server.query.views import ViewKeeper
from outcrop_server.storage.retention import RetainingStore
from outcrop_server.storage.tokens import TokenStore

if TYPE_CHECKING:
    from outcrop_server.api.schemas import ApiModel


# Async, although nothing waits: FastAPI would send a plain function to a thread of its own.
async def _caller(request: Request) -> Caller:
    # The gate has put it there; without it nobody is let in.
    caller: Caller = request.state.caller
    return caller


CallerOf = Annotated[Caller, Depends(_caller)]


async def _queries(request: Request, caller: CallerOf) -> Queries:
    by_scope: QueriesByScope = request.app.state.queries
    return by_scope.within(caller.experiments)


_QueriesOf = Annotated[Queries, Depends(_queries)]


async def _reader(queries: _QueriesOf) -> TraceReader:
    return queries.reader


async def _finder(queries: _QueriesOf) -> TraceFinder:
    return queries.finder


async def _explorer(queries: _QueriesOf) -> TraceExplorer:
    return queries.explorer


async def _judge(queries: _QueriesOf) -> Judge:
    return queries.judge


async def _trees(queries: _QueriesOf) -> TreeReader:
    return queries.trees


async def _exporter(queries: _QueriesOf) -> Exporter:
    return queries.exporter


async def _experiments(queries: _QueriesOf) -> ExperimentKeeper:
    return queries.experiments


async def _sizes(request: Request) -> RetainingStore:
    sizes: RetainingStore = request.app.state.tokens
    return sizes


async def _views(queries: _QueriesOf) -> ViewKeeper:
    return queries.views


async def _tail(request: Request) -> Tail:
    tail: Tail = request.app.state.tail
    return tail


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


async def _cookie(request: Request) -> SessionCookie:
    cookie: SessionCookie = request.app.state.cookie
    return cookie


async def _tokens(request: Request) -> TokenStore:
    tokens: TokenStore = request.app.state.tokens
    return tokens


CookieOf = Annotated[SessionCookie, Depends(_cookie)]
DoorOf = Annotated[Door, Depends(_door)]
Explorer = Annotated[TraceExplorer, Depends(_explorer)]
Finder = Annotated[TraceFinder, Depends(_finder)]
JudgeOf = Annotated[Judge, Depends(_judge)]
Export = Annotated[Exporter, Depends(_exporter)]
Trees = Annotated[TreeReader, Depends(_trees)]
Reader = Annotated[TraceReader, Depends(_reader)]
ExperimentsOf = Annotated[ExperimentKeeper, Depends(_experiments)]
Sizes = Annotated[RetainingStore, Depends(_sizes)]
Views = Annotated[ViewKeeper, Depends(_views)]
TailOf = Annotated[Tail, Depends(_tail)]
Tokens = Annotated[TokenStore, Depends(_tokens)]


def json_answer(model: ApiModel, status: int = 200) -> Response:
    """The answer as JSON, written once: FastAPI would check and copy what is right by construction."""
    # Payloads are private: no cache on the way may keep them.
    return Response(
        model.model_dump_json(), status, media_type="application/json", headers={"Cache-Control": "no-store"}
    )
