"""`/api/session`: signing in, signing out, and who one is. The page's form is in `web.sign_in`."""

from __future__ import annotations

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import Response

from outcrop_server.api.access_schemas import Session, SignIn
from outcrop_server.api.dependencies import CallerOf, CookieOf, DoorOf, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.model.access import Caller

router = APIRouter(tags=["access"])


@router.get("/api/session", operation_id="getSession", response_model=Session)
async def get_session(caller: CallerOf) -> Response:
    """Who asks, and what this caller may do."""
    return json_answer(_session(caller))


@router.post(
    "/api/session", operation_id="signIn", response_model=Session, status_code=201, responses=responses(400)
)
async def sign_in(request: Request, door: DoorOf, cookie: CookieOf, shown: SignIn) -> Response:
    """Begins a browser's session with a token; its cookie holds another secret."""
    session_id, caller = await to_thread.run_sync(door.sign_in, shown.token, _client(request))
    answer = json_answer(_session(caller), 201)
    answer.headers.append("set-cookie", cookie.given(session_id, request.url.scheme))
    return answer


@router.delete("/api/session", operation_id="signOut", status_code=204, response_class=Response)
async def sign_out(request: Request, door: DoorOf, cookie: CookieOf) -> Response:
    """Ends the session; nothing if there is none."""
    session_ids = cookie.read(request.headers.get("cookie"), request.url.scheme)
    if session_ids:
        await to_thread.run_sync(door.sign_out, session_ids, _client(request))
    return Response(status_code=204, headers={"set-cookie": cookie.taken(request.url.scheme)})


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


def _session(caller: Caller) -> Session:
    return Session(
        name=caller.name,
        role=caller.role,
        experiments=None if caller.experiments is None else sorted(caller.experiments),
        is_anonymous=caller.is_anonymous,
        has_session=caller.has_session,
    )
