"""Who is signed in with a browser. Sessions live in this process's memory: a restart signs everyone out.

The browser's cookie holds a random id; the token that was shown at the door stays out of it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from outcrop_server.access.secret import digest

if TYPE_CHECKING:
    from collections.abc import Callable

LIFETIME_S = 12 * 3600
_MOST_SESSIONS = 10_000
_BYTES = 32


class SessionBook:
    """The open sessions.

    Args:
        clock: the time in seconds, of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By the digest of the id, oldest first: what a dump of memory shows opens nothing.
        self._sessions: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def open(self, token_id: str) -> str:
        """Begins a session of a token's owner; gives its id."""
        session_id = secrets.token_urlsafe(_BYTES)
        with self._lock:
            self._sessions[digest(session_id)] = (token_id, self._clock() + LIFETIME_S)
            if len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return session_id

    def token_id(self, session_id: str) -> str | None:
        """The id of the token that a session was begun with; None if it is not open."""
        key = digest(session_id)
        with self._lock:
            token_id, ends_at = self._sessions.get(key, ("", 0.0))
            if token_id and self._clock() >= ends_at:
                del self._sessions[key]
                return None
        return token_id or None

    def close(self, session_id: str) -> None:
        """Ends a session; nothing if it is not open."""
        with self._lock:
            self._sessions.pop(digest(session_id), None)
