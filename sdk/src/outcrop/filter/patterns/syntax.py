"""The syntax of `RLIKE`: text to a tree. A subset of Python's own, without what needs backtracking. Pure.

docs/filters.md lists it. What is left out is refused by name, with the place.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

# A pattern in which more is repeated, or more deeply, is refused.
MAX_REPEAT = 200
MAX_CHARACTERS = 1_000
_MAX_DEPTH = 30
_SPECIAL = frozenset(".^$*+?{}[]\\|()")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}

AnchorKind = Literal["start", "end", "boundary", "no boundary"]


class PatternError(ValueError):
    """A regular expression cannot be used.

    Attributes:
        place: where in it, from 0.
    """

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Ranges:
    """Characters from one to the other each, those of some classes (`d`, `w`, `s`, or their complements)."""

    ranges: tuple[tuple[str, str], ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class One:
    """One character of a set, or of none of it."""

    characters: Ranges
    is_negated: bool = False


@dataclass(frozen=True)
class Anchor:
    """A place between characters."""

    kind: AnchorKind


@dataclass(frozen=True)
class Sequence:
    """One after the other; nothing if there are none."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of these."""

    branches: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """So many times; None for as often as it likes."""

    item: Node
    least: int
    most: int | None


Node = One | Anchor | Sequence | Choice | Repeat


@dataclass(frozen=True)
class Syntax:
    """A pattern that was read.

    Attributes:
        node: its tree.
        ignores_case: whether ASCII letters are alike, small and capital.
        dot_is_all: whether `.` takes line ends, too.
    """

    node: Node
    ignores_case: bool
    dot_is_all: bool


def parse_pattern(source: str) -> Syntax:
    """Reads a pattern.

    Raises:
        PatternError: it is wrong, or has what is not known here; says where.
    """
    if len(source) > MAX_CHARACTERS:
        raise PatternError(f"it has more than {MAX_CHARACTERS:,} characters.", MAX_CHARACTERS)
    return _Parser(source).whole()


def literal(character: str) -> One:
    """One character and no other."""
    return One(Ranges(((character, character),)))


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0
        self._flags = ""

    def whole(self) -> Syntax:
        if self._source.startswith("(?") and self._source[2:3] in {"i", "s"}:
            self._read_flags()
        node = self._choice()
        if self._at < len(self._source):
            raise PatternError("this ) closes no group.", self._at)
        return Syntax(node, "i" in self._flags, "s" in self._flags)

    def _read_flags(self) -> None:
        end = self._source.find(")")
        flags = self._source[2:end] if end > 0 else ""
        if not flags or set(flags) - {"i", "s"}:
            raise PatternError("flags are (?i), (?s) or (?is), at the beginning.", 0)
        self._flags = flags
        self._at = end + 1

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            start = self._at
            items.append(self._repeated(self._single(), start))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _single(self) -> Node:
        sign = self._source[self._at]
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._set()
        if sign == "\\":
            return self._escape()
        if sign in "*+?":
            raise PatternError(f"there is nothing that {sign} repeats.", self._at)
        self._at += 1
        if sign == ".":
            return One(Ranges() if "s" in self._flags else Ranges((("\n", "\n"),)), is_negated=True)
        if sign == "^":
            return Anchor("start")
        return Anchor("end") if sign == "$" else literal(sign)

    def _repeated(self, node: Node, start: int) -> Node:
        counts = self._counts()
        if counts is None:
            return node
        if isinstance(node, Anchor):
            raise PatternError("a place such as ^, $ or \\b cannot be repeated.", start)
        # As few or as many as possible: where only the finding counts, it is the same.
        if self._peek() == "?":
            self._at += 1
        if self._peek() and self._peek() in "*+?":
            raise PatternError("a repetition is repeated: put it into a group.", self._at)
        if self._peek() == "{" and self._bounds() is not None:
            raise PatternError("a repetition is repeated: put it into a group.", self._at)
        return Repeat(node, *counts)

    def _counts(self) -> tuple[int, int | None] | None:
        sign = self._peek()
        if sign and sign in "*+?":
            self._at += 1
            return (1 if sign == "+" else 0), (1 if sign == "?" else None)
        if sign != "{":
            return None
        found = self._bounds()
        if found is None:
            return None
        least, most, end = found
        if max(least, most or 0) > MAX_REPEAT:
            raise PatternError(f"nothing is repeated more than {MAX_REPEAT} times.", self._at)
        if most is not None and most < least:
            raise PatternError("the first of these numbers is the larger one.", self._at)
        self._at = end
        return least, most

    def _bounds(self) -> tuple[int, int | None, int] | None:
        """The numbers of `{m}`, `{m,}`, `{,n}` or `{m,n}` and where it ends; None: the brace is itself."""
        end = self._source.find("}", self._at)
        least, comma, most = self._source[self._at + 1 : max(end, 0)].partition(",")
        digits = set(string.digits)
        if end < 0 or not set(least + most) <= digits or not (least or most) or len(least + most) > 8:  # noqa: PLR2004 - no such number is meant
            return None
        first = int(least or 0)
        return first, (int(most) if most else None) if comma else first, end + 1

    def _group(self) -> Node:
        opening = self._at
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise PatternError(f"groups are nested more than {_MAX_DEPTH} deep.", opening)
        self._at += 1
        if self._source.startswith("?:", self._at):
            self._at += 2
        elif self._source.startswith("?P<", self._at) and ">" in self._source[self._at :]:
            self._at = self._source.index(">", self._at) + 1
        elif self._peek() == "?":
            raise PatternError(
                "of groups with ? only (?:...), (?P<name>...) and, at the beginning, (?i) and (?s) are known "
                "here; looking ahead or back is not.",
                opening,
            )
        node = self._choice()
        if self._peek() != ")":
            raise PatternError("this group is not closed by a ).", opening)
        self._at += 1
        self._depth -= 1
        # So that a repetition of it repeats all of it.
        return Sequence((node,))

    def _escape(self) -> Node:
        place = self._at
        sign = self._source[place + 1 : place + 2]
        anchors: dict[str, AnchorKind] = {
            "b": "boundary",
            "B": "no boundary",
            "A": "start",
            "Z": "end",
        }
        if sign in anchors:
            self._at += 2
            return Anchor(anchors[sign])
        if sign and sign in "dDwWsS":
            self._at += 2
            return One(Ranges(classes=(sign,)))
        return literal(self._escaped())

    def _escaped(self) -> str:
        """The one character that an escape means."""
        place = self._at
        sign = self._source[place + 1 : place + 2]
        self._at += 2
        if not sign:
            raise PatternError("nothing stands behind this \\.", place)
        if sign in _HEX_DIGITS:
            return self._numbered(place, _HEX_DIGITS[sign])
        if sign in _ESCAPED:
            return _ESCAPED[sign]
        if sign.isascii() and sign.isalnum():
            hint = " (what a group found cannot be asked for again)" if sign.isdigit() else ""
            raise PatternError(f"\\{sign} is not known here{hint}.", place)
        return sign

    def _numbered(self, place: int, length: int) -> str:
        digits = self._source[self._at : self._at + length]
        if len(digits) < length or not set(digits) <= set(string.hexdigits) or int(digits, 16) > 0x10FFFF:  # noqa: PLR2004 - the last character
            raise PatternError(f"{length} hexadecimal digits of a character belong here.", place)
        self._at += length
        return chr(int(digits, 16))

    def _set(self) -> Node:
        opening = self._at
        self._at += 1
        is_negated = self._peek() == "^"
        if is_negated:
            self._at += 1
        ranges: list[tuple[str, str]] = []
        classes: list[str] = []
        is_first = True
        while self._peek() != "]" or is_first:
            if not self._peek():
                raise PatternError("this [ is not closed by a ].", opening)
            is_first = False
            place = self._at
            first = self._member(classes)
            last = first
            if self._peek() == "-" and self._source[self._at + 1 : self._at + 2] not in {"", "]"}:
                self._at += 1
                count = len(classes)
                last = self._member(classes)
                if not first or not last or len(classes) > count:
                    raise PatternError("a class has no order: it begins or ends no range.", place)
            if first and last:
                if first > last:
                    raise PatternError(f"{first}-{last} is no range: {last} comes first.", place)
                ranges.append((first, last))
        self._at += 1
        return One(Ranges(tuple(ranges), tuple(classes)), is_negated)

    def _member(self, classes: list[str]) -> str:
        """A character of a set; empty if it was a class, which is added to `classes`."""
        sign = self._peek()
        if sign != "\\":
            self._at += 1
            return sign
        after = self._source[self._at + 1 : self._at + 2]
        if after and after in "dDwWsS":
            classes.append(after)
            self._at += 2
            return ""
        if after == "b":
            self._at += 2
            return "\b"
        return self._escaped()

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]


def fits(ignores_case: bool) -> Callable[[One, str], bool]:
    """What tells whether a character is one of a set."""

    def test(one: One, character: str) -> bool:
        found = _is_in(one.characters, character)
        if not found and ignores_case and character.isascii():
            found = _is_in(one.characters, character.swapcase())
        return found is not one.is_negated

    return test


def _is_in(characters: Ranges, character: str) -> bool:
    return any(first <= character <= last for first, last in characters.ranges) or any(
        is_of_class(name, character) for name in characters.classes
    )


def is_of_class(name: str, character: str) -> bool:
    """Whether a character is of a class: `d`, `w`, `s`, or in capitals one of their complements."""
    kind = name.lower()
    if kind == "d":
        found = character.isdecimal()
    elif kind == "s":
        found = character.isspace()
    else:
        found = character.isalnum() or character == "_"
    return found is name.islower()
