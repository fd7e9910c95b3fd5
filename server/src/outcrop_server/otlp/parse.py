"""From the bytes of an OTLP `ExportTraceServiceRequest` to span records. Pure.

Bytes come from `ingest` (what a program sent) or from a store (one span's payload).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.records import EventRecord, SpanRecord
from outcrop_server.otlp.quick_span import quick_record
from outcrop_server.otlp.values import attributes
from outcrop_server.otlp.wire import Group, WireError, groups

if TYPE_CHECKING:
    from collections.abc import Callable

_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_NO_TRACE = bytes(_TRACE_ID_BYTES)
_NO_SPAN = bytes(_SPAN_ID_BYTES)
# Engines count in signed 64 bits; as nanoseconds that lasts until the year 2262.
LAST_MOMENT_NS = 2**63 - 1
# A loop may be recorded in a span; reading the rest of its events would not help anyone.
_MAX_EVENTS = 10_000
# `between` is called before every eighth span.
_BETWEEN = 7


class Parsed(NamedTuple):
    """What a request holds.

    Attributes:
        spans: each span and its payload: this span's bytes as they came, resource and scope included, as a
            request of its own.
        faults: of the spans that have a wrong id or wrong times: which, and what is wrong.
    """

    spans: list[tuple[SpanRecord, bytes]]
    faults: list[str]


def parse_export(body: bytes, between: Callable[[], None] | None = None) -> Parsed:
    """Reads a request.

    Args:
        body: the protobuf, uncompressed.
        between: called now and then between spans.

    Raises:
        BadRequestError: it is no such protobuf.
    """
    parsed = Parsed([], [])
    for group in _groups(body):
        resource = _resource(group.resource, len(body))
        for number, data in enumerate(group.spans):
            if between is not None and not number & _BETWEEN:
                between()
            found = quick_record(data, resource, LAST_MOMENT_NS) or record_or_fault(data, resource)
            if isinstance(found, SpanRecord):
                parsed.spans.append((found, group.wrap(data)))
            else:
                parsed.faults.append(f"Span {_number(parsed)} {found}.")
    return parsed


def record_or_fault(data: bytes, resource: dict[str, Any]) -> SpanRecord | str:
    """Reads one span by protobuf's own reader.

    Args:
        data: the bytes of its message.
        resource: its resource's attributes.

    Returns:
        The span, or what is wrong with it.
    """
    try:
        span = Span.FromString(data)
    except DecodeError:
        return f"is no Span in protobuf ({len(data)} bytes)"
    fault = _fault(span)
    return _record(span, resource) if fault is None else f"('{span.name[:80]}') {fault}"


def parse_stored(payload: bytes) -> SpanRecord:
    """Reads one payload that `parse_export` made."""
    group = _groups(payload)[0]
    return _record(Span.FromString(group.spans[0]), _resource(group.resource, len(payload)))


def ids_of_stored(payload: bytes) -> tuple[bytes, bytes]:
    """Trace id and span id of one payload that `parse_export` made.

    Raises:
        ValueError: it is no such payload.
    """
    try:
        ((data,),) = [group.spans for group in groups(payload)]
        span = Span.FromString(data)
    except (WireError, DecodeError, ValueError) as error:
        raise ValueError(f"it is no payload of one span ({len(payload)} bytes)") from error
    return span.trace_id, span.span_id


def _number(parsed: Parsed) -> int:
    """Of the span that is read now, within its request."""
    return len(parsed.spans) + len(parsed.faults)


def _groups(body: bytes) -> list[Group]:
    try:
        return list(groups(body))
    except WireError:
        # The library knows forms that nobody uses; what it refuses is wrong.
        try:
            request = ExportTraceServiceRequest.FromString(body)
        except DecodeError as error:
            raise _no_request(len(body), error) from error
        request.DiscardUnknownFields()
        return list(groups(request.SerializeToString()))


def _resource(data: bytes, size: int) -> dict[str, Any]:
    try:
        return attributes(Resource.FromString(data).attributes)
    except DecodeError as error:
        raise _no_request(size, error) from error


def _no_request(size: int, error: Exception) -> BadRequestError:
    return BadRequestError(
        f"The body is no OTLP ExportTraceServiceRequest in protobuf ({size} bytes: {error})."
    )


def _record(span: Span, resource: dict[str, Any]) -> SpanRecord:
    parent_id = span.parent_span_id
    return SpanRecord(
        trace_id=span.trace_id,
        span_id=span.span_id,
        # A span that names itself as its parent has none.
        parent_id=None if parent_id in (b"", _NO_SPAN, span.span_id) else parent_id,
        name=span.name,
        start_time_ns=span.start_time_unix_nano,
        end_time_ns=span.end_time_unix_nano,
        status_code=span.status.code,
        status_message=span.status.message,
        attributes=attributes(span.attributes),
        events=events_of(span),
        resource=resource,
    )


def events_of(span: Span) -> tuple[EventRecord, ...]:
    """A span's events, the first of them if they are very many."""
    return tuple(
        EventRecord(event.name, event.time_unix_nano, attributes(event.attributes))
        for event in span.events[:_MAX_EVENTS]
    )


def _fault(span: Span) -> str | None:
    """What is wrong with a span; None if nothing is."""
    if len(span.trace_id) != _TRACE_ID_BYTES or span.trace_id == _NO_TRACE:
        return f"has the trace id '{span.trace_id.hex()[:80]}': it must be 16 bytes, not all zero"
    if len(span.span_id) != _SPAN_ID_BYTES or span.span_id == _NO_SPAN:
        return f"has the span id '{span.span_id.hex()[:80]}': it must be 8 bytes, not all zero"
    if len(span.parent_span_id) not in {0, _SPAN_ID_BYTES}:
        return f"has the parent id '{span.parent_span_id.hex()[:80]}': it must be 8 bytes or none"
    if span.end_time_unix_nano < span.start_time_unix_nano:
        early_ns = span.start_time_unix_nano - span.end_time_unix_nano
        return f"ends {early_ns} ns before it starts"
    if span.end_time_unix_nano > LAST_MOMENT_NS:
        return f"ends at {span.end_time_unix_nano} ns since 1970: times must be under 2**63 ns"
    return None
