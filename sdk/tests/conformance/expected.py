"""What a span must show of a call, worked out from the arguments and the answer, not from the span."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from outcrop.testing.http_shapes import PlainResponse, StreamResponse
from outcrop.testing.shape_server import RawFrame, ShapeReply, write_answer
from outcrop.testing.shape_wire import body_members, located, to_wire, wire_name
from sdk.tests.conformance.operations_under_test import OperationCase

_OUTSIDE_BODY = ("uri", "querystring", "header", "headers")


def expected_inputs(case: OperationCase, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as JSON: bytes as base64, a body parsed."""
    shape = case.model.input_shape
    if shape is None:
        return {}
    outside = located(shape, arguments, *_OUTSIDE_BODY)
    found = {name: _outside(value) for name, value in outside.items()}
    payload = shape.serialization.get("payload")
    if payload is None:
        return {**found, **to_wire(shape, {n: v for n, v in arguments.items() if n not in outside})}
    if payload not in arguments:
        return found
    return _with_body(found, payload, _payload(shape.members[payload], arguments[payload]))


def expected_outputs(case: OperationCase, answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as JSON, members that no model knows included; a stream as the list of its events."""
    shape = case.model.output_shape
    if shape is None:
        return {}
    found = _fields(case, answer)
    payload = shape.serialization.get("payload")
    if payload is None:
        return {**found, **body_members(shape, answer)}
    if case.stream_shape is not None:
        return _with_body(found, payload, expected_events(case, answer[payload]))
    value = answer.get(payload)
    if value is None:
        return found
    return _with_body(found, payload, _payload(shape.members[payload], value))


def _fields(case: OperationCase, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Members that came as headers or as the status, which is always there."""
    shape = case.model.output_shape
    sent = write_answer(case.model, ShapeReply(answer))
    assert isinstance(sent, PlainResponse | StreamResponse)
    headers = {name.lower(): value for name, value in sent.headers.items()}
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "header" and wire_name(shape, name).lower() in headers:
            found[name] = answer.get(name, headers[wire_name(shape, name).lower()])
        elif location == "statusCode":
            found[name] = sent.status
    return found


def expected_events(case: OperationCase, events: Iterable[Any]) -> list[dict[str, Any]]:
    """A stream's events as the wire has them; a chunk that is bytes alone is what the bytes say."""
    found: list[dict[str, Any]] = []
    for event in events:
        if isinstance(event, RawFrame):
            kind = event.headers.get(":event-type") or event.headers.get(":exception-type")
            found.append({kind or event.headers[":error-code"]: read_body(event.payload)})
            continue
        ((kind, value),) = event.items()
        shape = case.stream_shape.members.get(kind)
        is_body = shape is not None and set(value) == {"bytes"} and kind == "chunk"
        data = read_body(value["bytes"]) if is_body else value if shape is None else to_wire(shape, value)
        found.append({kind: data})
    return found


def read_body(data: bytes) -> Any:
    """What a body says: JSON, or text, or a note of how many bytes it has; None if it has none."""
    if not data:
        return None
    try:
        return json.loads(data)
    except ValueError:
        pass
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"$bytes": len(data), "base64": base64.b64encode(data).decode()}


def _payload(shape: Any, value: Any) -> Any:
    if shape.type_name != "blob":
        return to_wire(shape, value)
    if isinstance(value, list):
        return read_body(b"".join(cast("list[bytes]", value)))
    return read_body(value.encode() if isinstance(value, str) else bytes(value))


def _with_body(found: dict[str, Any], payload: str, body: Any) -> dict[str, Any]:
    return found if body is None else {**found, payload: body}


def _outside(value: Any) -> Any:
    # Times that travel in an address are shown as Python writes them; the body's are the wire's own.
    return value.isoformat() if isinstance(value, datetime) else value
