"""Which words a condition cannot hold without, and where, so that an index can be asked for them. Pure."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from outcrop.filter.ast import Comparison, Field, Operator
from outcrop.filter.fields import attribute_key
from outcrop.filter.matching import text_of
from outcrop.filter.patterns.pattern import compiled
from outcrop_server.storage.common.text_terms import Needle, needle_of

if TYPE_CHECKING:
    from outcrop.filter.ast import Scalar, Value

# Before terms of attributes, and of what else free words are looked for in, where no content has them.
OF_ATTRIBUTES = b"="
OF_COLUMNS = b"~"
MARKS = frozenset({OF_ATTRIBUTES, OF_COLUMNS})
# What a search names: of each of these needles one, or of each needle.
Wanted = tuple[tuple[Needle, ...], ...]
# Where: in the words of spans, and in what is marked so.
Places = frozenset[bytes]
IN_CONTENT: Places = frozenset()
IN_WORDS: Places = frozenset({OF_COLUMNS})
IN_ATTRIBUTES: Places = frozenset({OF_ATTRIBUTES})
# From here on numbers may be written with an exponent.
_MOST_DIGITS = 1e15
_WILDCARDS = re.compile("[%_]")


def question_of(comparison: Comparison) -> str:
    """A comparison of a span's text as one text, which a statement takes as a parameter."""
    return json.dumps([comparison.field.name, comparison.operator.value, comparison.value])


@lru_cache(maxsize=256)
def comparison_of(question: str) -> Comparison:
    """The comparison of a question."""
    name, operator, value = json.loads(question)
    known: Value = tuple(cast("list[Scalar]", value)) if isinstance(value, list) else value
    return Comparison(Field("span", name, "any"), Operator(operator), known)


def wanted_of(comparison: Comparison) -> tuple[Wanted, Places]:
    """What must be in a trace with a span of which a comparison of texts, without its negation, holds."""
    key = attribute_key(comparison.field)
    # What equals a value is all of an attribute, or of a content.
    is_whole = comparison.operator.positive in {Operator.EQUAL, Operator.IN}
    wanted = tuple(
        tuple(needle_of(text, is_whole=is_whole) for text in choices) for choices in _texts(comparison)
    )
    if key is not None:
        wanted = ((needle_of(key, is_whole=True),), *wanted)
    return wanted, IN_CONTENT if key is None else IN_ATTRIBUTES


def words_wanted(words: str) -> Wanted:
    """What must be in a trace of which free words hold."""
    return ((needle_of(words),),)


def is_narrowing(wanted: Wanted) -> bool:
    """Whether the index can tell anything of it."""
    return any(all(needle.pieces for needle in choices) for choices in wanted)


def _named(value: Value) -> str:
    """What stands in the text of everything that equals a value; nothing where that cannot be said."""
    if isinstance(value, str):
        return value
    if not isinstance(value, int | float) or abs(value) >= _MOST_DIGITS:
        return ""
    # 5 is written 5 or 5.0.
    return str(int(value)) if value == int(value) else text_of(value)


def _texts(comparison: Comparison) -> list[tuple[str, ...]]:
    """Texts of which one each must be there."""
    operator, value = comparison.operator.positive, comparison.value
    if operator is Operator.IN and isinstance(value, tuple):
        return [tuple(map(_named, value))]
    if operator is Operator.EQUAL:
        return [(_named(value),)]
    if not isinstance(value, str):
        return []
    if operator in {Operator.LIKE, Operator.ILIKE}:
        return [(part,) for part in _WILDCARDS.split(value) if part]
    return list(compiled(value).required) if operator is Operator.RLIKE else []
