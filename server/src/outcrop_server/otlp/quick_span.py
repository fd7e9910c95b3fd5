"""A span's bytes to its record without a protobuf object between: the forms that nearly all spans have. Pure.

What is of another form is left to protobuf's own reader; of what is read here, both give the same
(`test_quick_span` compares them). Fields: opentelemetry/proto/trace/v1 and common/v1.
"""

from __future__ import annotations

import struct
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from outcrop_server.model.records import EventRecord, SpanRecord
from outcrop_server.otlp.values import any_value
from outcrop_server.otlp.wire import varint_at

# Span: trace_id and span_id, which every writer puts first, then by their tags what may follow.
_TRACE_ID, _SPAN_ID = b"\x0a\x10", b"\x12\x08"
_PARENT_ID, _NAME, _KIND, _START, _END, _ATTRIBUTE, _EVENT, _STATUS = (
    0x22,
    0x2A,
    0x30,
    0x39,
    0x41,
    0x4A,
    0x5A,
    0x7A,
)
_DROPPED = frozenset({0x50, 0x60, 0x70})
_FLAGS = b"\x85\x01"
# Of an event: time, name, attributes. Of an attribute: key, value; of a value: text, bytes.
_EVENT_TIME, _EVENT_NAME, _EVENT_ATTRIBUTE = 0x09, 0x12, 0x1A
_KEY, _VALUE, _TEXT, _BYTES = 0x0A, 0x12, 0x0A, 0x3A
_NO_TRACE, _NO_SPAN = bytes(16), bytes(8)
_ID_END = 28
_FIXED64 = struct.Struct("<Q").unpack_from
_BOTH_TIMES = struct.Struct("<QcQ").unpack_from
_LAST_BYTE = 0x7F
_MAX_EVENTS = 1_000

# What is small comes again and again: names of models, types, kinds. It is also too small to hold values that
# are nested more deeply than protobuf reads.
_SMALL = 127
_MOST_KNOWN = 8_192
_pairs: dict[bytes, tuple[str, Any]] = {}
_texts: dict[bytes, str] = {}
_statuses: dict[bytes, tuple[int, str]] = {}
_IMMUTABLE = (str, int, float, bytes)


class _OtherFormError(ValueError):
    """It is not one of the forms that are read here."""


def quick_record(data: bytes, resource: dict[str, Any], last_moment_ns: int) -> SpanRecord | None:
    """Reads a span.

    Args:
        data: the bytes of its message.
        resource: its resource's attributes.
        last_moment_ns: the latest end that a span may have.

    Returns:
        None if it is of a form that is not read here, or if anything is wrong with it.
    """
    try:
        return _record(data, resource, last_moment_ns)
    except (ValueError, IndexError, struct.error, DecodeError):
        return None


# One loop without calls for what is in every span: this runs for all that comes in.
def _record(  # noqa: C901, PLR0912, PLR0915 - a case a member, and each is short
    data: bytes, resource: dict[str, Any], last_moment_ns: int
) -> SpanRecord | None:
    if data[:2] != _TRACE_ID or data[18:20] != _SPAN_ID:
        return None
    trace_id, span_id = data[2:18], data[20:_ID_END]
    parent_id: bytes | None = None
    name, status = "", (0, "")
    start_ns = end_ns = 0
    attributes: dict[str, Any] = {}
    events: list[EventRecord] = []
    at, end = _ID_END, len(data)
    while at < end:
        tag = data[at]
        if tag == _ATTRIBUTE:
            size = data[at + 1]
            at += 2
            if size <= _SMALL:
                stop = at + size
                part = data[at:stop]
                key, value = _pairs.get(part) or _small(part)
            else:
                more = data[at]
                if more <= _LAST_BYTE:
                    size += (more - 1) << 7
                    at += 1
                else:
                    size, at = varint_at(data, at - 1)
                stop = at + size
                key, value = _large(data, at, stop)
            attributes[key] = value
            at = stop
        elif tag == _START:
            start_ns, following, end_ns = _BOTH_TIMES(data, at + 1)
            if following != b"\x41":
                return None
            at += 18
        elif tag == _NAME:
            name, at = _text(data, at + 1)
        elif tag == _KIND or tag in _DROPPED:
            if data[at + 1] > _LAST_BYTE:
                return None
            at += 2
        elif tag == _PARENT_ID:
            if data[at + 1] != len(_NO_SPAN):
                return None
            parent_id = data[at + 2 : at + 10]
            at += 10
        elif tag == _EVENT:
            size, at = varint_at(data, at + 1)
            events.append(_event(data, at, at + size))
            at += size
        elif tag == _STATUS and status == (0, ""):
            size, at = varint_at(data, at + 1)
            status = _status(data[at : at + size])
            at += size
        elif data[at : at + 2] == _FLAGS:
            at += 6
        else:
            return None
    if (
        at != end
        or trace_id == _NO_TRACE
        or span_id == _NO_SPAN
        or not start_ns <= end_ns <= last_moment_ns
        or len(events) > _MAX_EVENTS
    ):
        return None
    if parent_id in (_NO_SPAN, span_id):
        parent_id = None
    return SpanRecord(
        trace_id, span_id, parent_id, name, start_ns, end_ns, *status, attributes, tuple(events), resource
    )


def _small(part: bytes) -> tuple[str, Any]:
    """Key and value of a small attribute, which is remembered if it can be shared."""
    pair = KeyValue.FromString(part)
    found = pair.key, any_value(pair.value)
    if isinstance(found[1], _IMMUTABLE):
        if len(_pairs) >= _MOST_KNOWN:
            _pairs.clear()
        _pairs[part] = found
    return found


def _large(data: bytes, at: int, stop: int) -> tuple[str, Any]:
    """Key and value of an attribute that lies there and holds text or bytes."""
    if data[at] != _KEY:
        raise _OtherFormError
    key, at = _text(data, at + 1)
    if data[at] != _VALUE:
        raise _OtherFormError
    size, at = _size(data, at + 1)
    if at + size != stop:
        raise _OtherFormError
    kind = data[at]
    size, at = _size(data, at + 1)
    # It fills its attribute, and that fills what it lies in.
    if at + size != stop or stop > len(data):
        raise _OtherFormError
    if kind == _BYTES:
        return key, data[at:stop]
    if kind == _TEXT:
        return key, str(data[at:stop], "utf-8")
    raise _OtherFormError


def _size(data: bytes, at: int) -> tuple[int, int]:
    """A length that mostly has two bytes, and the place behind it."""
    size, more = data[at], data[at + 1]
    if size > _LAST_BYTE >= more:
        return size + ((more - 1) << 7), at + 2
    return varint_at(data, at)


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A name whose length is there, and the place behind it."""
    size = data[at]
    stop = at + 1 + size
    part = data[at + 1 : stop]
    if size > _LAST_BYTE or len(part) != size:
        raise _OtherFormError
    found = _texts.get(part)
    if found is None:
        found = str(part, "utf-8")
        if len(_texts) >= _MOST_KNOWN:
            _texts.clear()
        _texts[part] = found
    return found, stop


def _status(part: bytes) -> tuple[int, str]:
    found = _statuses.get(part)
    if found is None:
        if len(part) > _SMALL:
            raise _OtherFormError
        status = Status.FromString(part)
        found = status.code, status.message
        if len(_statuses) >= _MOST_KNOWN:
            _statuses.clear()
        _statuses[part] = found
    return found


def _event(data: bytes, at: int, end: int) -> EventRecord:
    name, time_ns = "", 0
    attributes: dict[str, Any] = {}
    while at < end:
        tag = data[at]
        if tag == _EVENT_ATTRIBUTE:
            size, at = varint_at(data, at + 1)
            stop = at + size
            if size <= _SMALL:
                part = data[at:stop]
                key, value = _pairs.get(part) or _small(part)
            else:
                key, value = _large(data, at, stop)
            attributes[key] = value
            at = stop
        elif tag == _EVENT_TIME:
            (time_ns,) = _FIXED64(data, at + 1)
            at += 9
        elif tag == _EVENT_NAME:
            name, at = _text(data, at + 1)
        else:
            raise _OtherFormError
    if at != end:
        raise _OtherFormError
    return EventRecord(name, time_ns, attributes)
