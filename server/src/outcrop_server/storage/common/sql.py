"""Pieces of statements, put together. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple


class Sql(NamedTuple):
    """A piece of a statement and the parameters for its marks (`%s`); no text where it holds for all rows."""

    text: str
    values: tuple[Any, ...] = ()


ALWAYS = Sql("")
NEVER = Sql("false")


def joined(word: str, terms: list[Sql]) -> Sql:
    """Conditions joined by AND or OR."""
    if word == "OR" and not all(term.text for term in terms):
        return ALWAYS
    if NEVER in terms:
        left = [term for term in terms if term != NEVER]
        return NEVER if word == "AND" or not left else joined(word, left)
    text = f" {word} ".join(f"({term.text})" for term in terms if term.text)
    return Sql(text, tuple(value for term in terms for value in term.values))


def negated(positive: Sql) -> Sql:
    """The opposite of a condition that is never NULL."""
    return Sql(f"NOT ({positive.text or 'true'})", positive.values)
