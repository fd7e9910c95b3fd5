"""`GET /api/sessions…`: traces that name the same session, together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from outcrop_server.api import aggregate_render as render
from outcrop_server.api.aggregate_schemas import SessionDetail, SessionPage
from outcrop_server.api.dependencies import Explorer, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.api.render import trace_summary

router = APIRouter(tags=["sessions"])

Limit = Annotated[int, Query(ge=1, le=200, description="Most on a page.")]


@router.get(
    "/api/sessions", operation_id="listSessions", response_model=SessionPage, responses=responses(400, 403)
)
def list_sessions(
    explorer: Explorer,
    experiments: Annotated[
        list[str] | None, Query(max_length=100, description="Names or ids; all experiments if left out.")
    ] = None,
    page_token: Annotated[str | None, Query(description="`next_page_token` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    """A page of sessions, those used last first."""
    page = explorer.sessions(experiments or [], page_token, limit)
    sessions = [render.session(row) for row in page.sessions]
    return json_answer(SessionPage(sessions=sessions, next_page_token=page.next_page_token))


@router.get(
    # An id may hold slashes: it is the sender's own word.
    "/api/sessions/{session_id:path}",
    operation_id="getTraceSession",
    response_model=SessionDetail,
    responses=responses(400, 403, 404),
)
def get_session(
    explorer: Explorer,
    session_id: Annotated[str, Path(description="As its traces name it.")],
    experiment: Annotated[str | None, Query(description="Name or id; all if left out.")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    """A session and a page of its traces, from the first one on."""
    found = explorer.session(session_id, experiment, cursor, limit)
    detail = SessionDetail(
        sessions=[render.session(row) for row in found.sessions],
        traces=[trace_summary(trace) for trace in found.traces],
        next_cursor=found.next_cursor,
    )
    return json_answer(detail)
