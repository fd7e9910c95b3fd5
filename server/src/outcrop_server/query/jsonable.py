"""Makes any value from a payload safe to show as JSON: captured bytes come from anywhere."""

from __future__ import annotations

import math
from typing import Any, cast

# Deeper than any payload that a person reads; JSON writers give up at about 250.
_MAX_DEPTH = 100
_TOO_DEEP = "… (nested too deeply to show)"


def jsonable(value: Any, depth: int = _MAX_DEPTH) -> Any:
    """The same value with bytes as {"$bytes": size}, broken text mended, and NaN or infinity as text."""
    if isinstance(value, str):
        return mended(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return {"$bytes": len(value)}
    if depth == 0:
        return _TOO_DEEP
    if isinstance(value, dict):
        members = cast("dict[Any, Any]", value)
        return {mended(str(key)): jsonable(item, depth - 1) for key, item in members.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item, depth - 1) for item in cast("list[Any]", value)]
    return mended(str(value))


def mended(text: str) -> str:
    """Text that UTF-8 can carry: JSON escapes may name half a surrogate pair, which it cannot."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
