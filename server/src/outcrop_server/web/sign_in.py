"""`/sign-in` and `/sign-out`: a form that works without script. The API's way is `/api/session`."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from outcrop_server.model.errors import (
    ForbiddenError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
)
from outcrop_server.web.sign_in_words import ENGLISH, JAPANESE, Words, form_page, signed_in_page

if TYPE_CHECKING:
    from outcrop_server.access.cookie import SessionCookie
    from outcrop_server.access.door import Door

_STYLE = Path(__file__).parent / "sign_in.css"
_MOST_BYTES = 8192
_FRESH = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
_HOME = "/traces"


class SignInPages:
    """The two addresses, and the style sheet.

    Args:
        door: knows who may come in.
        cookie: the session's cookie.
    """

    def __init__(self, door: Door, cookie: SessionCookie) -> None:
        self._door = door
        self._cookie = cookie

    def router(self) -> APIRouter:
        """The routes; include them before the page's own."""
        router = APIRouter()
        for path, method, answer in (
            ("/sign-in", "GET", self._show),
            ("/sign-in", "POST", self._sign_in),
            ("/sign-out", "POST", self._sign_out),
            ("/sign-in.css", "GET", _style),
        ):
            router.add_api_route(path, answer, methods=[method], include_in_schema=False)
        return router

    async def _show(self, request: Request) -> Response:
        words = _words(request)
        onward = _local(request.query_params.get("next", ""))
        caller = self._door.signed_in(self._session_ids(request), _client(request))
        if caller is not None:
            return _page(signed_in_page(words, onward, caller))
        return _page(form_page(words, onward, is_needed=self._door.asks_for_tokens))

    async def _sign_in(self, request: Request) -> Response:
        words = _words(request)
        form = await _form(request)
        onward = _local(form.get("next", ""))
        try:
            token = form.get("token", "")
            session_id, _ = await to_thread.run_sync(self._door.sign_in, token, _client(request))
        except UnauthorizedError:
            return _refusal(words, onward, words.wrong, HTTPStatus.UNAUTHORIZED)
        except ForbiddenError:
            return _refusal(words, onward, words.for_programs, HTTPStatus.FORBIDDEN)
        except TooManyRequestsError as error:
            answer = _refusal(words, onward, words.too_many, HTTPStatus.TOO_MANY_REQUESTS)
            answer.headers["Retry-After"] = str(error.retry_after_s)
            return answer
        return self._sent_on(onward, self._cookie.given(session_id, request.url.scheme))

    async def _sign_out(self, request: Request) -> Response:
        session_ids = self._session_ids(request)
        if session_ids:
            await to_thread.run_sync(self._door.sign_out, session_ids, _client(request))
        return self._sent_on("/sign-in", self._cookie.taken(request.url.scheme))

    def _session_ids(self, request: Request) -> tuple[str, ...]:
        return self._cookie.read(request.headers.get("cookie"), request.url.scheme)

    @staticmethod
    def _sent_on(onward: str, cookie: str) -> Response:
        answer = RedirectResponse(onward, HTTPStatus.SEE_OTHER, headers=_FRESH)
        answer.headers.append("set-cookie", cookie)
        return answer


async def _style() -> Response:
    return FileResponse(_STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})


def _page(html: str, status: int = HTTPStatus.OK) -> Response:
    return HTMLResponse(html, status, headers=_FRESH)


def _refusal(words: Words, onward: str, fault: str, status: int) -> Response:
    return _page(form_page(words, onward, fault=fault), status)


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise TooLargeError(f"A sign-in takes at most {_MOST_BYTES} bytes.")
    fields = parse_qs(body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in fields.items()}


def _local(path: str) -> str:
    """Where to go afterwards: a path of this server, or the traces."""
    is_path = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-"))
    return path if is_path and path.isprintable() and path.isascii() else _HOME


def _words(request: Request) -> Words:
    """Japanese for whoever prefers it to English."""
    for part in request.headers.get("accept-language", "").split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language == "ja":
            return JAPANESE
        if language == "en":
            return ENGLISH
    return ENGLISH


def _client(request: Request) -> str:
    return request.client.host if request.client else ""
