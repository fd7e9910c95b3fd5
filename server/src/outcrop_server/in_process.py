"""Asks an ASGI application without a connection: one request, its whole answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

# One of any size comes in pieces.
Body = bytes | Iterable[bytes] | None
_HOST = b"127.0.0.1"


def ask(application: Application, method: str, path: str, body: Body) -> tuple[int, bytes]:
    """Asks from a thread of its own, since the caller's may run an event loop already.

    Args:
        application: the application; its lifespan is not run.
        method: HTTP's method.
        path: the path, with a query if there is one.
        body: JSON, or None; in pieces where it is large.

    Returns:
        HTTP's status, and the body of the answer.
    """
    answers: list[tuple[int, bytes]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(asyncio.run(_ask(application, method, path, body)))
        except BaseException as error:  # noqa: BLE001  # raised again where it was asked for
            errors.append(error)

    thread = threading.Thread(target=run, name="outcrop-in-process")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return answers[0]


async def _ask(application: Application, method: str, path: str, body: Body) -> tuple[int, bytes]:
    parts = urlsplit(path)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", _HOST), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 0),
    }
    left = iter([body or b""] if body is None or isinstance(body, bytes) else body)
    is_given = False
    status = 0
    pieces: list[bytes] = []

    async def receive() -> Message:
        nonlocal is_given
        if not is_given:
            piece = next(left, None)
            is_given = piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": not is_given}
        # Who asks again waits for the caller to hang up, which this one never does.
        return await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    await application(scope, receive, send)
    return status, b"".join(pieces)
