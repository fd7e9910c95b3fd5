"""The quick reading of a span gives what protobuf's own gives, or leaves the span to that one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from outcrop.otlp.encode import encode_span
from outcrop.otlp.records import EventRecord
from outcrop.otlp.records import SpanRecord as SentSpan
from outcrop_server.model.records import SpanRecord
from outcrop_server.otlp.parse import LAST_MOMENT_NS, record_or_fault
from outcrop_server.otlp.quick_span import quick_record
from server.tests.support.spans import START_NS, TRACE, otlp_span, pairs, span_id

Strategy = st.SearchStrategy[Any]
LAST_NS = LAST_MOMENT_NS
RESOURCE: dict[str, Any] = {"service.name": "shop"}
# Around where a length needs a second and a third byte, and where values are no longer remembered.
TEXTS: Strategy = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "a" * 100, "b" * 127, "c" * 128, "d" * 300, "é" * 64, "日本" * 3000]),
)
PLAIN: Strategy = st.one_of(
    TEXTS,
    TEXTS.map(str.encode),
    st.binary(max_size=300),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.none(),
)
VALUES: Strategy = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5
)
ATTRIBUTES: Strategy = st.dictionaries(TEXTS, VALUES, max_size=5)
IDS: Strategy = st.sampled_from([span_id(1), span_id(7), bytes(8), b"", b"\1", b"\1" * 9])
TIMES: Strategy = st.sampled_from([0, 1, START_NS, LAST_NS, LAST_NS + 1])
SPANS: Strategy = st.fixed_dictionaries(
    {
        "trace_id": st.sampled_from([TRACE, TRACE, bytes(16), b"", b"\1" * 17]),
        "span_id": IDS,
        "start_time_unix_nano": TIMES,
        "end_time_unix_nano": TIMES,
    },
    optional={
        "parent_span_id": IDS,
        "name": TEXTS,
        "kind": st.integers(0, 5),
        "attributes": ATTRIBUTES,
        "events": st.lists(st.tuples(TEXTS, TIMES, ATTRIBUTES), max_size=3),
        "status": st.tuples(st.integers(0, 2), TEXTS),
        "trace_state": st.sampled_from(["", "a=b"]),
        "flags": st.sampled_from([0, 1, 0x101]),
        "dropped_attributes_count": st.sampled_from([0, 1, 200]),
        "dropped_events_count": st.sampled_from([0, 1]),
        "links": st.integers(0, 1),
    },
)


def made(given_: dict[str, Any]) -> Span:
    values = dict(given_)
    attributes, events = values.pop("attributes", {}), values.pop("events", [])
    status, links = values.pop("status", (0, "")), values.pop("links", 0)
    span = Span(attributes=pairs(attributes), **values)
    span.status.code, span.status.message = status
    for name, time_ns, of_event in events:
        span.events.add(name=name, time_unix_nano=time_ns, attributes=pairs(of_event))
    for _ in range(links):
        span.links.add(trace_id=TRACE, span_id=span_id(3))
    return span


def slowly(data: bytes) -> SpanRecord | None:
    """What protobuf's own reader gives; None for a span with a fault."""
    found = record_or_fault(data, RESOURCE)
    return None if isinstance(found, str) else found


def typed(value: Any) -> Any:
    """With the type of each value, since True equals 1."""
    if isinstance(value, dict):
        return {key: typed(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, (list, tuple)):
        return [typed(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return type(value), value


def compare(data: bytes) -> None:
    # Twice: the second time, what is small is known.
    for _ in range(2):
        quick = quick_record(data, RESOURCE, LAST_NS)
        if quick is not None:
            assert typed(quick) == typed(slowly(data))


@settings(max_examples=120)
@given(SPANS)
def test_it_gives_what_protobuf_gives(span: dict[str, Any]) -> None:
    compare(made(span).SerializeToString())


@settings(max_examples=150)
@given(SPANS, st.binary(min_size=1, max_size=6), st.integers(0, 400), st.booleans())
def test_of_damaged_bytes_too(span: dict[str, Any], damage: bytes, at: int, is_put_between: bool) -> None:
    data = made(span).SerializeToString()
    compare(data[:at] + damage + data[at if is_put_between else at + len(damage) :])


@given(SPANS, st.integers(0, 400))
def test_of_bytes_that_end_too_early_too(span: dict[str, Any], end: int) -> None:
    compare(made(span).SerializeToString()[:end])


@given(st.lists(SPANS, min_size=2, max_size=2))
@example(
    [
        {
            "trace_id": TRACE,
            "span_id": span_id(1),
            "status": (1, ""),
            "start_time_unix_nano": 1,
            "end_time_unix_nano": 2,
        }
    ]
    * 2
)
def test_of_members_that_come_twice_too(spans: list[dict[str, Any]]) -> None:
    compare(b"".join(made(span).SerializeToString() for span in spans))


def sent(**changes: Any) -> bytes:
    """A span as the SDK sends it."""
    attempt = EventRecord("outcrop.attempt", START_NS + 1, {"http.response.status_code": 200})
    values: dict[str, Any] = {
        "attributes": {"outcrop.request.body": b'{"messages": []}' * 1000, "n": 1, "x": 0.5, "is": True},
        "events": [attempt],
        **changes,
    }
    record = SentSpan(
        TRACE,
        span_id(2),
        span_id(1),
        "chat",
        3,
        START_NS,
        START_NS + 5,
        1,
        "",
        **values,
        experiment="",
        scope="",
    )
    return b"".join(encode_span(record).pieces)


@pytest.mark.parametrize(
    "data",
    [
        sent(),
        sent(events=[]),
        sent(attributes={"empty": "", "long": "日本語 " * 50_000}),
        otlp_span(2, 1, attributes={"list": ["stop"], "text": "a"}, flags=0x101, kind=3).SerializeToString(),
        otlp_span(
            1, status="ERROR", events=[("exception", {"stacktrace": "at line 1\n" * 90})]
        ).SerializeToString(),
    ],
)
def test_what_programs_send_is_read_quickly(data: bytes) -> None:
    quick = quick_record(data, RESOURCE, LAST_NS)
    assert quick is not None
    assert typed(quick) == typed(slowly(data))


def test_what_is_remembered_is_not_shared_where_it_can_be_changed() -> None:
    data = otlp_span(1, attributes={"list": ["stop"]}).SerializeToString()
    first = quick_record(data, RESOURCE, LAST_NS)
    assert first is not None
    first.attributes["list"].append("changed")
    second = quick_record(data, RESOURCE, LAST_NS)
    assert second is not None
    assert second.attributes == {"list": ["stop"]}
