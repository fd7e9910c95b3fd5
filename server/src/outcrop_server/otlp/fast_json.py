"""Parses bodies where only columns are read of them: several times as fast as Python's own parser.

Two things differ from it, and neither is seen in a column: whole numbers beyond 64 bits lose digits, and of
what is no JSON to this parser (NaN, half a surrogate pair) Python's own parser decides.
"""

from __future__ import annotations

from typing import Any

import orjson

from outcrop.json_reading import parse_json


def parse_fast(data: bytes | str | None) -> Any:
    """What `outcrop.json_reading.parse_json` gives, but for very large numbers."""
    if not data:
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return parse_json(data)
