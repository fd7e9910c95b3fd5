"""JSON as the emulator handles it: typed ways into bodies that users send, and bytes on their way out.

Request bodies come from the wire and may hold anything; what does not fit reads as empty.
"""

from __future__ import annotations

import base64
import json
from typing import Any, TypeGuard

JsonObject = dict[str, Any]


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def as_object(value: object) -> JsonObject:
    """The value if it is a JSON object, otherwise an empty one."""
    return value if is_object(value) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a JSON array, otherwise an empty one."""
    return value if is_array(value) else []


def as_objects(value: object) -> list[JsonObject]:
    """The JSON objects in an array, other members left out."""
    return [item for item in as_list(value) if is_object(item)]


def as_text(value: object) -> str:
    """The value if it is a string, otherwise an empty one."""
    return value if isinstance(value, str) else ""


def to_base64(data: bytes) -> str:
    """Base64 text, the form in which the REST-JSON protocol carries a blob."""
    return base64.b64encode(data).decode("ascii")


def to_json(value: object) -> bytes:
    """Encode for the wire: compact, UTF-8, bytes as base64."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_encode_other).encode()


def _encode_other(value: object) -> object:
    if isinstance(value, bytes | bytearray):
        return to_base64(bytes(value))
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")
