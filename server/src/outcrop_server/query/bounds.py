"""Cuts the members of a very large span, so that no answer is larger than a browser bears. Pure.

What is cut says so where it was cut; the whole is there by itself (`payload_parts`).
"""

from __future__ import annotations

from typing import Any, cast

# What one member of an answer may take.
MEMBER_BYTES = 1 << 20
# Around each value: a comma, quotes, a colon.
_AROUND = 8
_CUT = "$cut"


class Room:
    """Bytes that values may take together, in the order in which they are given.

    Args:
        size: bytes; more than JSON of only ASCII letters takes, less than what it takes at worst.

    Attributes:
        is_cut: something did not fit.
    """

    def __init__(self, size: int = MEMBER_BYTES) -> None:
        self._left = size
        self.is_cut = False

    @property
    def has_room(self) -> bool:
        """Whether anything more fits; if not, whoever asks leaves it out."""
        if self._left <= 0:
            self.is_cut = True
        return self._left > 0

    def text(self, value: str) -> str:
        """As much of a text as fits, and how much was left out."""
        kept = value[: max(self._left, 0)]
        self._left -= len(kept) + _AROUND
        if len(kept) == len(value):
            return value
        self.is_cut = True
        return f"{kept}… ({len(value) - len(kept):,} more characters)"

    def value(self, value: Any) -> Any:
        """As much of a JSON value as fits; lists and objects say how many members were left out."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return self._list(cast("list[Any]", value))
        if isinstance(value, dict):
            return self._object(cast("dict[str, Any]", value))
        self._left -= _AROUND
        return value

    def _list(self, values: list[Any]) -> list[Any]:
        kept: list[Any] = []
        for each in values:
            if not self.has_room:
                return [*kept, {_CUT: len(values) - len(kept)}]
            kept.append(self.value(each))
        self._left -= _AROUND
        return kept

    def _object(self, members: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, each in members.items():
            if not self.has_room:
                return {**kept, _CUT: len(members) - len(kept)}
            self._left -= len(name)
            kept[name] = self.value(each)
        self._left -= _AROUND
        return kept
