"""Applies the retention policy every so often, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from outcrop_server.model.errors import RequestError
from outcrop_server.upkeep.retention import Removed

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.upkeep.retention import Retention

_log = logging.getLogger(__name__)


class Keeper:
    """Runs retention at once, and then every few seconds.

    Args:
        retention: what is run. Without limits it still gives back the room of what users deleted.
        interval_s: seconds between the end of one run and the next.
        on_removed: told what was removed, if anything was.
    """

    def __init__(
        self, retention: Retention, interval_s: float, on_removed: Callable[[Removed], None]
    ) -> None:
        self._retention = retention
        self._interval_s = interval_s
        self._on_removed = on_removed
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outcrop-retention", daemon=True)

    def start(self) -> None:
        """Runs it from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step in work."""
        self._is_stopping.set()
        self._thread.join()

    def run_once(self) -> None:
        """Runs it now, in this thread; what stands in its way is logged, and tried again the next time."""
        removed = Removed()
        try:
            with self._retention.alone() as is_alone:
                if not is_alone:
                    # Another server over the store is at it.
                    return
                self._retention.run(self._is_stopping, removed)
        except RequestError as error:
            _log.warning("Old traces could not be removed now: %s", error)
        except Exception:  # noqa: BLE001 - a fault of ours must not end the thread: the next run may succeed
            _log.exception("Removing old traces failed")
        if removed.traces or removed.given_back_bytes:
            _log.info(
                "Removed %d old traces, gave %d bytes back",
                removed.traces.total(),
                removed.given_back_bytes,
            )
        if removed.traces:
            self._on_removed(removed)

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            self.run_once()
            self._is_stopping.wait(self._interval_s)
