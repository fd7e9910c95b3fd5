"""Python values in botocore's shapes, written as AWS's REST-JSON protocol has them on the wire.

Driven by botocore's service model alone, so it serves every operation; the way back is botocore's own.
A member that the model does not know is written as it is.
https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any

from outcrop.testing.event_stream import HeaderValue, encode_exception, encode_frame, event_headers, padded
from outcrop.testing.json_values import as_object, to_base64, to_json


def to_wire(shape: Any, value: Any) -> Any:
    """The JSON form of a value.

    Args:
        shape: a shape of botocore's model.
        value: what boto3 takes or gives for it.

    Returns:
        What `json.dumps` takes.
    """
    kind = shape.type_name
    if value is None or getattr(shape, "is_document_type", False):
        return value
    if kind == "structure":
        return {wire_name(shape, name): _member(shape, name, member) for name, member in value.items()}
    if kind == "list":
        return [to_wire(shape.member, member) for member in value]
    if kind == "map":
        return {name: to_wire(shape.value, member) for name, member in value.items()}
    if kind == "blob":
        return to_base64(value.encode() if isinstance(value, str) else bytes(value))
    return _moment(shape, value, "unixtimestamp") if kind == "timestamp" else value


def wire_name(shape: Any, name: str) -> str:
    """A member's name on the wire; an unknown one keeps its own."""
    member = shape.members.get(name)
    return name if member is None else str(member.serialization.get("name", name))


def to_text(shape: Any, value: Any, timestamp_format: str) -> str:
    """A value as a header or a query string has it."""
    kind = shape.type_name
    if kind == "timestamp":
        return str(_moment(shape, value, timestamp_format))
    if kind == "boolean":
        return str(value).lower()
    if kind == "list":
        return ",".join(to_text(shape.member, member, timestamp_format) for member in value)
    return str(value)


def located(shape: Any, members: Mapping[str, Any], *locations: str) -> dict[str, Any]:
    """The members whose place in the HTTP message is one of these."""
    return {
        name: value
        for name, value in members.items()
        if name in shape.members and shape.members[name].serialization.get("location") in locations
    }


def response_headers(shape: Any, members: Mapping[str, Any]) -> dict[str, str]:
    """The HTTP headers of an answer."""
    found: dict[str, str] = {}
    for name, value in located(shape, members, "header").items():
        member = shape.members[name]
        found[wire_name(shape, name)] = to_text(member, value, "rfc822")
    for name, values in located(shape, members, "headers").items():
        prefix = shape.members[name].serialization.get("name", "")
        found.update({prefix + key: str(value) for key, value in values.items()})
    return found


def body_members(shape: Any, members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that an answer's body holds, unknown ones among them, as JSON."""
    outside = located(shape, members, "header", "headers", "statusCode", "uri", "querystring")
    return as_object(to_wire(shape, {n: v for n, v in members.items() if n not in outside}))


def encode_stream_event(shape: Any, event: Mapping[str, Any], *, is_padded: bool) -> bytes:
    """One frame of an event stream.

    Args:
        shape: the stream's own shape, whose members are its events and exceptions.
        event: one member: the event's type and its value.
        is_padded: whether the service adds the member `p`, as Bedrock's runtime does.

    Returns:
        The frame: of an exception if the model says that it is one, otherwise of an event.
    """
    ((kind, value),) = event.items()
    member = shape.members.get(kind)
    if member is None:
        return encode_frame(event_headers(kind), to_json(value))
    if member.metadata.get("exception"):
        return encode_exception(kind, as_object(to_wire(member, value)))
    payload, content_type = _event_payload(member, value, is_padded)
    headers = {
        name: _event_header(member.members[name], value[name])
        for name in value
        if name in member.members and member.members[name].serialization.get("eventheader")
    }
    return encode_frame({**event_headers(kind, content_type), **headers}, payload)


def _member(shape: Any, name: str, value: Any) -> Any:
    member = shape.members.get(name)
    return value if member is None else to_wire(member, value)


def _event_payload(shape: Any, value: Mapping[str, Any], is_padded: bool) -> tuple[bytes, str]:
    for name, member in shape.members.items():
        if member.serialization.get("eventpayload"):
            given = value.get(name)
            if member.type_name == "blob":
                return bytes(given or b""), "application/octet-stream"
            if member.type_name == "string":
                return (given or "").encode(), "text/plain"
            return to_json(to_wire(member, given)), "application/json"
    inside = {n: v for n, v in value.items() if not _is_event_header(shape, n)}
    payload = as_object(to_wire(shape, inside))
    return to_json(padded(payload) if is_padded else payload), "application/json"


def _is_event_header(shape: Any, name: str) -> bool:
    return name in shape.members and bool(shape.members[name].serialization.get("eventheader"))


def _event_header(shape: Any, value: Any) -> HeaderValue:
    return value if shape.type_name in {"boolean", "timestamp", "blob", "string"} else int(value)


def _moment(shape: Any, value: datetime, default_format: str) -> Any:
    named = str(shape.serialization.get("timestampFormat", default_format)).lower()
    moment = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    moment = moment.astimezone(timezone.utc)
    if named == "unixtimestamp":
        return calendar.timegm(moment.timetuple())
    if named == "rfc822":
        return format_datetime(moment, usegmt=True)
    # botocore leaves a fraction out where there is none.
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if moment.microsecond else "%Y-%m-%dT%H:%M:%SZ")
