"""Any value as a plain tree of bounded size, with a mark wherever something was cut.

Used by `render` for what is large, odd or not JSON. Other people's code runs in here (a `repr`, a mapping's
`items`), so each step expects any exception.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from math import isfinite
from time import perf_counter
from typing import Any, cast

from outcrop.capture.shapes import Entries, Instead, Items, Shape, Text, shape_of

# The most that one rendered value takes, about; a server's page shows no more of it in one piece.
MAX_JSON_BYTES = 1_000_000
MAX_DEPTH = 100
MAX_RENDER_S = 0.5
# A value counts as so many bytes at least, so that the bound on size bounds the work too.
MIN_COST = 10
CUT_KEY = "…"

_SMALLEST_SHARE = 4
_MAX_INT_BITS = 10_000  # Python itself refuses to print much larger ones
_LONGEST_ESCAPE = 7  # characters of half a surrogate pair: `\\ud800`
_FLOAT_COST = 22
_SHORT_TEXT = 200

_text_form = json.JSONEncoder(ensure_ascii=False).encode
_name_of: Any = type.__dict__["__name__"].__get__


def type_name(value: Any) -> str:
    """The name of a value's class; a metaclass has no say in it."""
    return str(_name_of(type(value)))


class BoundedRenderer:
    """Renders one value."""

    def __init__(self, limit: int) -> None:
        """`limit` is how many bytes of JSON there is room for, about."""
        self._left = limit
        self._deadline = perf_counter() + MAX_RENDER_S
        # Containers that the one at hand lies in, by id.
        self._above: set[int] = set()

    def render(self, value: Any) -> Any:
        """A tree of dict, list, str, int, float, bool and None."""
        self._left -= MIN_COST
        kind = cast("type[Any]", type(value))
        if value is None or kind is bool:
            return value
        if kind is str:
            return value if self._takes_short(value) else self._text(Text(value, len(value)))
        try:
            shape = shape_of(value, kind)
        except Exception as error:  # noqa: BLE001  # a program's own code runs here
            return self._unshowable(value, error)
        if not isinstance(shape, Shape):
            return self._number(shape)
        if isinstance(shape, Text):
            return self._text(shape)
        if isinstance(shape, Items | Entries | Instead):
            return self._container(value, shape)
        return self._repr(value)

    def _container(self, value: Any, shape: Items | Entries | Instead) -> Any:
        key = id(value)
        if key in self._above:
            return f"<cycle: {type_name(value)}>"
        if len(self._above) >= MAX_DEPTH:
            return f"<deeper than {MAX_DEPTH} levels: {type_name(value)}>"
        self._above.add(key)
        try:
            if isinstance(shape, Items):
                return self._items(shape)
            if isinstance(shape, Entries):
                return self._entries(shape)
            return self.render(shape.instead)
        except Exception as error:  # noqa: BLE001  # as above
            return self._unshowable(value, error)
        finally:
            self._above.discard(key)

    def _items(self, shape: Items) -> list[Any]:
        items = shape.items
        if not shape.is_foreign:
            items = copied = self._copied(items)
            if len(copied) == shape.size and self._takes_whole(copied):
                return copied
        shown: list[Any] = []
        for item in items:
            if self._is_spent():
                break
            shown.append(self._within_share(item, shape.size - len(shown)))
        else:
            if len(shown) >= shape.size:
                return shown
        return [*shown, self._mark(shape.size, "items")]

    def _entries(self, shape: Entries) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for key, member in shape.entries if shape.is_foreign else self._copied(shape.entries):
            if self._is_spent():
                break
            name = self._key(key)
            # 1 and "1" are two keys to Python.
            while name in shown:
                name += "'"
            shown[name] = self._within_share(member, shape.size - len(shown))
        else:
            if len(shown) >= shape.size:
                return shown
        return {**shown, CUT_KEY: self._mark(shape.size, "entries")}

    def _copied(self, members: Iterable[Any]) -> list[Any]:
        """As many as there is room for: a copy, made in one go, that no other thread changes."""
        return list(islice(members, max(self._left, 0) // MIN_COST + 1))

    def _takes_whole(self, items: list[Any]) -> bool:
        """Whether the items are finite floats that there is room for, as an embedding's are."""
        cost = len(items) * _FLOAT_COST
        if cost > self._left or set(map(type, items)) != {float} or not isfinite(sum(items)):
            return False
        self._left -= cost
        return True

    def _within_share(self, value: Any, to_come: int) -> Any:
        """Renders a member within its share, so that one large member leaves room for its neighbours."""
        outer = self._left
        share = max(outer // max(to_come, 1), outer // _SMALLEST_SHARE)
        self._left = share
        shown = self.render(value)
        self._left = outer - (share - self._left)
        return shown

    def _is_spent(self) -> bool:
        return self._left <= 0 or perf_counter() > self._deadline

    def _mark(self, size: int, unit: str) -> str:
        reason = "cut" if perf_counter() <= self._deadline else "cut, it took too long"
        return f"… ({reason}: {size:,} {unit} in all)"

    def _text(self, shape: Text) -> str:
        room = max(self._left, 0)
        piece = shape.text[:room]
        form = _without_half_pairs(piece)
        cost = _cost(form)
        # In proportion; and where all that is escaped lies at the beginning, by the longest escape.
        for size in (len(piece) * room // (cost + 1), room // _LONGEST_ESCAPE):
            if cost > room:
                piece = shape.text[:size]
                form = _without_half_pairs(piece)
                cost = _cost(form)
        self._left -= cost
        is_whole = shape.is_whole and len(piece) == len(shape.text)
        return form if is_whole else f"{form}… (cut: {shape.size:,} {shape.unit} in all)"

    def _number(self, number: float) -> Any:
        if isinstance(number, int):
            bits = number.bit_length()
            self._left -= bits // 3
            return number if bits <= _MAX_INT_BITS else f"<int of {bits:,} bits>"
        self._left -= _FLOAT_COST - MIN_COST
        # JSON has no word for these.
        if number != number:  # noqa: PLR0124  # what NaN alone is
            return "NaN"
        if number in {float("inf"), float("-inf")}:
            return "Infinity" if number > 0 else "-Infinity"
        return number

    def _takes_short(self, text: str) -> bool:
        """Whether the text is short and nothing in it needs care, which can be told cheaply."""
        length = len(text)
        if length > _SHORT_TEXT or length > self._left or not (text.isascii() and text.isprintable()):
            return False
        self._left -= length
        return True

    def _key(self, key: Any) -> str:
        if type(key) is str and self._takes_short(key):
            return key
        if not issubclass(type(key), str):
            return self._repr(key)
        text = str.__str__(key)
        return self._text(Text(text, len(text)))

    def _repr(self, value: Any) -> str:
        try:
            text = str.__str__(repr(value))
        except Exception as error:  # noqa: BLE001  # a program's own __repr__ may do anything
            return f"<{type_name(value)} whose repr raises {type_name(error)}>"
        return text if self._takes_short(text) else self._text(Text(text, len(text)))

    @staticmethod
    def _unshowable(value: Any, error: Exception) -> str:
        return f"<{type_name(value)} cannot be shown: {type_name(error)}>"


def _cost(text: str) -> int:
    """Bytes of the text within JSON."""
    form = _text_form(text)
    return len(form) if form.isascii() else len(form.encode())


def _without_half_pairs(text: str) -> str:
    """Half a surrogate pair, which UTF-8 has no form for, is shown by its number."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
