"""A filter's conditions as SQL over the row of `trace`: constants, and every value a parameter. Pure.

What SQL cannot tell (regular expressions, texts of payloads) has no SQL here: `plans` splits conditions.
"""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from decimal import Decimal
from typing import Any

from outcrop.filter.ast import Comparison, Field, Operator
from outcrop.filter.fields import WORDS
from outcrop_server.storage.common.sql import Sql, negated
from outcrop_server.storage.common.start_bounds import start_bounds

_NS_IN_MS = 1_000_000
EXPERIMENT = "(SELECT name FROM experiment WHERE experiment.experiment_id = trace.experiment_id)"

# What a field of `outcrop.filter.fields` is here. A trace that nobody marked as failed is OK.
TRACE_COLUMNS = {
    "trace_id": "encode(trace.trace_id, 'hex')",
    "name": "trace.name",
    "status": "CASE trace.status WHEN 'ERROR' THEN 'ERROR' ELSE 'OK' END COLLATE \"C\"",
    "timestamp": f"trace.start_time_ns / {_NS_IN_MS}",
    "execution_time": f"trace.duration_ns / {_NS_IN_MS}",
    "end_time": f"trace.start_time_ns / {_NS_IN_MS} + trace.duration_ns / {_NS_IN_MS}",
    "experiment": EXPERIMENT,
    "session_id": "trace.session_id",
    "user_id": "trace.user_id",
    "error_type": "trace.error_type",
    "error_message": "trace.error_message",
    "prompt": "trace.request_preview",
    "response": "trace.response_preview",
    "span_count": "trace.span_count",
    "input_tokens": "trace.input_tokens",
    "output_tokens": "trace.output_tokens",
    "total_tokens": "trace.input_tokens::numeric + trace.output_tokens",
    "cost": "trace.cost_nano_usd::float8 / 1e9",
}
SPAN_COLUMNS = {
    "name": "span.name",
    "type": "span.span_type",
    "status": "span.status",
    "model": "span.model",
    "vendor": "span.vendor",
    "finish_reason": "span.finish_reason",
    "error_type": "span.error_type",
    "error_message": "span.error_message",
    "execution_time": f"(span.end_time_ns - span.start_time_ns) / {_NS_IN_MS}",
    "input_tokens": "span.input_tokens",
    "output_tokens": "span.output_tokens",
    "total_tokens": "span.input_tokens::numeric + span.output_tokens",
    "cost": "span.cost_nano_usd::float8 / 1e9",
}
# These are no whole numbers: they are compared as what they are in memory, too.
_FLOATS = frozenset({"cost"})
OF_TRACE = "span.trace_key = trace.trace_key AND span.part = trace.part"
_OF_SPANS = f"SELECT {{column}} AS value FROM span WHERE {OF_TRACE}"
_LISTED = 'SELECT listed COLLATE "C" AS value FROM jsonb_array_elements_text(trace.{column}::jsonb) AS listed'
# Each gives the rows of which one must fit, with the value under the name `value`.
_MANY = {
    "model": _LISTED.format(column="models"),
    "tool": _LISTED.format(column="tools"),
    "text": "SELECT unnest(ARRAY[trace.request_preview, trace.response_preview]) AS value",
    "vendor": _OF_SPANS.format(column="span.vendor"),
    "finish_reason": _OF_SPANS.format(column="span.finish_reason"),
    "error": _OF_SPANS.format(column="span.error_type"),
    "error.message": _OF_SPANS.format(column="span.error_message"),
}
_TEXTS = {"tag": "trace.tags", "metadata": "trace.metadata"}
_OF_ASSESSMENTS = (
    "SELECT {value} AS value FROM assessment WHERE assessment.trace_key = trace.trace_key "
    "AND assessment.kind = %s AND assessment.name = %s"
)
# The value of an assessment as text: what is no text is there as its JSON.
_AS_TEXT = (
    "(CASE left(assessment.value, 1) WHEN '\"' THEN assessment.value::jsonb #>> '{}' ELSE "
    "nullif(assessment.value, 'null') END) COLLATE \"C\""
)
_WHOLE = "CASE WHEN value ~ '^-?[0-9]+$' THEN value::numeric END"
_REAL = (
    "CASE WHEN value ~ '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$' AND value !~ '^-?[0-9]+$' "
    "THEN value::float8 END"
)
_ESCAPED = str.maketrans({character: f"!{character}" for character in "!%_"})


def comparison_sql(comparison: Comparison) -> Sql:
    """A comparison over the row of `trace`, true or false, never NULL: neither a pattern nor free words."""
    positive = _positive(comparison)
    return negated(positive) if comparison.operator.is_negative else positive


def span_comparison_sql(comparison: Comparison) -> Sql:
    """The same over one row of `span`."""
    column = SPAN_COLUMNS[comparison.field.name]
    test = compared_sql(comparison, f"({column})", is_float=comparison.field.name in _FLOATS)
    positive = Sql(f"coalesce({test.text}, false)", test.values)
    return negated(positive) if comparison.operator.is_negative else positive


def values_sql(field: Field) -> Sql:
    """An expression that gives the texts of a field as one array; its members may be NULL."""
    if field.entity == "trace" and field.name in TRACE_COLUMNS:
        return Sql(f"ARRAY[{TRACE_COLUMNS[field.name]}]")
    if field.entity in _TEXTS:
        return Sql(f"ARRAY[{_TEXTS[field.entity]}::jsonb ->> %s]", (field.name,))
    rows = _rows(field)
    return Sql(f"ARRAY({rows.text})", rows.values)


def words_sql(words: str) -> Sql:
    """Whether free words stand in the columns of a trace and its spans: all but what lies in payloads."""
    columns = (
        "trace.request_preview",
        "trace.response_preview",
        *(f"span.{name}" for name in ("name", "error_type", "error_message")),
    )
    asked = Comparison(WORDS, Operator.CONTAINS, words)
    tests = [compared_sql(asked, column) for column in columns]
    first, second, *of_spans = [f"coalesce({test.text}, false)" for test in tests]
    text = (
        f"{first} OR {second} OR EXISTS (SELECT 1 FROM span WHERE {OF_TRACE} AND ({' OR '.join(of_spans)}))"
    )
    return Sql(f"({text})", tuple(value for test in tests for value in test.values))


def _positive(comparison: Comparison) -> Sql:
    """The comparison without its negation."""
    field = comparison.field
    bound = start_bounds(comparison)
    if bound is not None:
        return _start_sql(*bound)
    if field.entity in _TEXTS:
        test = compared_sql(comparison, f'(({_TEXTS[field.entity]}::jsonb ->> %s) COLLATE "C")')
        return Sql(f"coalesce({test.text}, false)", (field.name, *test.values))
    single = TRACE_COLUMNS.get(field.name) if field.entity == "trace" else None
    if single is not None:
        test = compared_sql(comparison, f"({single})", is_float=field.name in _FLOATS)
        return Sql(f"coalesce({test.text}, false)", test.values)
    if field.entity != "trace" and _is_of_numbers(comparison):
        return _numbers(comparison)
    rows, test = _rows(field), compared_sql(comparison, "value")
    return Sql(f"EXISTS (SELECT 1 FROM ({rows.text}) AS held WHERE {test.text})", rows.values + test.values)


def _is_of_numbers(comparison: Comparison) -> bool:
    value = comparison.value
    # A list holds texts or numbers, never both.
    return isinstance(value[0] if isinstance(value, tuple) else value, int | float)


def _numbers(comparison: Comparison) -> Sql:
    """A comparison of an assessment's number: one that is whole is compared as it is, however large."""
    rows = Sql(
        _OF_ASSESSMENTS.format(value="assessment.value"), (comparison.field.entity, comparison.field.name)
    )
    whole = compared_sql(comparison, f"({_WHOLE})")
    real = compared_sql(comparison, f"({_REAL})", is_float=True)
    return Sql(
        f"EXISTS (SELECT 1 FROM ({rows.text}) AS held WHERE {whole.text} OR {real.text})",
        rows.values + whole.values + real.values,
    )


def _rows(field: Field) -> Sql:
    if field.entity == "trace":
        return Sql(_MANY[field.name])
    return Sql(_OF_ASSESSMENTS.format(value=_AS_TEXT), (field.entity, field.name))


def compared_sql(comparison: Comparison, value: str, *, is_float: bool = False) -> Sql:
    """A comparison, without its negation, of the SQL expression `value`; NULL where that is.

    Args:
        comparison: no pattern.
        value: an expression, which may be NULL.
        is_float: whether it is a number with a fraction.
    """
    operator, expected = comparison.operator.positive, comparison.value
    if operator is Operator.IS_NOT_NULL:
        return Sql(f"{value} IS NOT NULL")
    if isinstance(expected, tuple):
        if isinstance(expected[0], str):
            return Sql(f"{value} = ANY(%s::text[])", (list(expected),))
        numbers = [_number(each, is_float=is_float) for each in expected]
        return Sql(f"{value} IN ({', '.join('%s' for _ in numbers)})", tuple(numbers))
    if isinstance(expected, int | float):
        return Sql(f"{value} {operator.value} %s", (_number(expected, is_float=is_float),))
    # Of texts that are compared by code points, capitals and small letters are told apart by ASCII alone.
    if operator is Operator.CONTAINS:
        return Sql(f"{value} ILIKE %s ESCAPE '!'", (within(str(expected)),))
    if operator in {Operator.LIKE, Operator.ILIKE}:
        return Sql(f"{value} {operator.value} %s ESCAPE ''", (expected,))
    if operator is Operator.RLIKE:
        raise TypeError("A regular expression is no SQL.")
    return Sql(f"{value} {operator.value} %s", (expected,))


def within(words: str) -> str:
    """The pattern of ILIKE, with `!` as its escape, for texts that have these words in them."""
    return f"%{words.translate(_ESCAPED)}%"


def _number(value: Any, *, is_float: bool) -> Any:
    """A number as a parameter: whole columns are compared with what it is exactly."""
    if is_float:
        return float(value)
    return Decimal(value) if isinstance(value, float) else value


def _start_sql(is_from: bool, bound_ns: int) -> Sql:
    """A bound of a trace's start, on the column itself: so an index can be asked for it."""
    return Sql(f"trace.start_time_ns {'>=' if is_from else '<'} %s", (bound_ns,))
