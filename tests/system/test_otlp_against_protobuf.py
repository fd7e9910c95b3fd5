"""Our OTLP encoder and decoder against OpenTelemetry's own protobuf classes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop.delivery.otlp_decode import decode_request
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanRecord
from sdk.tests.delivery.test_otlp import SPANS


@given(SPANS)
def test_protobuf_reads_what_we_write(span: SpanRecord) -> None:
    request = ExportTraceServiceRequest.FromString(
        encode_request([encode_span(span)], {"service.name": "test"})
    )
    (resource_spans,) = request.resource_spans
    (scope_spans,) = resource_spans.scope_spans
    (read,) = scope_spans.spans
    assert {a.key: a.value.string_value for a in resource_spans.resource.attributes} == {
        "service.name": "test",
        "outcrop.experiment.name": span.experiment,
    }
    assert scope_spans.scope.name == span.scope
    assert (read.trace_id, read.span_id, read.parent_span_id) == (span.trace_id, span.span_id, span.parent_id)
    assert (read.name, read.kind) == (span.name, span.kind)
    assert (read.start_time_unix_nano, read.end_time_unix_nano) == (span.start_ns, span.end_ns)
    assert (read.status.code, read.status.message) == (span.status_code, span.status_message)
    assert {a.key: _value(a.value) for a in read.attributes} == span.attributes
    assert [(e.name, e.time_unix_nano) for e in read.events] == [(e.name, e.time_ns) for e in span.events]


@given(SPANS)
def test_we_read_what_protobuf_writes(span: SpanRecord) -> None:
    request = ExportTraceServiceRequest.FromString(encode_request([encode_span(span)], {}))
    assert decode_request(request.SerializeToString()) == [span]


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(member) for member in value.array_value.values]
    if kind == "kvlist_value":
        return {member.key: _value(member.value) for member in value.kvlist_value.values}
    return getattr(value, kind)
