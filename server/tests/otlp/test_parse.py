from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.records import EventRecord
from outcrop_server.otlp.parse import parse_export, parse_stored
from outcrop_server.otlp.wire import varint
from server.tests.support.spans import START_NS, TRACE, otlp_span, request, span_id


def test_a_span_is_read_with_its_resource_and_events() -> None:
    attributes = {
        "text": "日本",
        "flag": True,
        "count": -3,
        "ratio": 0.5,
        "raw": b"\x00\xff",
        "list": ["a", 1],
    }
    span = otlp_span(2, 1, status="ERROR", attributes=attributes, events=[("note", {"k": "v"})])
    span.status.message = "broke"
    ((record, _),) = parse_export(request(span, resource={"service.name": "shop"})).spans
    assert (record.trace_id, record.span_id, record.parent_id) == (TRACE, span_id(2), span_id(1))
    assert (record.start_time_ns, record.end_time_ns) == (START_NS + 2000, START_NS + 2500)
    assert (record.status_code, record.status_message) == (2, "broke")
    assert record.attributes == attributes
    assert record.events == (EventRecord("note", START_NS + 2100, {"k": "v"}),)
    assert record.resource == {"service.name": "shop"}


def test_values_of_every_kind_are_read() -> None:
    span = otlp_span(1)
    value = span.attributes.add(key="map").value.kvlist_value.values.add(key="inner").value
    value.array_value.values.add()
    span.attributes.add(key="nothing")
    span.attributes.add(key="odd").value.double_value = math.inf
    ((record, _),) = parse_export(request(span)).spans
    assert record.attributes == {"map": {"inner": [None]}, "nothing": None, "odd": math.inf}


@pytest.mark.parametrize("parent", [b"", b"\0" * 8])
def test_an_absent_or_zero_parent_makes_a_root(parent: bytes) -> None:
    ((record, _),) = parse_export(request(otlp_span(1, parent_span_id=parent))).spans
    assert record.parent_id is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"trace_id": b""}, "trace id ''"),
        ({"trace_id": b"\1\2"}, "trace id '0102'"),
        ({"trace_id": b"\0" * 16}, "not all zero"),
        ({"trace_id": b"\1" * 17}, "16 bytes"),
        ({"span_id": b"\1"}, "span id '01'"),
        ({"span_id": b"\0" * 8}, "not all zero"),
        ({"parent_span_id": b"\1\2\3"}, "parent id '010203'"),
        ({"end_time_unix_nano": START_NS}, "ends 2000 ns before it starts"),
        ({"end_time_unix_nano": 0}, "before it starts"),
        ({"end_time_unix_nano": 2**63}, "under 2\\*\\*63"),
    ],
)
def test_a_wrong_span_is_named_with_its_fault(fault: dict[str, Any], words: str) -> None:
    guilty = otlp_span(2, **fault, name="guilty")
    spans, faults = parse_export(request(otlp_span(1), guilty, otlp_span(3), guilty))
    assert [record.span_id for record, _ in spans] == [span_id(1), span_id(3)]
    assert all(re.search(words, fault) for fault in faults)
    assert [fault.partition(" ends")[0].partition(" has")[0] for fault in faults] == [
        "Span 1 ('guilty')",
        "Span 3 ('guilty')",
    ]


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_read_and_nothing_else(body: bytes) -> None:
    try:
        parse_export(body)
    except BadRequestError:
        return


@given(st.binary(min_size=1, max_size=8), st.integers(0, 500))
def test_a_damaged_request_is_refused_or_read_and_nothing_else(damage: bytes, at: int) -> None:
    body = bytearray(request(*(otlp_span(i, 1, attributes={"k": "v" * i}) for i in range(2, 6))))
    body[at : at + len(damage)] = damage
    try:
        parse_export(bytes(body))
    except BadRequestError:
        return


def field(number: int, content: bytes) -> bytes:
    """A field of a message on the wire; `content` below 2 MB."""
    size = len(content)
    return bytes([number << 3 | 2, size & 127 | 128, size >> 7 & 127 | 128, size >> 14]) + content


def test_a_span_whose_values_are_nested_beyond_measure_is_refused_alone() -> None:
    deep = b""
    for _ in range(500):
        deep = field(5, field(1, deep))  # AnyValue.array_value, ArrayValue.values
    span = field(9, field(2, deep))  # Span.attributes, KeyValue.value
    good = otlp_span(1).SerializeToString()
    parsed = parse_export(field(1, field(2, field(2, good) + field(2, span))))
    assert [record.span_id for record, _ in parsed.spans] == [span_id(1)]
    assert parsed.faults == [f"Span 1 is no Span in protobuf ({len(span)} bytes)."]


def test_a_resource_that_cannot_be_read_makes_the_request_wrong() -> None:
    with pytest.raises(BadRequestError, match="no OTLP"):
        parse_export(field(1, field(1, b"\xff") + field(2, b"")))


def test_a_payload_is_the_spans_own_bytes_with_what_this_version_does_not_know() -> None:
    # Field 99 of Span, which no version has; a ScopeSpans with a number that none has; a group.
    unknown = varint(99 << 3 | 2) + b"\x03new"
    span = otlp_span(1).SerializeToString() + unknown
    scope_spans = field(1, field(1, b"tests")) + field(2, span) + varint(77 << 3) + b"\x05"
    ((_, payload),) = parse_export(field(1, field(2, scope_spans))).spans
    assert unknown in payload
    assert parse_stored(payload).span_id == span_id(1)
    group = varint(88 << 3 | 3) + varint(88 << 3 | 4)
    ((record, _),) = parse_export(field(1, field(2, scope_spans) + group)).spans
    assert record.span_id == span_id(1)


def test_resources_in_two_parts_are_merged() -> None:
    first, second = Resource(), Resource()
    first.attributes.add(key="a").value.int_value = 1
    second.attributes.add(key="b").value.int_value = 2
    spans = field(2, field(2, otlp_span(1).SerializeToString()))
    body = field(1, field(1, first.SerializeToString()) + spans + field(1, second.SerializeToString()))
    ((record, payload),) = parse_export(body).spans
    assert record.resource == parse_stored(payload).resource == {"a": 1, "b": 2}


def test_payloads_joined_end_to_end_are_one_request_with_everything_in_it() -> None:
    spans = [otlp_span(i, attributes={"body": b"x" * 70_000, "i": i}) for i in range(1, 4)]
    body = request(*spans, resource={"service.name": "shop"})
    joined = b"".join(payload for _, payload in parse_export(body).spans)
    message = ExportTraceServiceRequest.FromString(joined)
    assert [each.scope_spans[0].spans[0] for each in message.resource_spans] == spans
    assert {each.scope_spans[0].scope.name for each in message.resource_spans} == {"tests"}
    assert parse_export(joined).spans == parse_export(body).spans


def test_a_payload_keeps_scope_resource_and_schema_urls() -> None:
    message = ExportTraceServiceRequest()
    resource_spans = message.resource_spans.add(schema_url="https://example.com/resource")
    resource_spans.resource.dropped_attributes_count = 3
    scope_spans = resource_spans.scope_spans.add(schema_url="https://example.com/scope")
    scope_spans.scope.version = "1.2"
    scope_spans.spans.append(otlp_span(1))
    body = message.SerializeToString()
    ((_, payload),) = parse_export(body).spans
    assert ExportTraceServiceRequest.FromString(payload) == message


def test_a_stored_payload_reads_as_the_span_it_came_from() -> None:
    ((record, payload),) = parse_export(request(otlp_span(1, attributes={"a": "b"}), resource={"r": 1})).spans
    assert parse_stored(payload) == record


def test_an_empty_request_holds_no_spans() -> None:
    assert parse_export(b"") == ([], [])
