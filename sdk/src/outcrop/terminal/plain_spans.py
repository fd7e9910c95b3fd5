"""A span of an export, with what its payload says in plain words added to it: type, inputs and outputs. Pure.

The form of the server's export: attributes are an object, and what JSON has no form for is an object with one
member that begins with `$` (docs/export.md).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, NamedTuple

from outcrop.json_reading import JsonObject, as_list, as_object, as_text, only_member
from outcrop.semconv import outcrop_attributes as names
from outcrop.views import read_span


class _Event(NamedTuple):
    name: str
    attributes: Mapping[str, Any]


def with_view(span: JsonObject) -> JsonObject:
    """The span with `span_type`, `inputs` and `outputs`; what says nothing is left out."""
    events = [
        _Event(as_text(event.get("name")) or "", _members(event.get("attributes")))
        for event in map(as_object, as_list(span.get("events")))
    ]
    attempts = sum(event.name == names.ATTEMPT_EVENT for event in events)
    view = read_span(_members(span.get("attributes")), attempts=attempts, events=events)
    shown = {"span_type": view.span_type, "inputs": view.inputs, "outputs": view.outputs}
    return {**span, **{name: _jsonable(value) for name, value in shown.items() if value is not None}}


def _members(value: Any) -> dict[str, Any]:
    return {name: _value(member) for name, member in as_object(value).items()}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(each) for each in as_list(value)]
    if not isinstance(value, dict):
        return value
    match only_member(as_object(value)):
        case "$text", str(text):
            return text.encode()
        case "$base64", str(text):
            return _from_base64(text)
        case "$float", str(text):
            return _number(text)
        case "$object", dict():
            return _members(as_object(value)["$object"])
        case _:
            return _members(value)


def _from_base64(text: str) -> Any:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _jsonable(value: Any) -> Any:
    """The value as JSON has it: bytes in base64, and numbers that JSON does not know as text."""
    if isinstance(value, dict):
        members: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]  # of whatever was recorded
        return {str(name): _jsonable(member) for name, member in members.items()}
    if isinstance(value, (list, tuple)):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]  # as above
        return [_jsonable(item) for item in items]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value
