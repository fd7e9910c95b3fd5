"""What a search asks, as plain data: made by `parser`, read by whoever searches (`matching`, a store).

A store compiles this tree; nothing below knows the text that it came from, except for columns in errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

# What a field belongs to. A trace has one of each of its own; of the others it may have many.
Entity = Literal["trace", "span", "tag", "metadata", "feedback", "expectation"]
Kind = Literal["text", "number", "any"]


class Operator(str, Enum):
    """How a field is compared. A negative operator finds exactly what its positive one does not."""

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
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"

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
    Operator.NOT_IN: Operator.IN,
    Operator.IS_NULL: Operator.IS_NOT_NULL,
}

Scalar = str | int | float
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True)
class Field:
    """What is compared.

    Attributes:
        entity: whose field it is.
        name: of a trace or span a name of `fields`; else the user's own key.
        kind: what its values are; `any` takes text and numbers.
    """

    entity: Entity
    name: str
    kind: Kind


@dataclass(frozen=True)
class Comparison:
    """One condition. `value` is None for IS NULL and IS NOT NULL, a tuple for IN and NOT IN."""

    field: Field
    operator: Operator
    value: Value = None


@dataclass(frozen=True)
class And:
    """All of these. With no terms it holds for every trace."""

    terms: tuple[Condition, ...] = ()


Condition = Comparison | And


@dataclass(frozen=True)
class OrderKey:
    """One key of an order; `name` is one of `fields.ORDER_FIELDS`."""

    name: str
    is_descending: bool = False
