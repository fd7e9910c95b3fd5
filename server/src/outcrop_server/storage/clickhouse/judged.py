"""Conditions on judgements: the traces of which one with the value says so. Pure."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse.compared import compared_sql
from outcrop_server.storage.common.sql import Sql

if TYPE_CHECKING:
    from outcrop.filter.ast import Comparison

# What is no text is there as its JSON; what is null is not there.
AS_TEXT = "if(startsWith(value, '\"'), JSONExtractString(value), nullIf(value, 'null'))"
_WHOLE = "match(value, '^-?[0-9]{1,70}$')"
# Numbers with a fraction, and such as are larger than anybody's.
_REAL = "match(value, '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$')"
_AS_WHOLE = f"if({_WHOLE}, toInt256OrNull(value), NULL)"
_AS_REAL = f"if({_REAL} AND NOT {_WHOLE}, toFloat64OrNull(value), NULL)"


def assessed_sql(comparison: Comparison) -> Sql:
    """That a trace has a judgement of which a comparison, without its negation, holds: not of a pattern."""
    field, value = comparison.field, comparison.value
    # A list holds texts or numbers, never both.
    first = value[0] if isinstance(value, tuple) and value else value
    if isinstance(first, int | float):
        whole, real = compared_sql(comparison, _AS_WHOLE), compared_sql(comparison, _AS_REAL, is_float=True)
        either = f"ifNull({whole.text}, false) OR ifNull({real.text}, false)"
        test = Sql(either, whole.values + real.values)
    else:
        test = compared_sql(comparison, AS_TEXT)
    return with_judgement(field.entity, field.name, test)


def with_judgement(kind: str, name: str, test: Sql) -> Sql:
    """That a trace has a judgement of a kind and name whose row fits."""
    text = (
        "trace.trace_id IN (SELECT trace_id FROM assessment FINAL "
        f"WHERE NOT gone AND kind = %s AND name = %s AND ({test.text}))"
    )
    return Sql(text, (kind, name, *test.values))
