"""Splits a filter: what SQL tells of a trace, what it only narrows, what is looked at in Python. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Not, Operator, Or
from outcrop.filter.fields import WORDS
from outcrop.filter.patterns.pattern import compiled
from outcrop.filter.texts import is_of_text
from outcrop_server.storage.common.checks import (
    Check,
    Every,
    InSpan,
    Inverse,
    Known,
    Matched,
    OfPayload,
    Said,
    Some,
    cost,
)
from outcrop_server.storage.common.durations import bounds_of_span
from outcrop_server.storage.common.sql import ALWAYS, Sql, joined, negated

if TYPE_CHECKING:
    from collections.abc import Sequence


class Dialect(Protocol):
    """An engine's SQL. What is a condition is true or false, never NULL."""

    def comparison(self, comparison: Comparison) -> Sql:
        """A comparison over the row of `trace`: neither a pattern nor free words."""
        ...

    def span_comparison(self, comparison: Comparison) -> Sql:
        """The same over one row of `span`."""
        ...

    def values(self, wanted: Field) -> Sql:
        """An expression over the row of `trace`: a field's text, or its texts as an array."""
        ...

    def span_value(self, wanted: Field) -> Sql:
        """An expression over the row of `span`: a field's text."""
        ...

    def words(self, words: str) -> Sql:
        """Whether free words stand in the columns of a trace and its spans."""
        ...

    def with_span(self, inner: Sql) -> Sql:
        """Whether the trace has a span of which a condition over the row of `span` holds."""
        ...

    def of_text(self, comparison: Comparison) -> Sql:
        """What holds of a trace's row where a comparison of free words, or of a span's text, can."""
        ...

    def literals(self, wanted: Field, choices: Sequence[Sequence[str]]) -> Sql:
        """Whether one of a field's texts has one of each of some choices in it."""
        ...

    def span_literals(self, wanted: Field, choices: Sequence[Sequence[str]]) -> Sql:
        """The same over the row of `span`; may be NULL."""
        ...


class Plan(NamedTuple):
    """A condition, split.

    Attributes:
        narrow: holds of every trace of which the condition does; of no others where there is no `check`.
        columns: expressions over `trace` that `check` names.
        check: what is left to be looked at; None where nothing is.
    """

    narrow: Sql
    columns: tuple[Sql, ...] = ()
    check: Check | None = None


@dataclass
class _Columns:
    found: list[Sql] = field(default_factory=list[Sql])

    def add(self, sql: Sql) -> int:
        self.found.append(sql)
        return len(self.found) - 1


class Planner:
    """Splits conditions.

    Args:
        dialect: the engine's SQL.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def plan(self, condition: Condition) -> Plan:
        """Splits a condition over the row of `trace`."""
        exact = self.exact(condition)
        if exact is not None:
            narrow = exact
            if isinstance(condition, AnySpan):
                narrow = joined("AND", [*_possible(condition.term), exact])
            return Plan(narrow)
        columns = _Columns()
        check = self._check(condition, columns)
        return Plan(self._narrow(condition), tuple(columns.found), check)

    def exact(self, condition: Condition) -> Sql | None:
        """A condition as SQL, true exactly where it holds; None if SQL alone cannot tell."""
        if isinstance(condition, And | Or):
            terms = [self.exact(term) for term in condition.terms]
            known = [term for term in terms if term is not None]
            word = "AND" if isinstance(condition, And) else "OR"
            return None if len(known) < len(terms) else joined(word, known)
        if isinstance(condition, Not):
            inner = self.exact(condition.term)
            return None if inner is None else negated(inner)
        if isinstance(condition, AnySpan):
            inner = self._exact_span(condition.term)
            return None if inner is None else self._dialect.with_span(inner)
        is_far = condition.field == WORDS or condition.operator.positive is Operator.RLIKE
        return None if is_far else self._dialect.comparison(condition)

    def _exact_span(self, condition: Condition) -> Sql | None:
        if isinstance(condition, And | Or):
            terms = [self._exact_span(term) for term in condition.terms]
            known = [term for term in terms if term is not None]
            word = "AND" if isinstance(condition, And) else "OR"
            return None if len(known) < len(terms) else joined(word, known)
        comparison = _of_span(condition)
        is_far = is_of_text(comparison) or comparison.operator.positive is Operator.RLIKE
        return None if is_far else self._dialect.span_comparison(comparison)

    def _narrow(self, condition: Condition, *, is_negated: bool = False) -> Sql:
        """What holds wherever the condition, or its opposite, does."""
        exact = self.exact(condition)
        if exact is not None:
            return negated(exact) if is_negated else exact
        if isinstance(condition, Not):
            return self._narrow(condition.term, is_negated=not is_negated)
        if isinstance(condition, And | Or):
            terms = [self._narrow(term, is_negated=is_negated) for term in condition.terms]
            return joined("AND" if isinstance(condition, And) is not is_negated else "OR", terms)
        if isinstance(condition, AnySpan):
            if is_negated:
                return ALWAYS
            rows = self._narrow_span(condition.term)
            having = self._dialect.with_span(rows) if rows.text else ALWAYS
            return joined("AND", [*_possible(condition.term), self._of_texts(condition.term), having])
        if condition.field == WORDS:
            # What columns say is known; of what payloads may say, nothing.
            is_no = is_negated is not condition.operator.is_negative
            words = str(condition.value)
            return negated(self._dialect.words(words)) if is_no else self._dialect.of_text(condition)
        if is_negated is not condition.operator.is_negative:
            return ALWAYS
        choices = compiled(str(condition.value)).required
        return self._dialect.literals(condition.field, choices) if choices else ALWAYS

    def _of_texts(self, condition: Condition) -> Sql:
        """What holds of the trace of a span of which a condition does, by its texts."""
        if isinstance(condition, And | Or):
            word = "AND" if isinstance(condition, And) else "OR"
            return joined(word, [self._of_texts(term) for term in condition.terms])
        comparison = _of_span(condition)
        is_asked = is_of_text(comparison) and not comparison.operator.is_negative
        return self._dialect.of_text(comparison) if is_asked else ALWAYS

    def _narrow_span(self, condition: Condition) -> Sql:
        exact = self._exact_span(condition)
        if exact is not None:
            return exact
        if isinstance(condition, And | Or):
            terms = [self._narrow_span(term) for term in condition.terms]
            return joined("AND" if isinstance(condition, And) else "OR", terms)
        comparison = _of_span(condition)
        if is_of_text(comparison) or comparison.operator.is_negative:
            return ALWAYS
        choices = compiled(str(comparison.value)).required
        return self._dialect.span_literals(comparison.field, choices) if choices else ALWAYS

    def _check(self, condition: Condition, columns: _Columns) -> Check:
        exact = self.exact(condition)
        if exact is not None:
            return Known(columns.add(Sql(exact.text or "true", exact.values)))
        if isinstance(condition, And | Or):
            terms = tuple(sorted((self._check(term, columns) for term in condition.terms), key=cost))
            return Every(terms) if isinstance(condition, And) else Some(terms)
        if isinstance(condition, Not):
            return Inverse(self._check(condition.term, columns))
        if isinstance(condition, AnySpan):
            return self._in_span(condition.term)
        if condition.field == WORDS:
            words = str(condition.value)
            said = Said(columns.add(self._dialect.words(words)), words)
            return Inverse(said) if condition.operator.is_negative else said
        return Matched(columns.add(self._dialect.values(condition.field)), condition)

    def _in_span(self, term: Condition) -> InSpan:
        columns = _Columns()
        check = self._span_check(term, columns)
        terms = term.terms if isinstance(term, And) else (term,)
        needed = tuple(
            each
            for each in terms
            if isinstance(each, Comparison) and is_of_text(each) and not each.operator.is_negative
        )
        return InSpan(self._narrow_span(term), tuple(columns.found), check, needed)

    def _span_check(self, condition: Condition, columns: _Columns) -> Check:
        exact = self._exact_span(condition)
        if exact is not None:
            return Known(columns.add(Sql(exact.text or "true", exact.values)))
        if isinstance(condition, And | Or):
            terms = tuple(sorted((self._span_check(term, columns) for term in condition.terms), key=cost))
            return Every(terms) if isinstance(condition, And) else Some(terms)
        comparison = _of_span(condition)
        if is_of_text(comparison):
            return OfPayload(comparison)
        return Matched(columns.add(self._dialect.span_value(comparison.field)), comparison)


def _of_span(condition: Condition) -> Comparison:
    if not isinstance(condition, Comparison) or condition.field.entity != "span":
        raise TypeError(f"{condition!r} cannot be asked of one span")
    return condition


def _possible(term: Condition) -> list[Sql]:
    """What the row of `trace` tells of how long its spans took."""
    return [
        Sql(f"trace.{column} {operator} %s", (bound,))
        for bounds in bounds_of_span(term)
        for column, operator, bound in (
            ("longest_span_ns", ">=", bounds.least_ns),
            ("shortest_span_ns", "<", bounds.below_ns),
        )
        if bound is not None
    ]
