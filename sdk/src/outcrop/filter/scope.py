"""Which conditions on spans speak of the same span. Pure.

Those that AND joins do, with any OR among them in parentheses; NOT is said of the whole trace.
"""

from __future__ import annotations

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Not, Or


def scoped(condition: Condition) -> Condition:
    """The tree with `AnySpan` around what is said of one span, and without needless nesting."""
    if is_of_span(condition):
        return AnySpan(_flat(condition))
    if isinstance(condition, Not):
        # Twice NOT is nothing, but what stood between the two keeps its own span.
        inner = scoped(condition.term)
        return inner.term if isinstance(inner, Not) else Not(inner)
    if isinstance(condition, Or):
        return Or(tuple(scoped(term) for term in condition.terms))
    if not isinstance(condition, And):
        return condition
    terms = _terms(condition)
    of_span = tuple(_flat(term) for term in terms if is_of_span(term))
    rest = tuple(scoped(term) for term in terms if not is_of_span(term))
    if not of_span:
        return And(rest)
    return And((*rest, AnySpan(of_span[0] if len(of_span) == 1 else And(of_span))))


def is_of_span(condition: Condition) -> bool:
    """Whether a condition, as it was read, can be asked of one span."""
    if isinstance(condition, Comparison):
        return condition.field.entity == "span"
    if isinstance(condition, And | Or):
        return all(is_of_span(term) for term in condition.terms)
    return False


def _flat(condition: Condition) -> Condition:
    if isinstance(condition, And):
        return And(tuple(_flat(term) for term in _terms(condition)))
    return Or(tuple(map(_flat, condition.terms))) if isinstance(condition, Or) else condition


def _terms(condition: And) -> list[Condition]:
    """The terms of an AND and of those directly in it: parentheses change nothing there."""
    found: list[Condition] = []
    for term in condition.terms:
        found += _terms(term) if isinstance(term, And) else [term]
    return found
