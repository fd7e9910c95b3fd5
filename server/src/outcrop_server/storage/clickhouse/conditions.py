"""A filter's conditions as ClickHouse's SQL over the row of `trace`, for `common.plans`.

Values go in as parameters, all but numbers. Conditions are true or false, never NULL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Not, Operator, Or
from outcrop.filter.fields import TRACE_ID
from outcrop.filter.folding import folded
from outcrop.filter.matching import holds_of
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.compared import compared_sql
from outcrop_server.storage.clickhouse.judged import assessed_sql
from outcrop_server.storage.common.sql import NEVER, Sql, joined, negated
from outcrop_server.storage.common.start_bounds import start_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NS_IN_MS = 1_000_000

# What a field of `outcrop.filter.fields` is here. A trace that nobody marked as failed is OK.
TRACE_COLUMNS = {
    "trace_id": "lower(hex(trace.trace_id))",
    "name": "trace.name",
    "status": "if(trace.status = 'ERROR', 'ERROR', 'OK')",
    "timestamp": f"intDiv(trace.start_time_ns, {_NS_IN_MS})",
    "execution_time": f"intDiv(trace.duration_ns, {_NS_IN_MS})",
    "end_time": f"(intDiv(trace.start_time_ns, {_NS_IN_MS}) + intDiv(trace.duration_ns, {_NS_IN_MS}))",
    "session_id": "trace.session_id",
    "user_id": "trace.user_id",
    "error_type": "trace.error_type",
    "error_message": "trace.error_message",
    "prompt": "trace.request_preview",
    "response": "trace.response_preview",
    "span_count": "trace.span_count",
    "input_tokens": "trace.input_tokens",
    "output_tokens": "trace.output_tokens",
    "total_tokens": "(toInt128(trace.input_tokens) + trace.output_tokens)",
    "cost": "(trace.cost_nano_usd / 1e9)",
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
    "execution_time": f"intDiv(span.end_time_ns - span.start_time_ns, {_NS_IN_MS})",
    "input_tokens": "span.input_tokens",
    "output_tokens": "span.output_tokens",
    "total_tokens": "(toInt128(span.input_tokens) + span.output_tokens)",
    "cost": "(span.cost_nano_usd / 1e9)",
}
# No whole numbers.
_FLOATS = frozenset({"cost"})
_ARRAYS = {
    "model": "trace.models",
    "tool": "trace.tools",
    "text": "[trace.request_preview, trace.response_preview]",
}
_TEXTS = {"tag": "trace.tags", "metadata": "trace.metadata"}
# What is said of a trace, but known of its spans: these fields of theirs.
_OF_SPANS = {
    "vendor": "vendor",
    "finish_reason": "finish_reason",
    "error": "error_type",
    "error.message": "error_message",
}
_JUDGEMENTS = frozenset({"feedback", "expectation"})
_ID = re.compile("[0-9a-f]{32}")
_EXPERIMENT = Field("trace", "experiment", "text")
# Stands for the spans that are looked at: others for each window of time. `spans.SpanState` puts them in.
FROM_SPANS = "FROM span WHERE is_of_window"


class Clickhouse:
    """The dialect.

    Args:
        experiments: names by number.
        judged: the ids of the traces with a judgement in which a pattern is found, in hex.
        of_text: what the index of words says of the row of `trace` where texts are asked for.
    """

    def __init__(
        self,
        experiments: Mapping[int, str],
        judged: Callable[[Comparison], tuple[str, ...]],
        of_text: Callable[[Comparison], Sql],
    ) -> None:
        self._experiments = experiments
        self._judged = judged
        self._of_text = of_text

    def comparison(self, comparison: Comparison) -> Sql:
        """A comparison over the row of `trace`: neither a pattern nor free words."""
        positive = self._positive(comparison)
        return negated(positive) if comparison.operator.is_negative else positive

    def span_comparison(self, comparison: Comparison) -> Sql:
        """The same over one row of `span`."""
        name = comparison.field.name
        test = compared_sql(comparison, SPAN_COLUMNS[name], is_float=name in _FLOATS)
        positive = Sql(f"ifNull({test.text}, false)", test.values)
        return negated(positive) if comparison.operator.is_negative else positive

    def values(self, wanted: Field) -> Sql:
        """An expression over the row of `trace`: a field's text, or its texts as an array."""
        if wanted.entity in _TEXTS:
            column = _TEXTS[wanted.entity]
            return Sql(f"if(mapContains({column}, %s), {column}[%s], NULL)", (wanted.name, wanted.name))
        if wanted.entity != "trace":
            raise TypeError(f"{wanted!r} is not of the row of a trace")
        return Sql(_ARRAYS.get(wanted.name) or TRACE_COLUMNS[wanted.name])

    def span_value(self, wanted: Field) -> Sql:
        """An expression over the row of `span`: a field's text."""
        return Sql(SPAN_COLUMNS[wanted.name])

    def words(self, words: str) -> Sql:
        """Whether free words stand in the columns of a trace and its spans."""
        tests = [
            _within(column, words)
            for column in (
                "trace.request_preview",
                "trace.response_preview",
                *(f"span.{name}" for name in ("name", "error_type", "error_message")),
            )
        ]
        return joined("OR", [*tests[:2], self.with_span(joined("OR", tests[2:]))])

    def with_span(self, inner: Sql) -> Sql:
        """Whether the trace has a span of which a condition holds."""
        text = f"trace.trace_id IN (SELECT span.trace_id {FROM_SPANS} AND ({inner.text or 'true'}))"
        return Sql(text, inner.values)

    def of_text(self, comparison: Comparison) -> Sql:
        """What holds of the row of `trace` where one of texts can."""
        return self._of_text(comparison)

    def literals(self, wanted: Field, choices: Sequence[Sequence[str]]) -> Sql:
        """Whether one of a field's texts has one of each of some choices in it."""
        held = self.values(wanted)
        if wanted.entity != "trace" or wanted.name not in _ARRAYS:
            return literals_sql(held, choices)
        tests = literals_sql(Sql("held"), choices)
        return Sql(f"arrayExists(held -> {tests.text}, {held.text})", tests.values + held.values)

    def span_literals(self, wanted: Field, choices: Sequence[Sequence[str]]) -> Sql:
        """The same over the row of `span`."""
        return literals_sql(Sql(SPAN_COLUMNS[wanted.name]), choices)

    def _positive(self, comparison: Comparison) -> Sql:
        """The comparison without its negation."""
        field = comparison.field
        bounds = start_bounds(comparison)
        if bounds is not None:
            is_from, bound_ns = bounds
            return Sql(f"trace.start_time_ns {'>=' if is_from else '<'} {bound_ns:d}")
        if field == _EXPERIMENT:
            return self._of_experiments(comparison)
        if field == TRACE_ID and comparison.operator.positive in {Operator.EQUAL, Operator.IN}:
            return _of_ids(comparison)
        if field.entity in _TEXTS:
            column = _TEXTS[field.entity]
            test = compared_sql(comparison, f"{column}[%s]", (field.name,))
            return Sql(f"mapContains({column}, %s) AND ({test.text})", (field.name, *test.values))
        if field.entity != "trace":
            return assessed_sql(comparison)
        if field.name in _ARRAYS:
            test = compared_sql(comparison, "held")
            return Sql(f"arrayExists(held -> ifNull({test.text}, false), {_ARRAYS[field.name]})", test.values)
        test = compared_sql(comparison, TRACE_COLUMNS[field.name], is_float=field.name in _FLOATS)
        return Sql(f"ifNull({test.text}, false)", test.values)

    def _of_experiments(self, comparison: Comparison) -> Sql:
        """They are few: their names are compared here."""
        numbers = [number for number, name in self._experiments.items() if holds_of(comparison, name)]
        return in_experiments(numbers)

    def rewritten(self, condition: Condition) -> Condition:
        """A condition in which what is said of a trace is said of its spans, where they know it.

        A pattern of experiments' names becomes these names.
        """
        if isinstance(condition, And | Or):
            return type(condition)(tuple(map(self.rewritten, condition.terms)))
        if isinstance(condition, Not):
            return Not(self.rewritten(condition.term))
        if isinstance(condition, AnySpan):
            return condition
        field, positive = condition.field, condition.operator.positive
        in_or_not = Operator.NOT_IN if condition.operator.is_negative else Operator.IN
        if field.entity in _JUDGEMENTS and positive is Operator.RLIKE:
            return Comparison(TRACE_ID, in_or_not, self._judged(condition))
        if field.entity != "trace":
            return condition
        if field == _EXPERIMENT and positive is Operator.RLIKE:
            names = tuple(name for name in self._experiments.values() if holds_of(condition, name))
            return Comparison(field, in_or_not, names)
        of_span = _OF_SPANS.get(field.name)
        if of_span is None:
            return condition
        any_span = AnySpan(Comparison(Field("span", of_span, "text"), positive, condition.value))
        return Not(any_span) if condition.operator.is_negative else any_span


def _of_ids(comparison: Comparison) -> Sql:
    """Of a text that is no id, no trace has it."""
    value = comparison.value
    texts = value if isinstance(value, tuple) else (value,)
    ids = [bytes.fromhex(text) for text in texts if isinstance(text, str) and _ID.fullmatch(text)]
    return Sql(f"trace.trace_id IN {hex_list(ids, 16)}") if ids else NEVER


def in_experiments(numbers: Sequence[int]) -> Sql:
    """That a trace is in one of some experiments."""
    return Sql(f"trace.experiment_id IN ({', '.join(map(str, numbers))})") if numbers else NEVER


def _within(column: str, words: str) -> Sql:
    return Sql(f"ifNull(position(lower({column}), %s) > 0, false)", (folded(words),))


def literals_sql(value: Sql, choices: Sequence[Sequence[str]]) -> Sql:
    """What stands in every text in which a regular expression is found."""
    test = f"ifNull(position(lower({value.text}), %s) > 0, false)"
    return joined(
        "AND",
        [joined("OR", [Sql(test, (*value.values, folded(choice))) for choice in each]) for each in choices],
    )
