"""Turns any Python value into JSON text: bounded, honest, and never with an exception."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, cast

MAX_TEXT = 1_000_000  # characters of one rendered object's repr
_MAX_DEPTH = 40


def to_json(value: Any) -> str:
    """Renders a value as JSON text.

    Bytes become base64 text; dataclasses and pydantic models become objects; what has no JSON form
    is shown as its `repr`. Cycles and very deep values are cut with a note.
    """
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except Exception:  # noqa: BLE001  # cycles, odd keys, a program's own __iter__: the slow way copes
        return json.dumps(_bounded(value, 0, frozenset()), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """One level of what json does not know."""
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, memoryview):
        return base64.b64encode(value.tobytes()).decode()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name, None) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(cast("Mapping[Any, Any]", value))
    if isinstance(value, set | frozenset):
        return list(cast("set[Any]", value))
    for name in ("model_dump", "tolist"):  # pydantic; numpy
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type):
            return method()
    return _repr(value)


def _bounded(value: Any, depth: int, above: frozenset[int]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if id(value) in above:
        return f"<cycle: {type(value).__name__}>"
    if depth >= _MAX_DEPTH:
        return f"<deeper than {_MAX_DEPTH} levels: {type(value).__name__}>"
    inside = above | {id(value)}
    try:
        if _is_list_like(value):
            return [_bounded(member, depth + 1, inside) for member in value]
        if _is_mapping(value):
            return {_key(key): _bounded(member, depth + 1, inside) for key, member in value.items()}
        return _bounded(_plain(value), depth + 1, inside)
    except Exception as error:  # noqa: BLE001  # a program's own code runs here
        return f"<{type(value).__name__} cannot be shown: {type(error).__name__}>"


def _is_list_like(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else _repr(key)


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001  # a program's own __repr__ may do anything
        return f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text):,} characters)"
