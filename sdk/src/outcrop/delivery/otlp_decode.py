"""The bytes of an OTLP ExportTraceServiceRequest back to span records: how `get_trace` reads a server.

The twin of `otlp.encode`; members that Outcrop does not use are passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from outcrop.otlp.protobuf import message
from outcrop.otlp.records import EncodedSpan, EventRecord, SpanRecord
from outcrop.semconv.outcrop_attributes import EXPERIMENT_NAME

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_INT64_SIGN = 1 << 63


@dataclass
class DecodedScope:
    """The spans of one part of a program, with what describes the part and the process."""

    resource: dict[str, Any] = field(default_factory=dict[str, Any])
    name: str = ""
    version: str = ""
    spans: list[SpanRecord] = field(default_factory=list[SpanRecord])


def decode_request(data: bytes) -> list[SpanRecord]:
    """Decodes a request.

    Raises:
        ValueError: the bytes are no such message.
    """
    return [span for scope in decode_scopes(data) for span in scope.spans]


def rejected_spans(answer: bytes) -> tuple[int, str]:
    """How many spans an ExportTraceServiceResponse says were not taken, and why; 0 where it says nothing."""
    try:
        for number, partial in _fields(answer):
            if number == 1:
                found = dict(_fields(partial))
                return int(found.get(1, 0)), bytes(found.get(2, b"")).decode("utf-8", "replace")
    except (IndexError, struct.error, TypeError, ValueError):
        pass  # an answer that is not protobuf says nothing of single spans
    return 0, ""


def single_span_requests(data: bytes) -> list[bytes]:
    """A request as many, each with one span and with the resource and scope that it had.

    Raises:
        ValueError: the bytes are no such message.
    """
    try:
        return [
            message(1, resource + message(2, scope + message(2, span)))
            for number, resource_spans in _fields(data)
            if number == 1
            for resource, scopes in [_head_and_members(resource_spans)]
            for scope_spans in scopes
            for scope, spans in [_head_and_members(scope_spans)]
            for span in spans
        ]
    except (IndexError, struct.error, TypeError) as error:
        raise ValueError("These bytes are no OTLP trace request.") from error


def _head_and_members(data: bytes) -> tuple[bytes, list[bytes]]:
    """What ResourceSpans and ScopeSpans have alike: field 1 says what is common to the members in field 2."""
    head = b""
    members: list[bytes] = []
    for number, value in _fields(data):
        if number == 2:
            members.append(value)
        elif isinstance(value, bytes):
            head += message(number, value)
    return head, members


def decode_span(span: EncodedSpan) -> SpanRecord:
    """Decodes a span of this process, what was put off included."""
    later = b"" if span.later is None else span.later()
    record = _span(b"".join((*span.pieces, later)))
    record.experiment, record.scope = span.group
    return record


def decode_scopes(data: bytes) -> list[DecodedScope]:
    """Decodes a request into the groups that it is made of.

    Raises:
        ValueError: the bytes are no such message.
    """
    try:
        return [scope for number, body in _fields(data) if number == 1 for scope in _resource_spans(body)]
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as error:
        raise ValueError("These bytes are no OTLP trace request.") from error


def _resource_spans(data: bytes) -> list[DecodedScope]:
    resource: dict[str, Any] = {}
    scopes: list[DecodedScope] = []
    for number, body in _fields(data):
        if number == 1:
            resource = dict(_key_value(b) for f, b in _fields(body) if f == 1)
        elif number == 2:
            scopes.append(_scope_spans(body))
    for scope in scopes:
        scope.resource = resource
        for span in scope.spans:
            span.experiment = str(resource.get(EXPERIMENT_NAME, ""))
    return scopes


def _scope_spans(data: bytes) -> DecodedScope:
    scope = DecodedScope()
    for number, body in _fields(data):
        if number == 1:
            named = dict(_fields(body))
            scope.name = bytes(named.get(1, b"")).decode()
            scope.version = bytes(named.get(2, b"")).decode()
        elif number == 2:
            scope.spans.append(_span(body))
    for span in scope.spans:
        span.scope = scope.name
    return scope


def _span(data: bytes) -> SpanRecord:
    span = SpanRecord(b"", b"", b"", "", 0, 0, 0, 0, "", {}, [], "", "")
    for number, value in _fields(data):
        if number in _SPAN_FIELDS:
            name = _SPAN_FIELDS[number]
            setattr(span, name, value.decode() if name == "name" else value)
        elif number == 9:
            key, member = _key_value(value)
            span.attributes[key] = member
        elif number == 11:
            span.events.append(_event(value))
        elif number == 15:
            status = dict(_fields(value))
            span.status_code = status.get(3, 0)
            span.status_message = status.get(2, b"").decode()
    return span


_SPAN_FIELDS = {
    1: "trace_id",
    2: "span_id",
    4: "parent_id",
    5: "name",
    6: "kind",
    7: "start_ns",
    8: "end_ns",
}


def _event(data: bytes) -> EventRecord:
    event = EventRecord("", 0)
    for number, value in _fields(data):
        if number == 1:
            event.time_ns = value
        elif number == 2:
            event.name = value.decode()
        elif number == 3:
            key, member = _key_value(value)
            event.attributes[key] = member
    return event


def _key_value(data: bytes) -> tuple[str, Any]:
    members = dict(_fields(data))
    return members.get(1, b"").decode(), _any_value(members.get(2, b""))


def _any_value(data: bytes) -> Any:
    for number, value in _fields(data):
        if number == 1:
            return value.decode()
        if number == 2:
            return bool(value)
        if number == 3:
            return value - (1 << 64) if value & _INT64_SIGN else value
        if number == 4:
            return struct.unpack("<d", struct.pack("<Q", value))[0]
        if number == 5:
            return [_any_value(member) for f, member in _fields(value) if f == 1]
        if number == 6:
            return dict(_key_value(member) for f, member in _fields(value) if f == 1)
        if number == 7:
            return value
    return None


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: numbers as int, strings, bytes and messages as bytes."""
    position = 0
    while position < len(data):
        tag, position = _read_varint(data, position)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, position = _read_varint(data, position)
        elif kind == _LENGTH:
            length, position = _read_varint(data, position)
            value = data[position : position + length]
            if len(value) != length:
                raise ValueError("An OTLP message ends too early.")
            position += length
        elif kind == _FIXED64:
            (value,) = struct.unpack_from("<Q", data, position)
            position += 8
        elif kind == _FIXED32:
            (value,) = struct.unpack_from("<I", data, position)
            position += 4
        else:
            raise ValueError(f"An OTLP message holds the unknown wire type {kind}.")
        yield tag >> 3, value


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 128:
            return result, position
        shift += 7
