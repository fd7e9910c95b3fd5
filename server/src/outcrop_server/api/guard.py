"""From where one may ask: refuses foreign Host headers and what other sites make a browser send.

The server may ask nobody for a token on loopback. So a page elsewhere must not reach it through the
browser of someone who runs it: by a name of its own that resolves to 127.0.0.1 (DNS rebinding), or by
sending requests across sites.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from outcrop_server.access import audit
from outcrop_server.access.limits import FailureLimit
from outcrop_server.api.problems import from_request_error
from outcrop_server.model.access import ANONYMOUS
from outcrop_server.model.errors import ForbiddenError
from outcrop_server.settings import Settings, is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_GUARDED = ("/api/", "/v1/")
_OPENING_A_PAGE = frozenset({"GET", "HEAD"})


class Guard:
    """Lets through what comes by an allowed name and from no other site.

    Args:
        app: what answers.
        settings: the host that the server is bound to, and further names.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._names = {settings.host.lower(), *(name.lower() for name in settings.allowed_hosts)}
        self._is_remote = not is_loopback(settings.host)
        self._recorded = FailureLimit()
        if self._is_remote:
            self._names.add(socket.gethostname().lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers or refuses one request, as ASGI has it."""
        if scope["type"] == "http":
            is_opening = scope["method"] in _OPENING_A_PAGE and not scope["path"].startswith(_GUARDED)
            fault = self._fault(Headers(scope=scope), is_opening)
            if fault:
                self._record(scope, fault)
                await from_request_error(ForbiddenError(fault))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _record(self, scope: Scope, fault: str) -> None:
        client = scope["client"][0] if scope.get("client") else ""
        # A page elsewhere that asks again and again must not fill the log.
        if not self._recorded.wait_s(client):
            self._recorded.failed(client)
            audit.record("refused", by=ANONYMOUS, client=client, why=fault, path=scope["path"][:200])

    def _fault(self, headers: Headers, is_opening_a_page: bool) -> str | None:
        """Why a request is refused; None if it is not."""
        host = headers.get("host", "")
        if not self._is_allowed(_host_name(host)):
            return (
                f"This server does not answer to the name '{host[:100]}'. Use its address, or "
                "add the name to OUTCROP_ALLOWED_HOSTS."
            )
        if is_opening_a_page:
            return None
        origin = headers.get("origin")
        if origin is not None and not self._is_allowed(_host_name(_netloc(origin))):
            return f"Requests from pages of '{origin[:100]}' are refused."
        if headers.get("sec-fetch-site", "").lower() == "cross-site":
            return "Requests from pages of other sites are refused."
        return None

    def _is_allowed(self, name: str | None) -> bool:
        if not name:
            return False
        if name in self._names or is_loopback(name):
            return True
        # An attacker's page can have any name resolve here, but its origin is a name and never an address.
        return self._is_remote and _is_address(name)


def _netloc(origin: str) -> str:
    """Host and port of an Origin header; empty for `null` and what is no URL."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _host_name(host: str) -> str | None:
    """The name in `name:port`, lowercase; None if there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
