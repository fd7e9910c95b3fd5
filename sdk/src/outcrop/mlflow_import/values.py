"""Attribute values as MLflow gives them, as the plain values that an import takes. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from outcrop.json_reading import JsonObject, as_list, as_object

# What `outcrop traces import` reads where JSON has no form of its own, or a name begins with its sign.
_SIGN, _OBJECT, _FLOAT, _BASE64 = "$", "$object", "$float", "$base64"
_NUMBERS = {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}
_MOST, _LEAST = 2**63 - 1, -(2**63)
_DEEPEST = 50


class UnfitError(ValueError):
    """A value that an attribute cannot hold: a larger number, or one that is nested too deep."""


def plain(value: Any, depth: int = 0) -> Any:
    """A JSON value as an import takes it.

    Raises:
        UnfitError: an attribute cannot hold it.
    """
    if depth > _DEEPEST:
        raise UnfitError("nested too deep")
    if isinstance(value, dict):
        members = {str(name): plain(member, depth + 1) for name, member in as_object(value).items()}
        return {_OBJECT: members} if any(name.startswith(_SIGN) for name in members) else members
    if isinstance(value, list):
        return [plain(member, depth + 1) for member in as_list(value)]
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: str(value)}
    if isinstance(value, int) and not isinstance(value, bool) and not _LEAST <= value <= _MOST:
        raise UnfitError("a larger number")
    return value


def from_text(text: Any) -> Any:
    """A value that MLflow wrote as JSON in text; as it is where it is none, or nothing that fits."""
    if not isinstance(text, str):
        return _fitting(text)
    try:
        return plain(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _fitting(value: Any) -> Any:
    try:
        return plain(value)
    except UnfitError:
        return json.dumps(value)


def from_otlp(value: Any) -> Any:
    """A value as protobuf's JSON form of OTLP has it, with its names in either spelling."""
    given = as_object(value)
    for name, member in given.items():
        match name:
            case "kvlist_value" | "kvlistValue":
                members = pairs(as_object(member).get("values"))
                return {_OBJECT: members} if any(key.startswith(_SIGN) for key in members) else members
            case "array_value" | "arrayValue":
                return [from_otlp(each) for each in as_list(as_object(member).get("values"))]
            case "int_value" | "intValue":
                return int(member)
            case "double_value" | "doubleValue":
                return {_FLOAT: _NUMBERS[member]} if member in _NUMBERS else float(member)
            case "bytes_value" | "bytesValue":
                return {_BASE64: member}
            case _:
                return member
    return None


def pairs(given: Any) -> JsonObject:
    """OTLP's list of keys and values as an object."""
    return {
        str(as_object(pair).get("key", "")): from_otlp(as_object(pair).get("value"))
        for pair in as_list(given)
    }
