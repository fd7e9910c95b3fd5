"""Turns any Python value into JSON text: bounded in size and time, honest, and never with an exception.

Small plain values, which nearly all are, take a short way here; the rest goes through `bounded`.
"""

from __future__ import annotations

import json
from typing import Any

from outcrop.capture.bounded import MAX_DEPTH, MAX_JSON_BYTES, MIN_COST, BoundedRenderer, type_name

__all__ = ["MAX_JSON_BYTES", "cut_bytes", "cut_text", "to_json"]

# What is refused, NaN for one, goes the long way. That there are no cycles is known before.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False).encode
_NUMBERS = frozenset({int, float, bool, type(None)})
_LONG_LIST = 8  # from here on it pays to ask first whether all of it is numbers


def to_json(value: Any, limit: int = MAX_JSON_BYTES) -> str:
    """Renders a value as JSON text of at most about `limit` bytes.

    Bytes become base64 text; dataclasses, pydantic models and named tuples become objects; large arrays
    show their shape and first elements; what has no JSON form is shown as its `repr`. Whatever was cut says
    so, and how large it was. Nothing that can be read but once (a generator, a file) is read.
    """
    try:
        if _is_small_and_plain(value, limit):
            text = _encode(value)
            if _is_within(text, limit):
                return text
    except Exception:  # noqa: BLE001, S110  # NaN, odd keys, half a surrogate pair: the long way copes
        pass
    try:
        return _encode(BoundedRenderer(limit).render(value))
    except Exception as error:  # noqa: BLE001  # the last word; nothing of ours reaches the program
        return _encode(f"<{type_name(value)} cannot be shown: {type_name(error)}>")


def cut_text(text: str, limit: int = MAX_JSON_BYTES) -> str:
    """The text, or its first `limit` characters with a mark that says how long it was."""
    return text if len(text) <= limit else f"{text[:limit]}… (cut: {len(text):,} characters in all)"


def cut_bytes(data: bytes, limit: int = MAX_JSON_BYTES) -> bytes:
    """The bytes, or the first `limit` of them with a mark that says how many there were."""
    return data if len(data) <= limit else data[:limit] + f"... (cut: {len(data):,} bytes in all)".encode()


def _is_small_and_plain(value: Any, left: int) -> bool:  # noqa: C901  # one loop: a call a node would double its cost
    """Whether json's own types are all there is, few enough for what is `left`, and not too deep.

    Stops as soon as it is not so. Level by level: a cycle is nothing but a value without a deepest level.
    """
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            kind = type(node)  # pyright: ignore[reportUnknownVariableType]  # a value of any type
            if kind is str:
                left -= len(node)
            elif kind is dict or kind is list or kind is tuple:
                left -= MIN_COST * len(node)
                if left < 0:
                    return False
                if kind is dict:
                    left -= sum(map(len, node))
                    below += node.values()
                elif len(node) < _LONG_LIST or not _NUMBERS.issuperset(map(type, node)):
                    below += node
            elif kind not in _NUMBERS:
                return False
        if left < 0:
            return False
        if not below:
            return True
        level = below
    return False


def _is_within(text: str, limit: int) -> bool:
    """Whether the text is small enough; raises UnicodeEncodeError for half a surrogate pair."""
    if text.isascii():
        return len(text) <= limit
    return len(text.encode()) <= limit
