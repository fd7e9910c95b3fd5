"""A filter's text to tokens, each with the column where it begins. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from outcrop.filter.errors import FilterError

TokenKind = Literal["name", "quoted", "text", "number", "quantity", "date", "operator", "punctuation", "end"]

# A name may hold dots within, since keys do; the parser cuts the entity off at the first one.
_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<id>(?:tr-)?[0-9A-Fa-f]{32}(?![\w\-/:.]))
    | (?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?(?![\w\-]))
    | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<quantity>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[A-Za-zµ]+(?:[0-9]+(?:\.[0-9]+)?[A-Za-zµ]+)*(?![\w.]))
    | (?P<name>[^\W\d][\w\-/:]*(?:\.[\w\-/:]+)*\.?)
    | (?P<text>'(?:[^']|'')*')
    | (?P<double>"(?:[^"]|"")*")
    | (?P<backtick>`(?:[^`]|``)*`)
    | (?P<operator><=|>=|!=|<>|==|=|<|>)
    | (?P<punctuation>[(),.])
    """,
    re.VERBOSE,
)
_OTHER_SIGNS = {"&": " Write AND.", "|": " Write OR.", "!": " Write NOT or !=.", "~": " Write LIKE."}
_SPELLED = {"<>": "!=", "==": "="}
_QUOTED: dict[str, TokenKind] = {"text": "text", "double": "quoted", "backtick": "quoted"}
_PLAIN: dict[str, TokenKind] = {
    "name": "name",
    # Of a trace. Half of them begin with a digit, or look like numbers.
    "id": "name",
    "number": "number",
    "quantity": "quantity",
    "date": "date",
    "operator": "operator",
    "punctuation": "punctuation",
}


@dataclass(frozen=True)
class Token:
    """One word of a filter.

    Attributes:
        kind: `quoted` is in double quotes or backticks: a key where a key is expected, words where a
            condition is, else a text. `quantity` is a number with a unit.
        text: the word without its quotes.
        column: where it begins, from 1.
    """

    kind: TokenKind
    text: str
    column: int

    @property
    def keyword(self) -> str:
        """A bare word in capitals; empty for everything else."""
        return self.text.upper() if self.kind == "name" else ""

    def is_mark(self, mark: str) -> bool:
        """Whether it is this punctuation."""
        return self.kind == "punctuation" and self.text == mark

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text)


def tokens(source: str) -> Iterator[Token]:
    """The words of a filter, with an `end` at the end.

    Raises:
        FilterError: a character belongs to no word; says where.
    """
    position = 0
    while position < len(source):
        found = _PATTERN.match(source, position)
        column = position + 1
        if found is None:
            raise _refusal(source[position], column)
        position = found.end()
        if found.lastgroup != "space":
            yield _token(found, column)
    yield Token("end", "", len(source) + 1)


def _token(found: re.Match[str], column: int) -> Token:
    group, text = found.lastgroup or "", found.group()
    if group in _QUOTED:
        quote = text[0]
        return Token(_QUOTED[group], text[1:-1].replace(quote * 2, quote), column)
    return Token(_PLAIN[group], _SPELLED.get(text, text), column)


def _refusal(character: str, column: int) -> FilterError:
    if character in "'\"`":
        return FilterError(f"The text that begins here is not closed by another {character}.", column)
    hint = _OTHER_SIGNS.get(character, " Words with such signs stand in double quotes.")
    return FilterError(f"{character!r} means nothing here.{hint}", column)
