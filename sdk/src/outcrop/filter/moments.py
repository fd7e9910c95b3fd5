"""Durations, counts and moments as a filter writes them (`1m30s`, `2k`, `2026-11-01`), to numbers. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timezone
from fractions import Fraction

from outcrop.filter.ast import Ago, And, AnySpan, Comparison, Condition, Not, Or

_MS = {
    "us": Fraction(1, 1000),
    "µs": Fraction(1, 1000),
    "ms": Fraction(1),
    "s": Fraction(1_000),
    "m": Fraction(60_000),
    "min": Fraction(60_000),
    "h": Fraction(3_600_000),
    "d": Fraction(86_400_000),
    "w": Fraction(7 * 86_400_000),
}
_COUNTS = {"k": 1_000, "K": 1_000, "M": 1_000_000}
_LONGEST = 60  # signs of a quantity: more digits than any number of ours has
_PIECE = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([A-Za-zµ]+)")
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?\s?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)


def duration_ms(text: str) -> int | float | None:
    """Milliseconds of `500ms`, `2s`, `1m30s` or `-1h`; None if it is no duration."""
    sign = -1 if text.startswith("-") else 1
    rest = text.lstrip("+-")
    pieces = _PIECE.findall(rest)
    if not pieces or len(rest) > _LONGEST or "".join(number + unit for number, unit in pieces) != rest:
        return None
    if any(unit not in _MS for _, unit in pieces):
        return None
    return _plain(
        sign * sum((Fraction(number.rstrip(".")) * _MS[unit] for number, unit in pieces), Fraction())
    )


def count(text: str) -> int | float | None:
    """The number of `2k` or `1.5M`; None if it is none."""
    found = _PIECE.fullmatch(text.lstrip("+-"))
    if found is None or len(text) > _LONGEST or found[2] not in _COUNTS:
        return None
    sign = -1 if text.startswith("-") else 1
    return _plain(sign * Fraction(found[1].rstrip(".")) * _COUNTS[found[2]])


def moment_ms(text: str) -> int | None:
    """Milliseconds since the epoch of a date, maybe with time and zone (UTC by default); None if none."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    day, minutes, seconds, fraction, zone = found.groups()
    offset = "+0000" if zone in {None, "Z"} else str(zone).replace(":", "")
    whole = f"{day} {minutes or '00:00'}:{seconds or '00'}.{(fraction or '0'):0<6} {offset}"
    try:
        moment = datetime.strptime(whole, "%Y-%m-%d %H:%M:%S.%f %z")
        since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400_000) + since.seconds * 1_000 + since.microseconds // 1_000


def resolved(condition: Condition, now_ms: int) -> Condition:
    """The tree with every `-1h` as the moment that it is at `now_ms`, milliseconds since the epoch."""
    if isinstance(condition, Comparison):
        ago = condition.value
        return replace(condition, value=now_ms - ago.duration_ms) if isinstance(ago, Ago) else condition
    if isinstance(condition, Not):
        return Not(resolved(condition.term, now_ms))
    if isinstance(condition, AnySpan):
        # Spans have no field that is a moment.
        return condition
    terms = tuple(resolved(term, now_ms) for term in condition.terms)
    return Or(terms) if isinstance(condition, Or) else And(terms)


def _plain(value: Fraction) -> int | float | None:
    """A whole number where it is one; None beyond what a float holds."""
    if value.denominator == 1 and abs(value) < 2**63:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return None
