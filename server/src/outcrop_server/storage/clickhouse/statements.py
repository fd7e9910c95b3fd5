"""Pieces of statements as ClickHouse takes them: texts as parameters, numbers as they are. Pure."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.common.sql import Sql


def bound(sql: Sql) -> tuple[str, dict[str, Any]]:
    """A statement and its parameters; equal texts are one parameter.

    Args:
        sql: its marks are those of texts, lists of texts, numbers and ids.
    """
    first, *rest = sql.text.split("%s")
    pieces = [first]
    parameters: dict[str | tuple[str, ...], str] = {}
    for piece, value in zip(rest, sql.values, strict=True):
        if isinstance(value, str):
            name = parameters.setdefault(value, f"p{len(parameters)}")
            pieces += [f"{{{name}:String}}", piece]
        elif isinstance(value, list | tuple):
            texts = tuple(cast("Iterable[str]", value))
            name = parameters.setdefault(texts, f"p{len(parameters)}")
            pieces += [f"{{{name}:Array(String)}}", piece]
        else:
            pieces += [literal(value), piece]
    return "".join(pieces), {
        name: value if isinstance(value, str) else list(value) for value, name in parameters.items()
    }


def literal(value: float | bytes) -> str:
    """A number or an id as it stands in a statement."""
    if isinstance(value, bytes):
        return f"toFixedString(unhex('{value.hex()}'), {len(value)})"
    if isinstance(value, float):
        # Bit for bit: its digits may be read as its neighbour.
        return f"reinterpretAsFloat64(unhex('{struct.pack('<d', value).hex()}'))"
    if -(2**63) <= value < 2**64:
        return f"{value:d}"
    return f"toInt256('{value:d}')"
