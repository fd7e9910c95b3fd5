"""Fixtures: the newest span as it would go to another back end, through OpenTelemetry's protobuf."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest

from outcrop.delivery.otlp_decode import decode_request
from outcrop.normalised.span import normalise
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanRecord
from outcrop.testing.traces import CapturedTraces
from sdk.tests.normalised.schema import check_attributes

_HAS_PROTOBUF = find_spec("google") is not None and find_spec("google.protobuf") is not None
Newest = Callable[[], SpanRecord]


def sent(record: SpanRecord) -> SpanRecord:
    """A normalised span after its way over the wire, which OpenTelemetry's own classes understand."""
    normalised = normalise(record)
    check_attributes(normalised.attributes)
    body = encode_request([encode_span(normalised)], {"service.name": "test"})
    if _HAS_PROTOBUF:  # the light installation has no protobuf
        _check_with_protobuf(body, normalised)
    (decoded,) = decode_request(body)
    assert decoded.attributes == normalised.attributes
    return decoded


def _check_with_protobuf(body: bytes, span: SpanRecord) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (  # noqa: PLC0415  # as said
        ExportTraceServiceRequest,
    )

    request = ExportTraceServiceRequest.FromString(body)
    (read,) = request.resource_spans[0].scope_spans[0].spans
    assert (read.name, read.kind, read.trace_id) == (span.name, span.kind, span.trace_id)
    assert sorted(attribute.key for attribute in read.attributes) == sorted(span.attributes)


@pytest.fixture
def newest(traces: CapturedTraces) -> Newest:
    """Gives the span that ended last, normalised."""

    def read() -> SpanRecord:
        return sent(traces.records()[-1])

    return read
