"""Many rows by few statements.

SQLite works without Python's lock while a statement runs, and asks for it again behind each. A statement a
row would hand the lock back and forth thousands of times a second; one for many lets others run meanwhile.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# Few sizes, so that the connection keeps each statement prepared. The largest has fewer parameters than any
# SQLite takes, for the widest table.
_SIZES = (128, 32, 8, 1)
_NULLS: dict[None, None] = {}


def bind_quickly() -> None:
    """Tells Python's sqlite3 how None, bytes and booleans are bound: as they are, for the whole process.

    Unless it is told, it asks each value of these types and its type for methods that neither has, under
    Python's lock; a third of what inserting a span took.
    """
    sqlite3.register_adapter(type(None), _NULLS.get)
    sqlite3.register_adapter(bytes, bytes)
    sqlite3.register_adapter(bool, int)


class Inserts:
    """Inserts rows of one table.

    Args:
        statement: up to and with VALUES.
        width: values a row.
    """

    def __init__(self, statement: str, width: int) -> None:
        self._width = width
        row = f"({', '.join('?' * width)})"
        self._texts = tuple((size, f"{statement} {', '.join([row] * size)}") for size in _SIZES)

    def run(self, connection: sqlite3.Connection, values: list[Any]) -> None:
        """Inserts the rows whose values these are, one behind the other."""
        at, end = 0, len(values)
        for size, text in self._texts:
            step = size * self._width
            while end - at >= step:
                connection.execute(text, values[at : at + step])
                at += step


class Lookup:
    """Finds rows by their keys.

    Args:
        statement: up to and with IN.
        width: values a key.
    """

    def __init__(self, statement: str, width: int = 1) -> None:
        self._width = width
        key = "?" if width == 1 else f"({', '.join('?' * width)})"
        # Of several rows of values themselves, SQLite uses no index and reads the whole table.
        values = "{}" if width == 1 else "SELECT * FROM (VALUES {})"
        # The least ones first.
        self._texts = tuple(
            (size, f"{statement} ({values.format(', '.join([key] * size))})") for size in reversed(_SIZES)
        )

    def run(self, connection: sqlite3.Connection, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows that have one of the keys, whose values these are, one behind the other."""
        found: list[tuple[Any, ...]] = []
        most = self._texts[-1][0] * self._width
        for at in range(0, len(values), most):
            part = list(values[at : at + most])
            count = len(part) // self._width
            size, text = next(each for each in self._texts if each[0] >= count)
            # A key that stands there twice finds nothing more.
            part += part[-self._width :] * (size - count)
            found += connection.execute(text, part)
        return found
