"""What a search asks, as plain data: made by `parser`, read by whoever searches (`matching`, a store).

A store compiles this tree; nothing below knows the text that it came from. Logic has two values: a condition
on something that is not there is false, and NOT of it true.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

# What a field belongs to. A trace has one of each of its own; of the others it may have many.
Entity = Literal["trace", "span", "tag", "metadata", "feedback", "expectation"]
Kind = Literal["text", "number", "any"]


class Operator(str, Enum):
    """How a field is compared. A negative operator holds exactly where its positive one does not."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    LIKE = "LIKE"
    NOT_LIKE = "NOT LIKE"
    ILIKE = "ILIKE"
    NOT_ILIKE = "NOT ILIKE"
    # A regular expression that is found somewhere in the text; see `patterns`.
    RLIKE = "RLIKE"
    NOT_RLIKE = "NOT RLIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"
    # Of free words: the value stands somewhere in the text, small and capital ASCII letters alike.
    CONTAINS = "CONTAINS"

    @property
    def is_negative(self) -> bool:
        """Whether it is the complement of another."""
        return self in _POSITIVE

    @property
    def positive(self) -> Operator:
        """The operator whose complement it is; itself if it is none."""
        return _POSITIVE.get(self, self)


_POSITIVE = {
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.NOT_LIKE: Operator.LIKE,
    Operator.NOT_ILIKE: Operator.ILIKE,
    Operator.NOT_RLIKE: Operator.RLIKE,
    Operator.NOT_IN: Operator.IN,
    Operator.IS_NULL: Operator.IS_NOT_NULL,
}


@dataclass(frozen=True)
class Ago:
    """A moment before the search is asked: `-1h`. `moments.resolved` makes a number of it."""

    duration_ms: int | float


Scalar = str | int | float | Ago
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True)
class Field:
    """What is compared.

    Attributes:
        entity: whose field it is.
        name: of a trace or span a name of `fields`; else the user's own key. A span's attribute is
            `attributes.` and its key.
        kind: what its values are; `any` takes text and numbers.
    """

    entity: Entity
    name: str
    kind: Kind


@dataclass(frozen=True)
class Comparison:
    """One condition. `value` is None for IS NULL and IS NOT NULL, a tuple for IN and NOT IN.

    Of a trace it holds if any value of the field fits (a trace has many models, tools and judgements).
    On a field of a span it stands within `AnySpan` alone.
    """

    field: Field
    operator: Operator
    value: Value = None


@dataclass(frozen=True)
class And:
    """All of these. With no terms it holds for every trace."""

    terms: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Or:
    """One of these or more; at least one term."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """Exactly where `term` does not hold."""

    term: Condition


@dataclass(frozen=True)
class AnySpan:
    """Holds for a trace with a span of which `term` holds: comparisons of `span` fields, And and Or."""

    term: Condition


Condition = Comparison | And | Or | Not | AnySpan


@dataclass(frozen=True)
class OrderKey:
    """One key of an order; `name` is one of `fields.ORDER_FIELDS`."""

    name: str
    is_descending: bool = False
