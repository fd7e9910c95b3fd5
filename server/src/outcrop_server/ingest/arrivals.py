"""Wakes those who wait for spans of a trace, so that nobody has to ask the store again and again."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


class Arrivals:
    """Knows who waits for which trace, in this process; another one's spans wake nobody."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._awaited: dict[bytes, list[threading.Event]] = {}

    @contextmanager
    def of(self, trace_id: bytes) -> Generator[threading.Event]:
        """An event that is set whenever spans of this trace are durable; whoever waits clears it."""
        event = threading.Event()
        with self._lock:
            self._awaited.setdefault(trace_id, []).append(event)
        try:
            yield event
        finally:
            with self._lock:
                events = self._awaited[trace_id]
                events.remove(event)
                if not events:
                    del self._awaited[trace_id]

    def came(self, trace_ids: Iterable[bytes]) -> None:
        """Spans of these traces are durable."""
        # Mostly nobody waits, and then this costs nothing. Who begins to wait just now looks first.
        if not self._awaited:
            return
        with self._lock:
            for trace_id in trace_ids:
                for event in self._awaited.get(trace_id, ()):
                    event.set()
