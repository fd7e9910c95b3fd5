"""A filter's text to a tree of conditions: `<field> <operator> <value>`, joined by AND. Pure.

The names follow MLflow's, so that a filter for one works with the other; see `fields`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from outcrop.filter.ast import (
    And,
    Comparison,
    Condition,
    Entity,
    Field,
    Kind,
    Operator,
    OrderKey,
    Scalar,
    Value,
)
from outcrop.filter.errors import FilterError
from outcrop.filter.fields import (
    ENTITIES,
    ORDER_FIELDS,
    OTHER_NAMES,
    SPAN_FIELDS,
    STATUSES,
    TRACE_FIELDS,
)
from outcrop.filter.lexer import Token, tokens

MAX_CHARACTERS = 10_000
MAX_COMPARISONS = 50
_MAX_LIST = 200
_COMPARISONS = "= != < <= > >= LIKE ILIKE IN IS NULL IS NOT NULL, or NOT before LIKE, ILIKE and IN"
_ORDERED = frozenset({Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL})
_WORDS = frozenset({Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE})
_NULLS = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
_NEGATED = {"LIKE": Operator.NOT_LIKE, "ILIKE": Operator.NOT_ILIKE, "IN": Operator.NOT_IN}


def parse_filter(source: str | None) -> And:
    """Reads a filter; none, or an empty one, holds for every trace.

    Raises:
        FilterError: it cannot be understood; says where and what would be right.
    """
    if source is None or not source.strip():
        return And()
    if len(source) > MAX_CHARACTERS:
        raise FilterError(f"A filter has at most {MAX_CHARACTERS:,} characters.", MAX_CHARACTERS)
    return _Parser(source).filter()


def parse_order(keys: list[str] | None) -> tuple[OrderKey, ...]:
    """Reads an order: a field each, with ASC (the default) or DESC behind it.

    Raises:
        FilterError: a field cannot be ordered by; says which can.
    """
    return tuple(_order_key(key) for key in keys or ())


class _Parser:
    def __init__(self, source: str) -> None:
        self._tokens = list(tokens(source))
        self._position = 0

    def filter(self) -> And:
        terms: list[Condition] = [self._comparison()]
        while self._next.kind != "end":
            self._expect_and()
            if len(terms) == MAX_COMPARISONS:
                raise FilterError(f"A filter has at most {MAX_COMPARISONS} conditions.", self._next.column)
            terms.append(self._comparison())
        return And(tuple(terms))

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        if token.kind != "end":
            self._position += 1
        return token

    def _expect_and(self) -> None:
        token = self._take()
        if token.keyword != "AND":
            hint = " OR is not known: ask twice." if token.keyword == "OR" else ""
            raise FilterError(f"Expected AND or the end, found {token}.{hint}", token.column)

    def _comparison(self) -> Comparison:
        field = self._field()
        operator_token = self._next
        operator = self._operator()
        _check_operator(field, operator, operator_token)
        if operator in _NULLS:
            return Comparison(field, operator)
        if operator.positive is Operator.IN:
            return Comparison(field, operator, self._list(field))
        column = self._next.column
        value = self._value(field)
        _check_status(field, operator, value, column)
        return Comparison(field, operator, value)

    # The field.

    def _field(self) -> Field:
        token = self._take()
        if token.kind != "name":
            raise FilterError(
                f"Expected a field such as status, attributes.model, tags.key or span.name, found {token}.",
                token.column,
            )
        head, dot, rest = token.text.partition(".")
        entity = ENTITIES.get(head.lower())
        if entity is None or not dot:
            return _named(TRACE_FIELDS, "trace", token.text, token.column)
        if not rest:
            rest = self._quoted_key(token)
        column = token.column + len(head) + 1
        if entity == "trace":
            return _named(TRACE_FIELDS, "trace", rest, column)
        if entity == "span":
            return _named(SPAN_FIELDS, "span", rest, column)
        return Field(entity, rest, "any" if entity in {"feedback", "expectation"} else "text")

    def _quoted_key(self, entity: Token) -> str:
        token = self._take()
        if token.kind not in {"quoted", "text"}:
            raise FilterError(
                f"Expected a key after {entity.text}, such as {entity.text}key or {entity.text}`my key`.",
                token.column,
            )
        return token.text

    # The operator.

    def _operator(self) -> Operator:
        token = self._take()
        if token.kind == "operator":
            return Operator(token.text)
        word = token.keyword
        if word in {"LIKE", "ILIKE", "IN"}:
            return Operator(word)
        if word == "NOT" and self._next.keyword in _NEGATED:
            return _NEGATED[self._take().keyword]
        if word == "IS":
            is_not = self._next.keyword == "NOT"
            if is_not:
                self._take()
            if self._next.keyword == "NULL":
                self._take()
                return Operator.IS_NOT_NULL if is_not else Operator.IS_NULL
            token = self._next
        raise FilterError(f"Expected a comparison ({_COMPARISONS}), found {token}.", token.column)

    # The value.

    def _list(self, field: Field) -> Value:
        self._punctuation("(")
        values: list[Scalar] = []
        while True:
            column = self._next.column
            value = self._value(field)
            _check_status(field, Operator.EQUAL, value, column)
            if values and isinstance(value, str) is not isinstance(values[0], str):
                raise FilterError("A list holds texts or numbers, not both.", column)
            values.append(value)
            if len(values) > _MAX_LIST:
                raise FilterError(f"A list has at most {_MAX_LIST} values.", column)
            if self._next.text != ",":
                break
            self._take()
        self._punctuation(")")
        return tuple(values)

    def _punctuation(self, mark: str) -> None:
        token = self._take()
        if token.kind != "punctuation" or token.text != mark:
            raise FilterError(
                f"Expected {mark!r} around a list such as ('a', 'b'), found {token}.", token.column
            )

    def _value(self, field: Field) -> Scalar:
        token = self._take()
        if token.kind in {"text", "quoted"}:
            if field.kind == "number":
                raise FilterError(f"{field.name} is a number: write it without quotes.", token.column)
            return _trace_id(token.text) if field == _TRACE_ID else token.text
        if token.kind == "number":
            if field.kind == "text":
                raise FilterError(f"{field.name} is text: put the value in single quotes.", token.column)
            return _number(token)
        if token.keyword in {"TRUE", "FALSE"} and field.kind == "any":
            return token.text.lower()
        quotes = " Text stands in single quotes." if token.kind == "name" else ""
        raise FilterError(f"Expected a value, found {token}.{quotes}", token.column)


_TRACE_ID = Field("trace", "trace_id", "text")


def _trace_id(text: str) -> str:
    return text.lower().removeprefix("tr-")


def _number(token: Token) -> int | float:
    number = float(token.text)
    if not math.isfinite(number):
        raise FilterError(f"{token} is too large a number.", token.column)
    # An integer that no column could hold is compared as the float that it nearly is.
    whole = int(token.text) if token.text.lstrip("+-").isdigit() else None
    return whole if whole is not None and abs(whole) < 2**63 else number


def _named(known: Mapping[str, Kind], entity: Entity, name: str, column: int) -> Field:
    lower = name.lower()
    lower = lower if lower in known else OTHER_NAMES.get(lower, lower)
    kind = known.get(lower)
    if kind is None:
        valid = ", ".join(known)
        raise FilterError(f"A {entity} has no field {name!r}. It has: {valid}.", column)
    return Field(entity, lower, kind)


def _check_operator(field: Field, operator: Operator, token: Token) -> None:
    if operator in _ORDERED and field.kind == "text":
        raise FilterError(f"{field.name} is text: {operator.value} compares numbers.", token.column)
    if operator in _WORDS and field.kind == "number":
        raise FilterError(f"{field.name} is a number: {operator.value} compares text.", token.column)


def _check_status(field: Field, operator: Operator, value: Scalar, column: int) -> None:
    valid = STATUSES.get(field.entity)
    if field.name != "status" or valid is None or operator in _WORDS:
        return
    if value not in valid:
        raise FilterError(f"A {field.entity} has no status {value!r}. It has: {', '.join(valid)}.", column)


def _order_key(source: str) -> OrderKey:
    words = source.split()
    name = words[0].lower() if words else ""
    for prefix in ("trace.", "attribute.", "attributes."):
        name = name.removeprefix(prefix)
    name = OTHER_NAMES.get(name, name)
    if name not in ORDER_FIELDS:
        raise FilterError(f"Traces cannot be ordered by {source!r}. By: {', '.join(ORDER_FIELDS)}.", 1)
    direction = " ".join(words[1:]).upper()
    if direction not in {"", "ASC", "DESC"}:
        raise FilterError(
            f"Expected ASC or DESC after {words[0]}, found {direction!r}.", source.index(words[1]) + 1
        )
    return OrderKey(name, direction == "DESC")
