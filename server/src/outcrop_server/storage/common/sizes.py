"""What a database takes on its disk, as it was a moment ago: asked for beside those who want to know."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from outcrop_server.model.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)
# Asking looks at every file: not with each question that a monitor has.
_OLD_S = 30.0


class Sizes:
    """Remembers them.

    Args:
        ask: asks the database for bytes by what they are; may raise a RequestError.
    """

    def __init__(self, ask: Callable[[], dict[str, int]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._found: dict[str, int] = {}
        self._asked_s: float | None = None

    def by_kind(self) -> dict[str, int]:
        """Bytes by what they are. Waits for nothing but the first answer."""
        now = time.monotonic()
        with self._lock:
            if self._asked_s is not None and now - self._asked_s < _OLD_S:
                return self._found
            self._asked_s = now
            is_first = not self._found
        if is_first:
            self._renew()
        else:
            # A database that is away would keep whoever asks how it is.
            threading.Thread(target=self._renew, name="outcrop-sizes", daemon=True).start()
        with self._lock:
            return self._found

    def _renew(self) -> None:
        try:
            found = self._ask()
        except RequestError as error:
            _log.warning("The store's size could not be asked for: %s", error)
            return
        with self._lock:
            self._found = found
