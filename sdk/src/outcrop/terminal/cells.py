"""Text in a terminal's cells: its width, cut and filled, and free of what moves the cursor. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

_GAP = "  "
_UNSEEN = frozenset({"Mn", "Me", "Cf"})
# Python calls no space but ASCII's printable; joiners belong to Persian, to scripts of India and to emoji.
_JOINERS = "\u200c\u200d"
_COLOUR = re.compile(r"(\x1b\[[0-9]+m)")
_BOLD, _DIM, _RED, _GREEN, _END = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


class Paint:
    """The colours that lines are written in; none of them where they are not wanted."""

    def __init__(self, *, has_colour: bool) -> None:
        """`has_colour` says whether they are wanted."""
        self.has_colour = has_colour

    def bold(self, text: str) -> str:
        """What is looked at first."""
        return self._in(_BOLD, text)

    def dim(self, text: str) -> str:
        """What is looked at last."""
        return self._in(_DIM, text)

    def red(self, text: str) -> str:
        """What went wrong."""
        return self._in(_RED, text)

    def green(self, text: str) -> str:
        """What went well."""
        return self._in(_GREEN, text)

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_END}" if self.has_colour and text else text


def width(text: str) -> int:
    """How many cells a text takes: two for each sign that East Asian scripts write wide."""
    if text.isascii():
        return len(text)
    return sum(_cells(sign) for sign in text)


def fitted(text: str, cells: int, *, is_right: bool = False) -> str:
    """The text in exactly so many cells: cut with an ellipsis, or filled with spaces."""
    shown = text
    if width(text) > cells:
        shown, used = "", 0
        for sign in text:
            if used + _cells(sign) > cells - 1:
                break
            shown += sign
            used += _cells(sign)
        shown += "…"
    room = " " * (cells - width(shown))
    return room + shown if is_right else shown + room


def cut(text: str, cells: int) -> str:
    """The text in at most so many cells, with an ellipsis if it is cut; colours in it take no room."""
    if "\x1b" not in text:
        return fitted(text, cells) if width(text) > cells else text
    parts = _COLOUR.split(text)
    if width("".join(parts[::2])) <= cells:
        return text
    shown, left = "", cells
    for at, part in enumerate(parts):
        if at % 2:
            shown += part
        elif width(part) < left:
            shown += part
            left -= width(part)
        else:
            return f"{shown}{fitted(part + ' ' * (left + 1), left)}{_END}"
    return shown


def harmless(text: str) -> str:
    """The text with its lines and tabs; what else a terminal would obey is marked."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign in "\n\t" or _is_harmless(sign) else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def escaped(json_text: str) -> str:
    """JSON in which what a terminal would obey stands as an escape: the same JSON, line by line."""
    if json_text.isprintable():
        return json_text
    return "".join(
        sign if sign == "\n" or _is_harmless(sign) else json.dumps(sign)[1:-1] for sign in json_text
    )


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: what stands above it.
        is_right: whether cells end at its right edge, as numbers do.
        least: cells that it keeps where room is short; 0 for one that is never cut.
    """

    title: str
    is_right: bool = False
    least: int = 0


def column_widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> list[int]:
    """The width of each column: its widest cell's, or less where the terminal is narrower.

    Args:
        columns: the columns.
        rows: the cells of the rows that are known.
        room: cells of a line; None for any number.
    """
    wanted = [
        max(width(column.title), *(width(row[index]) for row in rows), 0)
        for index, column in enumerate(columns)
    ]
    if room is None:
        return wanted
    spare = line_width(wanted) - room
    # The widest gives first, so that short names stay whole beside long questions.
    while spare > 0:
        index = max(
            (i for i, column in enumerate(columns) if column.least),
            key=lambda i: wanted[i] - columns[i].least,
        )
        if wanted[index] <= columns[index].least:
            break
        wanted[index] -= 1
        spare -= 1
    return wanted


def line_width(widths: Sequence[int]) -> int:
    """The width of a line of columns, with the gaps between them."""
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def table_line(
    columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int], *, may_cut: bool = True
) -> list[str]:
    """The cells of a row in their widths; the last one is not filled.

    A number is never cut: where it is wider than its column, the texts behind it are given less.
    """
    shown: list[str] = []
    owed = 0
    for column, cell, cells_wide in zip(columns, cells, widths, strict=True):
        least = min(column.least, cells_wide) or cells_wide
        given = min(owed, cells_wide - least)
        room, needed = cells_wide - given, width(cell)
        if needed > room and not (may_cut and column.least):
            shown.append(cell)
            owed += needed - cells_wide
        else:
            shown.append(fitted(cell, room, is_right=column.is_right))
            owed -= given
    shown[-1] = shown[-1].rstrip()
    return shown


def joined(cells: Sequence[str]) -> str:
    """The cells as a line."""
    return _GAP.join(cells)


def _is_harmless(sign: str) -> bool:
    return sign.isprintable() or sign in _JOINERS or unicodedata.category(sign) == "Zs"


def _cells(sign: str) -> int:
    # Korean vowels and ends of syllables join the sign before them.
    if unicodedata.category(sign) in _UNSEEN or "\u1160" <= sign <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
