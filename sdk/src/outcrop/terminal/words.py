"""Moments, counts and costs as the terminal shows them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from outcrop.display.tree import duration, one_line
from outcrop.json_reading import JsonObject, as_int, as_object

UNKNOWN = "\N{EN DASH}"
_NS = 1_000_000_000
_NAME = 300
_LEAST_SHOWN_USD = 0.0001


def moment(ns: Any) -> str:
    """A moment in nanoseconds since the epoch, in this machine's time zone."""
    count = as_int(ns)
    if count is None:
        return UNKNOWN
    try:
        return f"{datetime.fromtimestamp(count // _NS).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):  # of a year that no calendar has
        return UNKNOWN


def lasted(ns: Any) -> str:
    """A duration."""
    count = as_int(ns)
    return UNKNOWN if count is None else duration(count)


def tokens(usage: Any) -> str:
    """Such as `1,204 → 56`."""
    counts = as_object(usage)
    asked, answered = as_int(counts.get("input_tokens")), as_int(counts.get("output_tokens"))
    if asked is None and answered is None:
        return UNKNOWN
    return f"{_count(asked)} → {_count(answered)}"


def cost(usd: Any, *, is_partial: bool = False) -> str:
    """Such as `$0.0123`; `≥` stands before a sum from which something is missing."""
    if not isinstance(usd, (int, float)):
        return UNKNOWN
    sign = "≥" if is_partial else ""
    if 0 < usd < _LEAST_SHOWN_USD:
        return f"{sign or '<'}$0.0001"
    return f"{sign}${usd:,.4f}"


def short(value: Any) -> str:
    """Any text in a line that does a terminal no harm."""
    return one_line(str(value), _NAME) if value not in (None, "") else UNKNOWN


def failure(error: Any) -> str:
    """What went wrong; empty if nothing did."""
    found: JsonObject = as_object(error)
    return one_line(": ".join(str(found[name]) for name in ("type", "message") if found.get(name)), _NAME)


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"
