"""Comparisons of an expression with what a filter names. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from outcrop.filter.ast import Operator
from outcrop.filter.folding import folded
from outcrop_server.storage.clickhouse.statements import literal
from outcrop_server.storage.common.sql import NEVER, Sql

if TYPE_CHECKING:
    from outcrop.filter.ast import Comparison

# Behind everything that such a column, or a sum of two, holds.
_MOST = 2**250


def compared_sql(
    comparison: Comparison, value: str, given: tuple[str, ...] = (), *, is_float: bool = False
) -> Sql:
    """A comparison, without its negation, of an expression; NULL where that is.

    Args:
        comparison: no pattern.
        value: the expression, which may be NULL.
        given: for its own marks.
        is_float: whether it is a number with a fraction.
    """
    operator, expected = comparison.operator.positive, comparison.value
    if operator is Operator.IS_NOT_NULL:
        return Sql(f"isNotNull({value})", given)
    if isinstance(expected, tuple):
        if not expected:
            return NEVER
        if isinstance(expected[0], str):
            return Sql(f"{value} IN (%s)", (*given, tuple(map(str, expected))))
        tests = [
            _number_sql(value, Operator.EQUAL, each, is_float=is_float)
            for each in expected
            if isinstance(each, int | float)
        ]
        return Sql(" OR ".join(f"({test})" for test in tests), given * len(tests))
    if isinstance(expected, int | float):
        return Sql(_number_sql(value, operator, expected, is_float=is_float), given)
    text = str(expected)
    # Of texts that are compared by code points, capitals and small letters are told apart by ASCII alone.
    if operator is Operator.CONTAINS:
        return Sql(f"position(lower({value}), %s) > 0", (*given, folded(text)))
    if operator is Operator.LIKE:
        return Sql(f"{value} LIKE %s", (*given, _unescaped(text)))
    if operator is Operator.ILIKE:
        return Sql(f"lower({value}) LIKE %s", (*given, _unescaped(folded(text))))
    if operator is Operator.RLIKE:
        raise TypeError("A regular expression is no SQL.")
    return Sql(f"{value} {operator.value} %s", (*given, text))


def _number_sql(value: str, operator: Operator, expected: float, *, is_float: bool) -> str:
    """A comparison of a number; NULL where that is, or false."""
    if is_float:
        return f"{value} {operator.value} {literal(float(expected))}"
    return _whole_test(value, operator, expected)


def _unescaped(pattern: str) -> str:
    """A pattern of LIKE in which a backslash means itself."""
    return pattern.replace("\\", "\\\\")


def _whole_test(value: str, operator: Operator, expected: float) -> str:
    """A comparison of an expression that is whole; NULL where that is, or false.

    Of no rounding: what is between two whole numbers becomes one of them.

    Args:
        value: the expression.
        operator: `=`, or one of those of order.
        expected: any number.
    """
    if isinstance(expected, float) and not math.isfinite(expected):
        return _beyond(value, operator, is_above=expected > 0, is_number=not math.isnan(expected))
    if operator is Operator.EQUAL:
        is_whole = expected == math.floor(expected)
        return f"{value} = {_literal(math.floor(expected))}" if is_whole else "false"
    if operator in {Operator.LESS, Operator.GREATER_OR_EQUAL}:
        return f"{value} {operator.value} {_literal(math.ceil(expected))}"
    return f"{value} {operator.value} {_literal(math.floor(expected))}"


def _beyond(value: str, operator: Operator, *, is_above: bool, is_number: bool) -> str:
    if not is_number or operator is Operator.EQUAL:
        return "false"
    holds = operator in {Operator.LESS, Operator.LESS_OR_EQUAL}
    return f"isNotNull({value})" if holds is is_above else "false"


def _literal(number: int) -> str:
    return literal(max(-_MOST, min(_MOST, number)))
