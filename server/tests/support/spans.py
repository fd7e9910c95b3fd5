"""Makes spans for tests: rows for a store, and OTLP requests for everything before it."""

from __future__ import annotations

import itertools
from typing import Any, cast

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.proto.trace.v1.trace_pb2 import Status as StatusProto

from outcrop.genai.usage import Usage
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import SpanRow, Status

START_NS = 1_700_000_000_000_000_000
TRACE = bytes(range(16))
_payload_numbers = itertools.count()


def span_id(number: int) -> bytes:
    return number.to_bytes(8, "big")


def trace_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def row(number: int, parent: int | None = None, **changes: Any) -> SpanRow:
    """A row whose id is `number` and which starts `number` microseconds after START_NS."""
    start_ns = START_NS + number * 1000
    values: dict[str, Any] = {
        "span_id": span_id(number),
        "parent_id": None if parent is None else span_id(parent),
        "name": f"span {number}",
        "span_type": "UNKNOWN",
        "status": "UNSET",
        "start_time_ns": start_ns,
        "end_time_ns": start_ns + 500,
        **changes,
    }
    return SpanRow(**values)


def new_span(number: int, parent: int | None = None, trace: bytes = TRACE, **changes: Any) -> NewSpan:
    """A span for a store; `changes` go to the row where it has such a field, else to the span."""
    fields = set(SpanRow._fields)
    of_row = {name: value for name, value in changes.items() if name in fields}
    rest = {name: value for name, value in changes.items() if name not in fields}
    payload = rest.pop("payload", f"payload {next(_payload_numbers)} of span {number}".encode())
    return NewSpan(trace_id=trace, row=row(number, parent, **of_row), payload=payload, **rest)


def model_call(number: int, parent: int | None = None, **changes: Any) -> NewSpan:
    """A span that asks a model."""
    defaults: dict[str, Any] = {"span_type": "LLM", "model": "claude", "usage": Usage(10, 5)}
    return new_span(number, parent, **{**defaults, **changes})


def any_value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in items]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=pairs(cast("dict[str, Any]", value))))
    return AnyValue() if value is None else AnyValue(string_value=str(value))


def pairs(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=name, value=any_value(value)) for name, value in attributes.items()]


def otlp_span(
    number: int, parent: int | None = None, trace: bytes = TRACE, *, status: Status = "UNSET", **changes: Any
) -> Span:
    """A protobuf span with the same ids and times as `row`."""
    attributes = changes.pop("attributes", {})
    events = changes.pop("events", [])
    start_ns = START_NS + number * 1000
    values: dict[str, Any] = {
        "trace_id": trace,
        "span_id": span_id(number),
        "parent_span_id": b"" if parent is None else span_id(parent),
        "name": f"span {number}",
        "start_time_unix_nano": start_ns,
        "end_time_unix_nano": start_ns + 500,
        **changes,
    }
    span = Span(attributes=pairs(attributes), **values)
    span.status.code = StatusProto.StatusCode.Value(f"STATUS_CODE_{status}")
    for name, of_event in events:
        span.events.add(name=name, time_unix_nano=start_ns + 100).attributes.extend(pairs(of_event))
    return span


def request(*spans: Span, resource: dict[str, Any] | None = None) -> bytes:
    """The bytes of a request with these spans under one resource."""
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add()
    resource_spans.resource.attributes.extend(pairs(resource or {}))
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "tests"
    scope_spans.spans.extend(spans)
    return message.SerializeToString()
