"""Span records to the bytes of an OTLP ExportTraceServiceRequest, without a protobuf library.

The message is small and fixed, so writing its wire form directly is faster than building message
objects and keeps protobuf, whose versions clash so easily, out of production programs (ADR 0002).
Source: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from outcrop._version import __version__
from outcrop.recording.record import EventRecord, SpanRecord

_LENGTH = 2  # the wire type of strings, bytes and messages
_pack_fixed64 = struct.Struct("<Q").pack
_pack_double = struct.Struct("<d").pack
_INT64_MAX = 2**63


def encode_request(spans: Iterable[SpanRecord], resource: Mapping[str, Any]) -> bytes:
    """Encodes spans as one request: a ResourceSpans an experiment, a ScopeSpans a scope."""
    groups: dict[str, dict[str, list[bytes]]] = {}
    for span in spans:
        groups.setdefault(span.experiment, {}).setdefault(span.scope, []).append(_message(2, _span(span)))
    pieces: list[bytes] = []
    for experiment, scopes in groups.items():
        attributes = {**resource, "outcrop.experiment.name": experiment}
        body = [_message(1, b"".join(_key_value(1, k, v) for k, v in attributes.items()))]
        body.extend(_message(2, _scope(name) + b"".join(encoded)) for name, encoded in scopes.items())
        pieces.append(_message(1, b"".join(body)))
    return b"".join(pieces)


def _scope(name: str) -> bytes:
    return _message(1, _text(1, name) + _text(2, __version__))


def _span(span: SpanRecord) -> bytes:
    pieces = [
        _message(1, span.trace_id),
        _message(2, span.span_id),
        _message(4, span.parent_id) if span.parent_id else b"",
        _text(5, span.name),
        b"\x30",
        _varint(span.kind),
        b"\x39",
        _pack_fixed64(span.start_ns),
        b"\x41",
        _pack_fixed64(span.end_ns),
    ]
    pieces.extend(_key_value(9, key, value) for key, value in span.attributes.items())
    pieces.extend(_message(11, _event(event)) for event in span.events)
    if span.status_code or span.status_message:
        status = _text(2, span.status_message) if span.status_message else b""
        pieces.append(_message(15, status + b"\x18" + _varint(span.status_code)))
    return b"".join(pieces)


def _event(event: EventRecord) -> bytes:
    head = b"\x09" + _pack_fixed64(event.time_ns) + _text(2, event.name)
    return head + b"".join(_key_value(3, key, value) for key, value in event.attributes.items())


def _key_value(field: int, key: str, value: Any) -> bytes:
    return _message(field, _encoded_key(key) + _message(2, _any_value(value)))


def _any_value(value: Any) -> bytes:
    # bool before int: True is an int to Python.
    if isinstance(value, str):
        return _text(1, value)
    if isinstance(value, bytes):
        return _message(7, value)
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        if -_INT64_MAX <= value < _INT64_MAX:
            return b"\x18" + _varint(value & 0xFFFFFFFFFFFFFFFF)
        return _text(1, str(value))
    if isinstance(value, float):
        return b"\x21" + _pack_double(value)
    if isinstance(value, Mapping):
        members = cast("Mapping[Any, Any]", value)
        return _message(6, b"".join(_key_value(1, str(key), member) for key, member in members.items()))
    if isinstance(value, list | tuple):
        return _message(5, b"".join(_message(1, _any_value(v)) for v in cast("list[Any]", value)))
    return b"" if value is None else _text(1, str(value))


@lru_cache(maxsize=1024)
def _encoded_key(key: str) -> bytes:
    return _text(1, key)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode("utf-8", "replace"))


def _message(field: int, body: bytes) -> bytes:
    length = len(body)
    if length < 128:
        return bytes((field << 3 | _LENGTH, length)) + body
    return bytes((field << 3 | _LENGTH,)) + _varint(length) + body


def _varint(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    out = bytearray()
    while value > 127:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
