"""The value of a condition: text, a number, a duration, a count, a moment, as its field takes them. Pure."""

from __future__ import annotations

import math

from outcrop.filter.ast import Ago, Field, Scalar
from outcrop.filter.errors import FilterError
from outcrop.filter.fields import DURATIONS, MOMENTS
from outcrop.filter.lexer import Token
from outcrop.filter.moments import count, duration_ms, moment_ms


def read_value(token: Token, field: Field) -> Scalar:
    """What a token means as a value of a field.

    Raises:
        FilterError: the field takes no such value; says what it takes.
    """
    if field.name in MOMENTS and field.entity == "trace":
        return _moment(token, field)
    if token.kind in {"text", "quoted", "date"}:
        if field.kind == "number":
            raise FilterError(f"{field.name} is a number: write it without quotes.", token.column)
        return token.text
    if token.kind in {"number", "quantity"}:
        if field.kind == "text":
            raise FilterError(f"{field.name} is text: put the value in single quotes.", token.column)
        return _number(token) if token.kind == "number" else _quantity(token, field)
    return _word(token, field)


def _word(token: Token, field: Field) -> Scalar:
    word = token.keyword
    if word in {"TRUE", "FALSE"} and field.kind == "any":
        return word.lower()
    if word == "NULL":
        raise FilterError("Nothing equals NULL: write IS NULL or IS NOT NULL.", token.column)
    hint = f" Text stands in single quotes: '{token.text[:50]}'." if token.kind == "name" else ""
    raise FilterError(f"Expected a value, found {token}.{hint}", token.column)


def _moment(token: Token, field: Field) -> Scalar:
    if token.kind == "number":
        return _number(token)
    if token.kind in {"text", "quoted", "date"}:
        moment = moment_ms(token.text)
        if moment is not None:
            return moment
    elif token.kind == "quantity" and token.text.startswith("-"):
        ago = duration_ms(token.text[1:])
        if ago is not None:
            return Ago(ago)
    raise FilterError(
        f"{field.name} is a moment: write it as '2026-11-01', '2026-11-01T12:30:00Z', -1h for an hour ago, "
        f"or in milliseconds since the epoch; found {token}.",
        token.column,
    )


def _quantity(token: Token, field: Field) -> Scalar:
    is_duration = field.name in DURATIONS
    value = duration_ms(token.text) if is_duration else count(token.text)
    if value is not None:
        return value
    forms = "a duration such as 500ms, 2s or 1m30s" if is_duration else "a number such as 5, 0.5, 2k or 1M"
    raise FilterError(f"{token} means nothing here: {field.name[:50]} is {forms}.", token.column)


def _number(token: Token) -> int | float:
    number = float(token.text)
    if not math.isfinite(number):
        raise FilterError(f"{token} is too large a number.", token.column)
    # An integer that no column could hold is compared as the float that it nearly is.
    whole = int(token.text) if token.text.lstrip("+-").isdigit() else None
    return whole if whole is not None and abs(whole) < 2**63 else number
