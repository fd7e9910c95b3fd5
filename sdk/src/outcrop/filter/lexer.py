"""A filter's text to tokens, each with the column where it begins. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from outcrop.filter.errors import FilterError

TokenKind = Literal["name", "quoted", "text", "number", "operator", "punctuation", "end"]

# A name may hold dots within, since keys do; the parser cuts the entity off at the first one.
_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[^\W\d][\w\-/:]*(?:\.[\w\-/:]+)*\.?)
    | (?P<text>'(?:[^']|'')*')
    | (?P<double>"(?:[^"]|"")*")
    | (?P<backtick>`(?:[^`]|``)*`)
    | (?P<operator><=|>=|!=|<>|==|=|<|>)
    | (?P<punctuation>[(),.])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """One word of a filter.

    Attributes:
        kind: `quoted` is in double quotes or backticks: a key where a key is expected, else a text.
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
            character = source[position]
            if character in "'\"`":
                raise FilterError(f"The text that begins here is not closed by another {character}.", column)
            raise FilterError(f"{character!r} means nothing here.", column)
        position = found.end()
        yield from _token(found, column)
    yield Token("end", "", len(source) + 1)


def _token(found: re.Match[str], column: int) -> Iterator[Token]:
    group, text = found.lastgroup, found.group()
    if group == "space":
        return
    if group in {"text", "double", "backtick"}:
        quote = text[0]
        inner = text[1:-1].replace(quote * 2, quote)
        yield Token("text" if group == "text" else "quoted", inner, column)
    elif group == "name":
        yield Token("name", text, column)
    elif group == "number":
        yield Token("number", text, column)
    elif group == "operator":
        yield Token("operator", {"<>": "!=", "==": "="}.get(text, text), column)
    else:
        yield Token("punctuation", text, column)
