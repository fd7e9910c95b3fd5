"""Who is signed in with a browser: a copy of what the store keeps, so that every server over it knows them.

The browser's cookie holds a random id; the token that was shown at the door stays out of it.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import TYPE_CHECKING

from outcrop_server.access.secret import digest
from outcrop_server.model.access import PageSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from outcrop_server.storage.tokens import TokenStore

LIFETIME_S = 12 * 3600
_MOST_SESSIONS = 10_000
_BYTES = 32
_NS_IN_S = 1_000_000_000
# A session that another server began is looked for when its cookie comes; whoever makes ids up must not have
# the store read for each.
_LOOK_EVERY_S = 0.05


class SessionBook:
    """The copy.

    Args:
        store: where sessions are kept.
        now_ns: the time of day.
        clock: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        store: TokenStore,
        now_ns: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._now_ns = now_ns
        self._clock = clock
        self._lock = threading.Lock()
        # By the digest of the id: what a dump of memory shows opens nothing.
        self._sessions: dict[bytes, PageSession] = {}
        self._read_at: float | None = None

    def refresh(self) -> None:
        """Reads the store. Waits for the disk.

        Raises:
            UnavailableError: it cannot be read; the copy stays as it was.
        """
        with self._lock:
            began = self._clock()
            self._sessions = {each.digest: each for each in self._store.page_sessions()}
            self._read_at = began

    def has_unknown(self, session_ids: Iterable[str]) -> bool:
        """Whether `refresh` may find one of these that the copy lacks."""
        if self._read_at is not None and self._clock() - self._read_at < _LOOK_EVERY_S:
            return False
        return any(digest(each) not in self._sessions for each in session_ids)

    @property
    def has_any(self) -> bool:
        """Whether anybody is signed in, as far as the copy knows."""
        return bool(self._sessions)

    def open(self, token_id: str) -> str:
        """Begins a session of a token's owner; gives its id. Waits for the disk.

        Raises:
            UnavailableError: it cannot be kept.
        """
        session_id = secrets.token_urlsafe(_BYTES)
        now_ns = self._now_ns()
        session = PageSession(digest(session_id), token_id, now_ns + LIFETIME_S * _NS_IN_S)
        self._store.add_page_session(session, now_ns, _MOST_SESSIONS).result()
        with self._lock:
            self._sessions = {**self._sessions, session.digest: session}
        return session_id

    def token_id(self, session_id: str) -> str | None:
        """The id of the token that a session was begun with; None if it is not open."""
        session = self._sessions.get(digest(session_id))
        return None if session is None or self._now_ns() >= session.ends_at_ns else session.token_id

    def close(self, session_id: str) -> None:
        """Ends a session; nothing if it is not open. Waits for the disk.

        Raises:
            UnavailableError: it cannot be ended now.
        """
        key = digest(session_id)
        self._store.end_page_session(key).result()
        with self._lock:
            self._sessions = {each: session for each, session in self._sessions.items() if each != key}
