"""Sees every request go by: measures it, gives it an id, and writes its line in the log.

A line holds no query, no header, no body and nothing else that a caller chose, but for the request's id.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from outcrop_server.observing.metrics import Metrics

_log = logging.getLogger("outcrop_server.requests")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# OpenTelemetry's word for methods that nobody knows.
_OTHER_METHOD = "_OTHER"
# Asked every few seconds by machines.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
# Answers that go on for as long as somebody listens.
_ENDLESS = frozenset({"/api/traces/tail"})
_ID_HEADER = b"x-request-id"
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_FAILED, _CALLER_LEFT = 500, 499
_MS = 1000
_SAID = frozenset({"method", "route", "status"})


class ObservedRequests:
    """Wraps the whole application.

    Args:
        app: what answers.
        metrics: told of each request.
        slow_request_ms: what takes longer is logged as a warning.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, slow_request_ms: float) -> None:
        self._app = app
        self._metrics = metrics
        self._slow_request_ms = slow_request_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"])
        began = time.perf_counter()
        status = read = written = 0

        async def counting_receive() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message

        async def counting_send(message: Message) -> None:
            nonlocal status, written
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], (_ID_HEADER, request_id)]
            else:
                written += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, counting_receive, counting_send)
        except Exception:
            status = _FAILED
            raise
        finally:
            duration_s = time.perf_counter() - began
            self._told(scope, request_id, status or _CALLER_LEFT, duration_s, (read, written))

    def _told(
        self, scope: Scope, request_id: bytes, status: int, duration_s: float, sizes: tuple[int, int]
    ) -> None:
        method = scope["method"] if scope["method"] in _METHODS else _OTHER_METHOD
        route: str = getattr(scope.get("route"), "path", "")
        self._metrics.on_request(method, route, status, duration_s)
        duration_ms = duration_s * _MS
        is_slow = duration_ms > self._slow_request_ms and route not in _ENDLESS
        told = Told(request_id.decode(), method, route, status, duration_ms, *sizes)
        write_line(told, is_slow=is_slow, is_fault=status >= _FAILED, is_probe=route in _PROBES)


class Told(NamedTuple):
    """What a line says of a request, or of a call over gRPC.

    Attributes:
        request_id: the caller's own, or a new one.
        method: HTTP's, or `gRPC`.
        route: the pattern of the path, not the path itself; of a call, the method's full name.
        status: HTTP's number, or gRPC's name.
        duration_ms: from the head of the request to the last byte of the answer, in milliseconds.
        request_bytes: of the body as it came.
        response_bytes: of the answer's body.
    """

    request_id: str
    method: str
    route: str
    status: int | str
    duration_ms: float
    request_bytes: int
    response_bytes: int


def write_line(told: Told, *, is_slow: bool, is_fault: bool, is_probe: bool = False) -> None:
    """Writes the line: a warning for what is slow or the server's fault."""
    level = logging.DEBUG if is_probe and not is_slow else logging.INFO
    if is_slow or is_fault:
        level = logging.WARNING
    if not _log.isEnabledFor(level):
        return
    fields = told._asdict()
    fields["duration_ms"] = round(told.duration_ms, 3)
    words = "Slow request: " if is_slow else ""
    extra = {"fields": fields, "said": _SAID}
    _log.log(level, "%s%s %s: %s", words, told.method, told.route or "(no route)", told.status, extra=extra)


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The caller's own where it is one, so that logs of several services can be read together."""
    for name, value in headers:
        if name == _ID_HEADER and _ID.fullmatch(value):
            return value
    return secrets.token_hex(8).encode()
