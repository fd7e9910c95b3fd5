"""Small readers of other tracers' attribute values: JSON in text, numbers in text, the first that is there.

What a value should not be is passed over here; the raw attribute is shown beside the view all the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from outcrop.json_reading import as_int, as_list, as_object, as_text, parse_json

_NS_IN_MS = 1_000_000
_TOO_DEEP = "… (nested too deeply to show)"
_MOST_MS = 2**63 // _NS_IN_MS


def first(attributes: Mapping[str, Any], *names: str) -> Any:
    """The value of the first of these names that has one; None if none has."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def first_text(attributes: Mapping[str, Any], *names: str) -> str | None:
    """The same, but text alone counts."""
    return next((value for name in names if (value := as_text(attributes.get(name)))), None)


def first_word(attributes: Mapping[str, Any], *names: str) -> str | None:
    """The same for identifiers, which some write as numbers."""
    value = first(attributes, *names)
    return str(value) if isinstance(value, (str, int)) else None


def first_int(attributes: Mapping[str, Any], *names: str) -> int | None:
    """The same for counts; JavaScript's numbers come as floats."""
    return next((count for name in names if (count := as_count(attributes.get(name))) is not None), None)


def as_count(value: Any) -> int | None:
    """A whole number, 0 or more."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = as_int(value)
    return number if number is not None and number >= 0 else None


def structured(value: Any) -> Any:
    """The value of text that is a JSON object, array or string; other text and values as they are."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "[", '"'}:
        return parse_json(value)
    return value


def structured_object(value: Any) -> dict[str, Any]:
    """The same; an empty object if it is none."""
    return as_object(structured(value))


def dollars(value: Any) -> Decimal | None:
    """US dollars; None for what is no amount."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = float(value)
    except (ValueError, OverflowError):
        return None
    # By way of text: 0.1 is meant, and not the nearest binary fraction.
    return Decimal(str(amount)) if math.isfinite(amount) and amount >= 0 else None


def ns_from_ms(value: Any) -> int | None:
    """Nanoseconds from milliseconds; None for what is no plausible time."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _MOST_MS:
        return None
    return int(value * _NS_IN_MS)


def texts(value: Any) -> dict[str, str]:
    """An object's members as text, for tags and metadata; what is no text is written as JSON."""
    return {name: as_words(member) for name, member in structured_object(value).items() if member is not None}


def as_words(value: Any) -> str:
    """A value as text."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return _TOO_DEEP


def marks(value: Any) -> dict[str, str]:
    """Tags that are words without a value: each is `true`."""
    return {word: "true" for word in as_list(value) if isinstance(word, str)}


def below(attributes: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The attributes whose names begin so, without that beginning."""
    return {name[len(prefix) :]: value for name, value in attributes.items() if name.startswith(prefix)}
