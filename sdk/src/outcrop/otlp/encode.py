"""Spans to the bytes of OTLP: each span by itself, and several as one request.

A span is encoded once, with its neighbours in the queue: one after the other they find code and tables in
the processor's cache, which a program's next call to Bedrock would not. Its bytes are what the spool and
the wire hold, so nothing is turned twice.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from outcrop._version import __version__
from outcrop.otlp.protobuf import key_value, message, message_head, text, varint
from outcrop.otlp.records import (
    STATUS_ERROR,
    STATUS_OK,
    STATUS_UNSET,
    EncodedSpan,
    EventRecord,
    SpanGroup,
    SpanRecord,
)
from outcrop.semconv.outcrop_attributes import EXPERIMENT_NAME

# When an event was, and OTLP's Span.Event member of it.
TimedEvent = tuple[int, bytes]

# Span: trace_id, span_id, and perhaps parent_span_id (fields 1, 2, 4), name and kind (5, 6), start and end
# (fields 7 and 8).
_ROOT_HEAD, _CHILD_HEAD = "<2s16s2s8s{}scQcQ", "<2s16s2s8s2s8s{}scQcQ"


def span_head(ids: tuple[bytes, bytes, bytes], name: str, kind: int, start_ns: int, end_ns: int) -> bytes:
    """The members that every span has; `ids` are trace, span and parent, the last empty for a root."""
    return labelled_head(ids, label_of(name, kind), start_ns, end_ns)


def labelled_head(ids: tuple[bytes, bytes, bytes], label: bytes, start_ns: int, end_ns: int) -> bytes:
    """The same, where name and kind are encoded, as `label_of` does it."""
    trace_id, span_id, parent_id = ids
    if parent_id:
        pack = _head_form(_CHILD_HEAD, len(label))
        above = b"\x22\x08", parent_id
        return pack(
            b"\x0a\x10", trace_id, b"\x12\x08", span_id, *above, label, b"\x39", start_ns, b"\x41", end_ns
        )
    pack = _head_form(_ROOT_HEAD, len(label))
    return pack(b"\x0a\x10", trace_id, b"\x12\x08", span_id, label, b"\x39", start_ns, b"\x41", end_ns)


@lru_cache(maxsize=512)
def _head_form(form: str, length: int) -> Callable[..., bytes]:
    return struct.Struct(form.format(length)).pack


@lru_cache(maxsize=512)
def label_of(name: str, kind: int) -> bytes:
    """A span's name and kind, encoded."""
    return text(5, name) + b"\x30" + varint(kind)


def span_attribute(key: str, value: Any) -> bytes:
    """One attribute of a span."""
    return key_value(9, key, value)


def event_name(name: str) -> bytes:
    """An event's name."""
    return text(2, name)


def event_attribute(key: str, value: Any) -> bytes:
    """One attribute of an event."""
    return key_value(3, key, value)


def event_of(time_ns: int, members: bytes) -> bytes:
    """One event of a span: its name and attributes, encoded, at a time."""
    return message(11, b"\x09" + time_ns.to_bytes(8, "little") + members)


def span_event(event: EventRecord) -> TimedEvent:
    """One event of a span, from plain data."""
    attributes = b"".join(event_attribute(key, value) for key, value in event.attributes.items())
    return event.time_ns, event_of(event.time_ns, event_name(event.name) + attributes)


def span_status(code: int, description: str) -> bytes:
    """The status; nothing where it is unset."""
    if description:
        return message(15, text(2, description) + b"\x18" + varint(code))
    return bytes((0x7A, 2, 0x18, code)) if code else b""


# The status as most spans have it: by its code, without a description.
STATUS_ALONE = tuple(span_status(code, "") for code in (STATUS_UNSET, STATUS_OK, STATUS_ERROR))


def encode_span(record: SpanRecord) -> EncodedSpan:
    """Encodes a span that is plain data."""
    ids = record.trace_id, record.span_id, record.parent_id
    pieces = [span_head(ids, record.name, record.kind, record.start_ns, record.end_ns)]
    pieces.extend(span_attribute(key, value) for key, value in record.attributes.items())
    pieces.extend(span_event(event)[1] for event in record.events)
    pieces.append(span_status(record.status_code, record.status_message))
    return EncodedSpan(SpanGroup(record.experiment, record.scope), pieces, sum(map(len, pieces)))


def encode_request(spans: Iterable[EncodedSpan], resource: Mapping[str, Any]) -> bytes:
    """Puts spans into one request: a ResourceSpans an experiment, a ScopeSpans a scope."""
    return b"".join(request_pieces(spans, resource)[0])


def request_pieces(spans: Iterable[EncodedSpan], resource: Mapping[str, Any]) -> tuple[list[bytes], int]:
    """The same, not joined yet, and the length of all."""
    groups: dict[SpanGroup, _Pieces] = {}
    last: SpanGroup | None = None
    group = _Pieces([], 0)
    for of_span, pieces, size, _ in spans:
        # Neighbours most often are of one group: the same object even.
        if of_span is not last:
            last = of_span
            if last not in groups:
                scope = scope_of(last.scope)
                groups[last] = _Pieces([scope], len(scope))
            group = groups[last]
        # What `add` does, without a call for each span.
        head = message_head(2, size)
        group.pieces.append(head)
        group.pieces += pieces
        group.length += len(head) + size
    experiments: dict[str, _Pieces] = {}
    for (name, _), group in groups.items():
        experiment = experiments.get(name)
        if experiment is None:
            process = described(resource, name)
            experiment = experiments[name] = _Pieces([process], len(process))
        experiment.add(2, group.pieces, group.length)
    request = _Pieces([], 0)
    for experiment in experiments.values():
        request.add(1, experiment.pieces, experiment.length)
    return request.pieces, request.length


class _Pieces:
    """A message in the making. Nothing is copied until all of it is joined."""

    def __init__(self, pieces: list[bytes], length: int) -> None:
        self.pieces = pieces
        self.length = length

    def add(self, field: int, pieces: Sequence[bytes], length: int) -> None:
        """Adds a field that is a message of `length` bytes."""
        head = message_head(field, length)
        self.pieces.append(head)
        self.pieces += pieces
        self.length += len(head) + length


@lru_cache(maxsize=64)
def scope_of(name: str) -> bytes:
    """The message InstrumentationScope, as a member."""
    return message(1, text(1, name) + text(2, __version__))


def described(resource: Mapping[str, Any], experiment: str) -> bytes:
    """What describes the process, as a member. It hardly ever changes, and stands in each request."""
    items = tuple(resource.items())
    try:
        # With the types, since True equals 1.
        return _cached_resource(items, tuple(map(type, resource.values())), experiment)
    except TypeError:  # a value that has no hash
        return _resource(items, experiment)


def _resource(items: tuple[tuple[str, Any], ...], experiment: str) -> bytes:
    attributes = {**dict(items), EXPERIMENT_NAME: experiment}
    return message(1, b"".join(key_value(1, key, value) for key, value in attributes.items()))


@lru_cache(maxsize=64)
def _cached_resource(
    items: tuple[tuple[str, Any], ...],
    types: tuple[type, ...],  # noqa: ARG001  # for the cache alone
    experiment: str,
) -> bytes:
    return _resource(items, experiment)
