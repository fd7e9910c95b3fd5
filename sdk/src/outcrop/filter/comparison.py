"""One condition of a filter: `<field> <operator> <value>`. The names follow MLflow's; see `fields`. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from outcrop.filter.ast import Ago, Comparison, Entity, Field, Kind, Operator, Scalar, Value
from outcrop.filter.cursor import Cursor
from outcrop.filter.errors import FilterError, did_you_mean
from outcrop.filter.fields import (
    ATTRIBUTE,
    ENTITIES,
    OTHER_NAMES,
    SPAN_FIELDS,
    STATUSES,
    TRACE_FIELDS,
    TRACE_ID,
)
from outcrop.filter.lexer import Token
from outcrop.filter.patterns.pattern import compiled
from outcrop.filter.patterns.syntax import PatternError
from outcrop.filter.values import read_value

MAX_LIST = 200
_COMPARISONS = (
    "= != < <= > >= LIKE ILIKE RLIKE IN IS NULL IS NOT NULL, or NOT before LIKE, ILIKE, RLIKE and IN"
)
_ORDERED = frozenset({Operator.LESS, Operator.LESS_OR_EQUAL, Operator.GREATER, Operator.GREATER_OR_EQUAL})
_PATTERNS = frozenset({Operator.RLIKE, Operator.NOT_RLIKE})
_WORDS = _PATTERNS | {Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE}
_NULLS = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
_NEGATED = {
    "LIKE": Operator.NOT_LIKE,
    "ILIKE": Operator.NOT_ILIKE,
    "RLIKE": Operator.NOT_RLIKE,
    "IN": Operator.NOT_IN,
}
# A word before one of these is meant as a field, whether there is one of this name or not.
_OPERATOR_WORDS = frozenset({"LIKE", "ILIKE", "RLIKE", "IN", "IS"})


def begins_comparison(cursor: Cursor) -> bool:
    """Whether a condition on a field comes next, rather than a free word."""
    token, then = cursor.next, cursor.after_next()
    if token.kind != "name":
        # `5 < cost` is meant as a comparison, and refused as one.
        return then.kind == "operator"
    head, dot, _ = token.text.partition(".")
    if dot and head.lower() in ENTITIES:
        return True
    if then.keyword == "NOT":
        return cursor.after_next(2).keyword in _OPERATOR_WORDS or (
            cursor.after_next(2).kind == "operator" and is_field(token.text)
        )
    if then.kind == "operator" or then.keyword in _OPERATOR_WORDS:
        return True
    return is_field(token.text) and then.kind in {"text", "number", "quantity", "date"}


def is_field(name: str) -> bool:
    """Whether a trace has a field of this name."""
    return name.lower() in TRACE_FIELDS or name.lower() in OTHER_NAMES["trace"]


def read_comparison(cursor: Cursor) -> Comparison:
    """Reads one.

    Raises:
        FilterError: it cannot be understood; says what would be right.
    """
    field = _field(cursor)
    operator_token = cursor.next
    operator = _operator(cursor)
    _check_operator(field, operator, operator_token)
    if operator in _NULLS:
        return Comparison(field, operator)
    if operator.positive is Operator.IN:
        return Comparison(field, operator, _list(cursor, field, operator))
    token = cursor.take()
    value = read_value(token, field)
    _check_value(field, operator, value, token.column)
    if operator in _PATTERNS:
        _check_pattern(token)
    return Comparison(field, operator, _known(field, value))


def _field(cursor: Cursor) -> Field:
    token = cursor.take()
    if token.kind != "name":
        raise FilterError(
            f"Expected a field such as status, latency, tags.key or span.name, or words, found {token}.",
            token.column,
        )
    head, dot, rest = token.text.partition(".")
    entity = ENTITIES.get(head.lower())
    if entity is None or not dot:
        return _named(TRACE_FIELDS, "trace", token.text, token.column)
    if not rest:
        rest = _quoted_key(cursor, token)
    column = token.column + len(head) + 1
    if entity == "trace":
        return _named(TRACE_FIELDS, "trace", rest, column)
    if entity == "span":
        return _attribute(cursor, token, rest) or _named(SPAN_FIELDS, "span", rest, column)
    return Field(entity, rest, "any" if entity in {"feedback", "expectation"} else "text")


def _attribute(cursor: Cursor, token: Token, rest: str) -> Field | None:
    """`attributes.KEY` of a span, and `attribute.KEY`; None if it is another field."""
    head, dot, key = rest.partition(".")
    if not dot or head.lower() not in {"attributes", "attribute"}:
        return None
    return Field("span", ATTRIBUTE + (key or _quoted_key(cursor, token)), "any")


def _quoted_key(cursor: Cursor, entity: Token) -> str:
    token = cursor.take()
    if token.kind not in {"quoted", "text"}:
        raise FilterError(
            f"Expected a key after {entity.text}, such as {entity.text}key or {entity.text}`my key`.",
            token.column,
        )
    return token.text


def _named(known: Mapping[str, Kind], entity: Entity, name: str, column: int) -> Field:
    others = OTHER_NAMES[entity]
    lower = name.lower()
    lower = lower if lower in known else others.get(lower, lower)
    kind = known.get(lower)
    if kind is not None:
        return Field(entity, lower, kind)
    entities = [f"{prefix}." for prefix in ENTITIES] if entity == "trace" else []
    close = did_you_mean(name, [*known, *others, *entities])
    hint = "" if close is None else f" Did you mean {close}?"
    raise FilterError(
        f"A {entity} has no field {name[:50]!r}.{hint} It has: {', '.join(known)}.", column, close
    )


def _operator(cursor: Cursor) -> Operator:
    token = cursor.take()
    if token.kind == "operator":
        return Operator(token.text)
    word = token.keyword
    if word in {"LIKE", "ILIKE", "RLIKE", "IN"}:
        return Operator(word)
    if word == "NOT" and cursor.next.keyword in _NEGATED:
        return _NEGATED[cursor.take().keyword]
    if word == "IS":
        is_not = cursor.next.keyword == "NOT"
        if is_not:
            cursor.take()
        if cursor.next.keyword == "NULL":
            cursor.take()
            return Operator.IS_NOT_NULL if is_not else Operator.IS_NULL
        token = cursor.next
    raise FilterError(f"Expected a comparison ({_COMPARISONS}), found {token}.", token.column)


def _list(cursor: Cursor, field: Field, operator: Operator) -> Value:
    _punctuation(cursor, "(")
    values: list[Scalar] = []
    while True:
        column = cursor.next.column
        value = read_value(cursor.take(), field)
        _check_value(field, operator, value, column)
        if values and isinstance(value, str) is not isinstance(values[0], str):
            raise FilterError("A list holds texts or numbers, not both.", column)
        values.append(_known(field, value))
        if len(values) > MAX_LIST:
            raise FilterError(f"A list has at most {MAX_LIST} values.", column)
        if cursor.next.text != ",":
            break
        cursor.take()
    _punctuation(cursor, ")")
    return tuple(values)


def _punctuation(cursor: Cursor, mark: str) -> None:
    token = cursor.take()
    if not token.is_mark(mark):
        raise FilterError(f"Expected {mark!r} around a list such as ('a', 'b'), found {token}.", token.column)


def _known(field: Field, value: Scalar) -> Scalar:
    if field != TRACE_ID or not isinstance(value, str):
        return value
    return value.lower().removeprefix("tr-")


def _check_operator(field: Field, operator: Operator, token: Token) -> None:
    if operator in _ORDERED and field.kind == "text":
        raise FilterError(f"{field.name} is text: {operator.value} compares numbers.", token.column)
    if operator in _WORDS and field.kind == "number":
        raise FilterError(f"{field.name} is a number: {operator.value} compares text.", token.column)


def _check_value(field: Field, operator: Operator, value: Scalar, column: int) -> None:
    if isinstance(value, Ago) and operator not in _ORDERED:
        raise FilterError(f"{field.name} is compared with < <= > >= where the value is a time ago.", column)
    if operator in _WORDS and not isinstance(value, str):
        raise FilterError(f"{operator.value} compares text: put the value in single quotes.", column)
    valid = STATUSES.get(field.entity)
    if field.name != "status" or valid is None or operator in _WORDS or value in valid:
        return
    close = did_you_mean(str(value).upper(), [each.lower() for each in valid])
    hint = "" if close is None else f" Did you mean {close.upper()}?"
    raise FilterError(
        f"A {field.entity} has no status {value!r}.{hint} It has: {', '.join(valid)}.",
        column,
        None if close is None else close.upper(),
    )


def _check_pattern(token: Token) -> None:
    try:
        compiled(token.text)
    except PatternError as error:
        # The quote before it stands in the column of the value; one within it is written twice.
        doubled = token.text[: error.place].count("'") if token.kind == "text" else 0
        place = token.column + 1 + error.place + doubled
        raise FilterError(f"This regular expression cannot be used: {error}", place) from None
