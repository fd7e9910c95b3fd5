"""A filter's text to a tree of conditions. NOT binds before AND, AND before OR; see docs/filters.md. Pure."""

from __future__ import annotations

import re

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Not, Operator, Or, OrderKey
from outcrop.filter.comparison import begins_comparison, read_comparison
from outcrop.filter.cursor import Cursor
from outcrop.filter.errors import FilterError, did_you_mean
from outcrop.filter.fields import ORDER_FIELDS, OTHER_NAMES, TRACE_ID, WORDS
from outcrop.filter.lexer import Token
from outcrop.filter.scope import is_of_span, scoped

# What a store can still compile: SQLite's own parser has a stack of a hundred.
MAX_CHARACTERS = 9_000
MAX_COMPARISONS = 100
MAX_DEPTH = 12
_KEYWORDS = frozenset({"AND", "OR", "NOT"})
_TRACE_ID = re.compile("(?:tr-)?([0-9A-Fa-f]{32})")


def parse_filter(source: str | None) -> And:
    """Reads a filter; none, or an empty one, holds for every trace.

    Raises:
        FilterError: it cannot be understood; says where and what would be right.
    """
    if source is None or not source.strip():
        return And()
    if len(source) > MAX_CHARACTERS:
        raise FilterError(f"A filter has at most {MAX_CHARACTERS:,} characters.", MAX_CHARACTERS + 1)
    try:
        condition = scoped(_Parser(Cursor(source)).filter())
    except FilterError as error:
        raise error.within(source) from None
    return condition if isinstance(condition, And) else And((condition,))


def parse_order(keys: list[str] | None) -> tuple[OrderKey, ...]:
    """Reads an order: a field each, with ASC (the default) or DESC behind it.

    Raises:
        FilterError: a field cannot be ordered by; says which can.
    """
    return tuple(_order_key(key) for key in keys or ())


class _Parser:
    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._depth = 0
        self._count = 0

    def filter(self) -> Condition:
        condition = self._any_of()
        token = self._cursor.next
        if token.kind != "end":
            hint = " There is no '(' for it." if token.is_mark(")") else ""
            raise FilterError(f"Expected AND, OR or the end, found {token}.{hint}", token.column)
        return condition

    def _any_of(self) -> Condition:
        terms = [self._all_of()]
        while self._cursor.next.keyword == "OR":
            self._cursor.take()
            terms.append(self._all_of())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _all_of(self) -> Condition:
        terms = [self._negated()]
        while self._cursor.next.keyword == "AND" or self._are_words_next(terms[-1]):
            if self._cursor.next.keyword == "AND":
                self._cursor.take()
            terms.append(self._negated())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _are_words_next(self, before: Condition) -> bool:
        """Whether AND may be left out here: beside free words."""
        token = self._cursor.next
        if token.kind in {"end", "punctuation", "operator", "text"} or token.keyword == "OR":
            return False
        return _is_of_words(before) or (token.keyword != "NOT" and not begins_comparison(self._cursor))

    def _negated(self) -> Condition:
        token = self._cursor.next
        if token.keyword != "NOT" or self._cursor.after_next().kind == "operator":
            return self._single()
        self._deeper(token)
        self._cursor.take()
        condition = Not(self._negated())
        self._depth -= 1
        return condition

    def _single(self) -> Condition:
        token = self._cursor.next
        if token.is_mark("("):
            return self._in_parentheses()
        if token.keyword == "ANY" and self._cursor.after_next().is_mark("("):
            self._cursor.take()
            inner = self._in_parentheses()
            if not is_of_span(inner):
                raise FilterError("ANY ( ) holds conditions on span. alone, without NOT.", token.column)
            return AnySpan(inner)
        self._count += 1
        if self._count > MAX_COMPARISONS:
            raise FilterError(f"A filter has at most {MAX_COMPARISONS} conditions.", token.column)
        return self._word() if self._is_word() else read_comparison(self._cursor)

    def _in_parentheses(self) -> Condition:
        opening = self._cursor.take()
        self._deeper(opening)
        condition = self._any_of()
        closing = self._cursor.take()
        if not closing.is_mark(")"):
            raise FilterError(
                f"Expected AND, OR or ')' for the '(' of column {opening.column}, found {closing}.",
                closing.column,
            )
        self._depth -= 1
        return condition

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError(f"Parentheses and NOT are nested at most {MAX_DEPTH} deep.", token.column)

    def _is_word(self) -> bool:
        token = self._cursor.next
        if token.kind not in {"name", "quoted", "number", "quantity", "date"} or token.keyword in _KEYWORDS:
            return False
        return not begins_comparison(self._cursor)

    def _word(self) -> Condition:
        token = self._cursor.take()
        if not token.text.strip():
            raise FilterError("These quotes hold no words.", token.column)
        words = Comparison(WORDS, Operator.CONTAINS, token.text)
        trace_id = _TRACE_ID.fullmatch(token.text)
        if trace_id is None:
            return words
        # Somebody has it from a log: its trace, and those that speak of it.
        return Or((Comparison(TRACE_ID, Operator.EQUAL, trace_id[1].lower()), words))


def _is_of_words(condition: Condition) -> bool:
    """Whether it is a free word, as `_word` reads it."""
    if isinstance(condition, Or):
        first, *rest = condition.terms
        return isinstance(first, Comparison) and first.field == TRACE_ID and all(map(_is_of_words, rest))
    return isinstance(condition, Comparison) and condition.operator is Operator.CONTAINS


def _order_key(source: str) -> OrderKey:
    words = source.split()
    name = words[0].lower() if words else ""
    for prefix in ("trace.", "attribute.", "attributes."):
        name = name.removeprefix(prefix)
    others = OTHER_NAMES["trace"]
    name = name if name in ORDER_FIELDS else others.get(name, name)
    if name not in ORDER_FIELDS:
        close = did_you_mean(
            name, [*ORDER_FIELDS, *(each for each in others if others[each] in ORDER_FIELDS)]
        )
        hint = "" if close is None else f" Did you mean {close}?"
        raise FilterError(
            f"Traces cannot be ordered by {source[:50]!r}.{hint} By: {', '.join(ORDER_FIELDS)}.", 1, close
        )
    direction = " ".join(words[1:]).upper()
    if direction not in {"", "ASC", "DESC"}:
        raise FilterError(
            f"Expected ASC or DESC after {words[0]}, found {direction!r}.", source.index(words[1]) + 1
        )
    return OrderKey(name, direction == "DESC")
