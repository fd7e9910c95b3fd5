"""A server's API over a store in this process: the same requests and answers, without a connection."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from outcrop.delivery.server_api import ServerApi
from outcrop.exceptions import OutcropError

if TYPE_CHECKING:
    from outcrop.delivery.embedded import EmbeddedStore

_REFUSED = 400


class EmbeddedApi(ServerApi):
    """Asks a store."""

    def __init__(self, name: str, open_store: Callable[[], EmbeddedStore]) -> None:
        """`name` is the store's, in the words of errors."""
        super().__init__(name)
        self._open_store = open_store

    def page_url(self, trace_id: str) -> str | None:  # noqa: ARG002  # as the base's
        """No server, no page."""
        return None

    def ask(self, method: str, path: str, body: Any = None, timeout_s: float = 0) -> bytes:  # noqa: ARG002  # as the base's
        """The answer to a request; there is no network to wait for."""
        data = None if body is None else json.dumps(body).encode()
        try:
            status, answer = self._open_store().ask(method, path, data)
        except OSError as error:
            raise OutcropError(f"Traces cannot be read from {self._base}: {error}.") from error
        if status >= _REFUSED:
            raise self.refusal(status, answer)
        return answer
