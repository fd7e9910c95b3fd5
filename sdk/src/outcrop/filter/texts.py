"""Which conditions ask for what lies in payloads: words, a span's whole text, its attributes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from outcrop.filter.ast import AnySpan, Comparison, Condition, Field, Not, Operator
from outcrop.filter.fields import WORDS, attribute_key

_CONTENT = Field("span", "content", "text")


def looks_for_text(condition: Condition) -> bool:
    """Whether a condition asks for what lies in payloads."""
    return any(each.field == WORDS or is_of_text(each) for each in comparisons_of(condition))


def has_pattern(condition: Condition) -> bool:
    """Whether there is a regular expression in it."""
    return any(each.operator.positive is Operator.RLIKE for each in comparisons_of(condition))


def is_of_text(comparison: Comparison) -> bool:
    """Whether it is one of a span's whole text or attributes."""
    return comparison.field == _CONTENT or attribute_key(comparison.field) is not None


def comparisons_of(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in a condition."""
    if isinstance(condition, Comparison):
        yield condition
    elif isinstance(condition, Not | AnySpan):
        yield from comparisons_of(condition.term)
    else:
        for term in condition.terms:
            yield from comparisons_of(term)
