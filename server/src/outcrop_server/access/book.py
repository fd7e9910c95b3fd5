"""The tokens that a running server knows: a copy of the store's, read again when it is a second old.

A token that is revoked by any process is so refused within a second, and a request costs no look at the disk.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from typing import TYPE_CHECKING

from outcrop_server.access import audit
from outcrop_server.access.secret import digest
from outcrop_server.model.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from outcrop_server.model.access import AccessToken
    from outcrop_server.storage.tokens import TokenStore

_FRESH_S = 1.0
# How exactly the store knows when a token was used last: each note is a commit.
_NOTE_EVERY_NS = 60 * 10**9
_log = logging.getLogger(__name__)


class TokenBook:
    """The copy.

    Args:
        store: where tokens are kept.
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
        self._by_digest: dict[bytes, AccessToken] = {}
        self._by_id: dict[str, AccessToken] = {}
        self._read_at: float | None = None
        self._used: dict[str, int] = {}
        self._noted: dict[str, int] = {}

    @property
    def is_stale(self) -> bool:
        """Whether `refresh` is due."""
        return self._read_at is None or self._clock() - self._read_at >= _FRESH_S

    @property
    def has_any(self) -> bool:
        """Whether a token was ever made."""
        return bool(self._by_id)

    @property
    def has_valid(self) -> bool:
        """Whether a token opens something now."""
        return any(self.is_valid(token) for token in self._by_id.values())

    def refresh(self, *, only_if_stale: bool = False) -> None:
        """Reads the store, and tells it which tokens were used. Waits for the disk.

        Args:
            only_if_stale: several who ask at once are content with one look.

        Raises:
            UnavailableError: the store cannot be read; the copy stays as it was.
        """
        with self._lock:
            if only_if_stale and not self.is_stale:
                return
            began = self._clock()
            tokens = self._store.access_tokens()
            if self._read_at is not None:
                self._record_changes(tokens)
            self._by_digest = {token.digest: token for token in tokens}
            self._by_id = {token.token_id: token for token in tokens}
            self._read_at = began
        self._note(self._due(_NOTE_EVERY_NS))

    def find(self, text: str) -> AccessToken | None:
        """The token that somebody shows, be it valid or not; None if it is none of ours."""
        shown = digest(text)
        token = self._by_digest.get(shown)
        return token if token is not None and hmac.compare_digest(token.digest, shown) else None

    def of_id(self, token_id: str) -> AccessToken | None:
        """A token by its id, be it valid or not."""
        return self._by_id.get(token_id)

    def is_valid(self, token: AccessToken) -> bool:
        """Whether a token opens anything now."""
        return token.opens_at(self._now_ns())

    def used(self, token: AccessToken) -> None:
        """Remembers that a token was used now."""
        self._used[token.token_id] = self._now_ns()

    def close(self) -> None:
        """Tells the store when each token was used last."""
        noted = self._note(self._due(1))
        if noted is not None:
            # Whether it could be told has been logged by then.
            noted.exception()

    def _due(self, after_ns: int) -> dict[str, int]:
        used = dict(self._used)
        return {
            token_id: at for token_id, at in used.items() if at - self._noted.get(token_id, 0) >= after_ns
        }

    def _note(self, used_at_ns: dict[str, int]) -> Future[None] | None:
        if not used_at_ns:
            return None
        try:
            noted = self._store.note_token_use(used_at_ns)
        except RequestError as error:
            _log.warning("When tokens were last used could not be kept: %s", error)
            return None
        self._noted.update(used_at_ns)
        noted.add_done_callback(_tell_failure)
        return noted

    def _record_changes(self, tokens: list[AccessToken]) -> None:
        """Audit lines of what changed, whichever process changed it."""
        for token in tokens:
            before = self._by_id.get(token.token_id)
            if before is None:
                audit.record(
                    "token.created",
                    by=token.created_by,
                    token=token.name,
                    made_token_id=token.token_id,
                    role=token.role,
                    experiments=token.experiments,
                )
            if token.revoked_at_ns is not None and (before is None or before.revoked_at_ns is None):
                audit.record(
                    "token.revoked",
                    by=token.revoked_by or "",
                    token=token.name,
                    revoked_token_id=token.token_id,
                )


def _tell_failure(noted: Future[None]) -> None:
    error = noted.exception()
    if error is not None:
        _log.warning("When tokens were last used could not be kept: %s", error)
