"""Asks each request who sends it, and lets through what the caller's role allows (`access.rules`).

Routes find the caller in the request's state, by `dependencies.CallerOf`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers

from outcrop_server.access import audit, roles, rules
from outcrop_server.access.door import Shown, is_forwarded
from outcrop_server.api.problems import from_request_error
from outcrop_server.model.errors import ForbiddenError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from outcrop_server.access.cookie import SessionCookie
    from outcrop_server.access.door import Door

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SHOWN = 200


class Dialect(NamedTuple):
    """How clients of another kind show who they are, and read refusals.

    Attributes:
        is_spoken: whether a request of a path and headers is theirs.
        authorization: what their header of this name says, as ours would.
        refusal: an error as they read it.
    """

    is_spoken: Callable[[str, Headers], bool]
    authorization: Callable[[str | None], str | None]
    refusal: Callable[[RequestError], Response]


class Gate:
    """Knows each caller, or refuses.

    Args:
        app: what answers.
        door: knows who may come in.
        cookie: reads the session's cookie.
        dialect: of those clients that are not Outcrop's own.
    """

    def __init__(self, app: ASGIApp, door: Door, cookie: SessionCookie, dialect: Dialect) -> None:
        self._app = app
        self._door = door
        self._cookie = cookie
        self._dialect = dialect
        # A thread of its own: slow searches must not keep senders before the gate.
        self._limiter = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or refuses one request, as ASGI has it."""
        if scope["type"] == "http":
            try:
                await self._let_in(scope)
            except RequestError as error:
                is_theirs = self._dialect.is_spoken(scope["path"], Headers(scope=scope))
                answer = self._dialect.refusal(error) if is_theirs else from_request_error(error)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope) -> None:
        needed = rules.need(scope["method"], scope["path"])
        if needed == "nothing" and scope["path"] not in {"/sign-in", "/sign-out", "/api/session"}:
            return
        headers = Headers(scope=scope)
        session_ids = self._cookie.read(headers.get("cookie"), scope["scheme"])
        if self._door.must_look(session_ids):
            await to_thread.run_sync(partial(self._door.look, session_ids), limiter=self._limiter)
        if needed == "nothing":
            return
        client = scope.get("client")
        authorization = headers.get("authorization")
        if self._dialect.is_spoken(scope["path"], headers):
            authorization = self._dialect.authorization(authorization)
        shown = Shown(
            authorization=authorization,
            session_ids=session_ids,
            client=client[0] if client else "",
            is_forwarded=is_forwarded(headers),
        )
        caller = self._door.caller(shown)
        scope.setdefault("state", {})["caller"] = caller
        if caller.has_session and scope["method"] not in _SAFE and not _is_own_page(headers, scope["scheme"]):
            audit.record_by(
                caller, "refused", why="origin", method=scope["method"], path=scope["path"][:_SHOWN]
            )
            raise ForbiddenError(
                "A browser's session changes nothing but from this server's own page. Programs send a token: "
                "Authorization: Bearer …"
            )
        roles.check(caller, needed, method=scope["method"], path=scope["path"][:_SHOWN])


def _is_own_page(headers: Headers, scheme: str) -> bool:
    """Whether a request comes from a page of the very address that it goes to."""
    try:
        origin = urlsplit(headers.get("origin", ""))
    except ValueError:
        return False
    return origin.scheme == scheme and bool(origin.netloc) and origin.netloc == headers.get("host")
