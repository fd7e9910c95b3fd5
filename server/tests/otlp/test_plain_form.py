from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from outcrop_server.model.errors import BadRequestError
from outcrop_server.otlp.json_form import to_json, to_protobuf
from outcrop_server.otlp.plain_form import from_plain, to_plain

NAMES = st.text(max_size=8) | st.sampled_from(["$text", "$base64", "$float", "$object", "a"])


def listed(values: list[AnyValue]) -> AnyValue:
    return AnyValue(array_value=ArrayValue(values=values))


def of_members(members: dict[str, AnyValue]) -> AnyValue:
    pairs = [KeyValue(key=name, value=value) for name, value in members.items()]
    return AnyValue(kvlist_value=KeyValueList(values=pairs))


VALUES = st.recursive(
    st.builds(AnyValue)
    | st.builds(AnyValue, string_value=st.text(max_size=20))
    | st.builds(AnyValue, bool_value=st.booleans())
    | st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1))
    | st.builds(AnyValue, double_value=st.floats())
    | st.builds(AnyValue, bytes_value=st.binary(max_size=20)),
    lambda inner: (
        st.builds(listed, st.lists(inner, max_size=3))
        | st.builds(of_members, st.dictionaries(NAMES, inner, max_size=3))
    ),
    max_leaves=8,
)
PAIRS = st.dictionaries(NAMES, VALUES, max_size=5)
WHOLE = st.integers(0, 2**32 - 1)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    def pairs() -> list[KeyValue]:
        return [KeyValue(key=name, value=value) for name, value in draw(PAIRS).items()]

    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add(schema_url=draw(st.text(max_size=5)))
    resource_spans.resource.attributes.extend(pairs())
    scope_spans = resource_spans.scope_spans.add(schema_url=draw(st.text(max_size=5)))
    scope_spans.scope.name = draw(st.text(max_size=5))
    scope_spans.scope.attributes.extend(pairs())
    span = scope_spans.spans.add(
        trace_id=draw(st.binary(min_size=16, max_size=16)),
        span_id=draw(st.binary(min_size=8, max_size=8)),
        parent_span_id=draw(st.just(b"") | st.binary(min_size=8, max_size=8)),
        name=draw(st.text(max_size=9)),
        start_time_unix_nano=draw(st.integers(0, 2**63)),
        end_time_unix_nano=draw(st.integers(0, 2**63)),
        trace_state=draw(st.text(max_size=5)),
        kind=draw(st.integers(0, 5)),
        flags=draw(WHOLE),
        dropped_attributes_count=draw(WHOLE),
        dropped_events_count=draw(WHOLE),
        dropped_links_count=draw(WHOLE),
        attributes=pairs(),
    )
    span.status.code = draw(st.sampled_from(Status.StatusCode.values()))
    span.status.message = draw(st.text(max_size=5))
    span.events.add(
        name=draw(st.text(max_size=5)), time_unix_nano=draw(st.integers(0, 2**63)), attributes=pairs()
    )
    span.links.add(
        trace_id=draw(st.binary(max_size=16)),
        span_id=draw(st.binary(max_size=8)),
        attributes=pairs(),
        flags=draw(WHOLE),
        dropped_attributes_count=draw(WHOLE),
    )
    return request.SerializeToString()


@given(payloads())
def test_a_span_as_plain_json_is_the_same_span_when_it_is_read_back(payload: bytes) -> None:
    text = json.dumps(to_plain(payload))
    # Compared as text, since a number that is none equals nothing.
    back, there = (
        ExportTraceServiceRequest.FromString(each) for each in (from_plain(json.loads(text)), payload)
    )
    assert str(back) == str(there)


@given(payloads())
def test_a_request_in_otlps_json_is_the_same_request_when_it_is_read_back(payload: bytes) -> None:
    back = to_protobuf(json.dumps(to_json(payload)).encode())
    assert str(ExportTraceServiceRequest.FromString(back)) == str(
        ExportTraceServiceRequest.FromString(payload)
    )


def test_bodies_are_readable() -> None:
    payload = from_plain(
        {
            "trace_id": "ab" * 16,
            "span_id": "cd" * 8,
            "start_time_ns": "1",
            "end_time_ns": "2",
            "attributes": {"body": {"$text": '{"a": "ü"}'}, "png": {"$base64": "iVBO"}},
        }
    )
    assert to_plain(payload) == {
        "trace_id": "ab" * 16,
        "span_id": "cd" * 8,
        "parent_span_id": "",
        "start_time_ns": "1",
        "end_time_ns": "2",
        "attributes": {"body": {"$text": '{"a": "ü"}'}, "png": {"$base64": "iVBO"}},
    }


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


WRONG: list[dict[str, Any]] = [
    {"trace_id": "xy"},
    {"trace_id": None},
    {"start_time_ns": "soon"},
    {"start_time_ns": "-1"},
    {"attributes": []},
    {"attributes": {"a": 2**70}},
    {"attributes": {"a": {"$base64": "%"}}},
    {"attributes": {"a": {"$base64": 1}}},
    {"attributes": {"a": {"$float": "x"}}},
    {"attributes": {"a": {"$object": 1}}},
    {"attributes": {"a": {"$text": 1}}},
    {"attributes": {"a": deep(100)}},
    {"attributes": {"a": "\ud83d"}},
    {"kind": "x"},
    {"name": 1},
    {"events": 1},
    {"links": [{}]},
    {"status": []},
]


@pytest.mark.parametrize("changes", WRONG)
def test_what_is_not_of_the_form_is_refused(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "trace_id": "ab" * 16,
        "span_id": "cd" * 8,
        "start_time_ns": "1",
        "end_time_ns": "2",
    }
    with pytest.raises(BadRequestError, match="not of the form"):
        from_plain({**given, **changes})
