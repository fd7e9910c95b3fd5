"""A span as OpenTelemetry sent it, free of protobuf. Made by `otlp.parse`, read by `ingest` and `query`."""

from __future__ import annotations

from typing import Any, NamedTuple


class EventRecord(NamedTuple):
    """Something that happened within a span; `time_ns` since the epoch."""

    name: str
    time_ns: int
    attributes: dict[str, Any]


class SpanRecord(NamedTuple):
    """One span.

    Attributes:
        trace_id: 16 bytes, not all zero.
        span_id: 8 bytes, not all zero.
        parent_id: 8 bytes; None for a root.
        name: the span's name.
        start_time_ns: nanoseconds since the epoch.
        end_time_ns: nanoseconds since the epoch, never before the start.
        status_code: 0 unset, 1 ok, 2 error, as OTLP has it.
        status_message: the words with the status; often empty.
        attributes: text, bool, int, float, bytes, lists and dicts of these, None.
        events: in the order in which they came.
        resource: the sender's attributes, shared between the spans of a request.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    name: str
    start_time_ns: int
    end_time_ns: int
    status_code: int
    status_message: str
    attributes: dict[str, Any]
    events: tuple[EventRecord, ...]
    resource: dict[str, Any]
