"""Small readers for JSON of unknown shape: a vendor's body is data, and any member may be anything."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, cast

JsonObject = dict[str, Any]
# What parses a body: `parse_json`, or what is as lenient and faster.
ParseJson = Callable[["bytes | str | None"], Any]
_MAX_DIGITS = 20


def parse_json(data: bytes | str | None) -> Any:
    """Parses JSON; gives back text (or size and base64) for what is none, and None for nothing."""
    if not data:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        if isinstance(data, str):
            return data
        try:
            return data.decode()
        except UnicodeDecodeError:
            # Neither JSON nor text, such as a picture: its size for readers, its bytes for programs.
            return {"$bytes": len(data), "base64": base64.b64encode(data).decode()}


def load_object(data: bytes | str) -> JsonObject | None:
    """Parses JSON that must be an object; None for whatever else it is."""
    try:
        found: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", found) if isinstance(found, dict) else None


def as_object(value: Any) -> JsonObject:
    """The value if it is a JSON object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_text(value: Any) -> str | None:
    """The value if it is text."""
    return value if isinstance(value, str) else None


def as_int(value: Any) -> int | None:
    """The value if it is a whole number; digits in text count, as in HTTP headers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    # No count has more digits; int() itself refuses thousands of them.
    if isinstance(value, str) and value.isdecimal() and len(value) < _MAX_DIGITS:
        return int(value)
    return None


def only_member(value: JsonObject) -> tuple[str, Any] | None:
    """Name and value of a tagged union's one member; None if there is not exactly one."""
    return next(iter(value.items())) if len(value) == 1 else None
