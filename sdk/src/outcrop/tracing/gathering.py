"""What a generator yielded, gathered for its span: bounded, and as it was when it was yielded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from outcrop.capture.faults import logger
from outcrop.capture.render import MAX_JSON_BYTES, to_json

MAX_REDUCED_ITEMS = 100_000  # how many items are kept for a reducer
_BETWEEN = ", "

Reducer = Callable[[list[Any]], Any]


class Gathering(Protocol):
    """Takes items and gives them as JSON."""

    count: int

    def add(self, item: Any) -> None:
        """Takes one."""
        ...

    def render(self) -> str:
        """All of them, as JSON."""
        ...


class RenderedItems:
    """Keeps each item as text, as long as there is room: no object is kept alive."""

    def __init__(self) -> None:
        self.count = 0
        self._texts: list[str] = []
        self._left = MAX_JSON_BYTES

    def add(self, item: Any) -> None:
        """Takes one."""
        self.count += 1
        if self._left > 0:
            text = to_json(item, self._left)
            self._left -= len(text) + len(_BETWEEN)
            self._texts.append(text)

    def render(self) -> str:
        """A list; its last element says how many there were if some are left out."""
        texts = self._texts
        if self.count > len(texts):
            texts = [*texts, to_json(f"… (cut: {self.count:,} items in all)")]
        return f"[{_BETWEEN.join(texts)}]"


class ReducedItems:
    """Keeps the items themselves, which the user's own reducer makes one value of."""

    def __init__(self, reducer: Reducer) -> None:
        self.count = 0
        self._reducer = reducer
        self._items: list[Any] = []

    def add(self, item: Any) -> None:
        """Takes one."""
        self.count += 1
        if self.count <= MAX_REDUCED_ITEMS:
            self._items.append(item)

    def render(self) -> str:
        """What the reducer makes of the items; the items, if it fails."""
        try:
            return to_json(self._reducer(self._items))
        except Exception as error:  # noqa: BLE001  # the user's own code; the program must not see it
            name = getattr(self._reducer, "__qualname__", repr(self._reducer))
            logger.warning(
                "outcrop: output_reducer %s failed; the items are kept as they are.", name, exc_info=error
            )
            return to_json(self._items)
