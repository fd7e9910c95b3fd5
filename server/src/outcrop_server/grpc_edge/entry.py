"""From a call's metadata to its caller: the door, roles, limits and audit lines are those of HTTP."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from anyio import CapacityLimiter, to_thread
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from outcrop_server.access import roles
from outcrop_server.access.door import Shown, is_forwarded
from outcrop_server.model.errors import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import Headers

    from outcrop_server.access.door import Door
    from outcrop_server.model.access import Caller


class Entry:
    """Knows each caller, or refuses.

    Args:
        door: knows who may come in.
        trusted_proxies: those that are believed when they say who calls; addresses or networks.
    """

    def __init__(self, door: Door, trusted_proxies: Sequence[str]) -> None:
        self._door = door
        # Its own types speak of servers and events, of which it only hands on what it is given.
        self._proxies: Any = None
        if trusted_proxies:
            self._proxies = ProxyHeadersMiddleware(_nothing, list(trusted_proxies))
        # A thread of its own, as at HTTP's gate.
        self._limiter = CapacityLimiter(1)

    async def let_in(self, headers: Headers, peer: str, method: str) -> Caller:
        """Who calls, if they may send spans.

        Args:
            headers: the call's metadata.
            peer: who is connected, as gRPC writes it.
            method: the full name of what is called.

        Raises:
            RequestError: they may not, or not now; says why.
        """
        if "origin" in headers:
            # No page speaks gRPC by itself; what translates for one must not bring it past HTTP's checks.
            raise ForbiddenError("Calls from pages in a browser are refused: these come with an Origin.")
        if self._door.book.is_stale:
            await to_thread.run_sync(
                partial(self._door.book.refresh, only_if_stale=True), limiter=self._limiter
            )
        shown = Shown(
            authorization=headers.get("authorization"),
            client=await self._client(headers, address_of(peer)),
            is_forwarded=is_forwarded(headers),
        )
        caller = self._door.caller(shown)
        roles.check(caller, "write", method="gRPC", path=method)
        return caller

    async def _client(self, headers: Headers, address: str) -> str:
        """The address that a trusted proxy names, by the very rule of HTTP's server; else the peer's own."""
        if self._proxies is None:
            return address
        scope: dict[str, Any] = {"type": "http", "headers": headers.raw, "client": (address, 0)}
        await self._proxies(scope, None, None)
        return str(scope["client"][0])


def address_of(peer: str) -> str:
    """The address in `ipv4:127.0.0.1:5000` or `ipv6:%5B::1%5D:5000`; empty for what is no such peer."""
    kind, _, rest = peer.partition(":")
    if kind not in {"ipv4", "ipv6"}:
        return ""
    return unquote(rest).rpartition(":")[0].strip("[]")


async def _nothing(*_: object) -> None:
    """Stands for an application: what the middleware found out is in its scope."""
