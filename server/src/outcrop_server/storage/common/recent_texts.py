"""The words of traces that the index does not know yet, kept for the next search that looks at them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

# Of all of them together.
_MAX_CHARACTERS = 8_000_000


class Version(NamedTuple):
    """A trace as it was at one moment."""

    trace_id: bytes
    change: int
    span_count: int


class RecentTexts:
    """Keeps texts of traces by their versions, those asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Version, list[str]] = OrderedDict()
        self._characters = 0

    def get(self, version: Version) -> list[str] | None:
        """The texts of a version; None if they are not kept."""
        with self._lock:
            found = self._kept.get(version)
            if found is not None:
                self._kept.move_to_end(version)
            return found

    def keep(self, version: Version, texts: list[str]) -> None:
        """Keeps texts for as long as there is room."""
        with self._lock:
            if version in self._kept:
                return
            self._kept[version] = texts
            self._characters += _size(texts)
            while self._characters > _MAX_CHARACTERS and self._kept:
                _, gone = self._kept.popitem(last=False)
                self._characters -= _size(gone)


def _size(texts: list[str]) -> int:
    return sum(map(len, texts))
