from __future__ import annotations

import random

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

from outcrop_server.otlp.bytes_values import bytes_values
from outcrop_server.otlp.wire import varint
from server.tests.support.spans import otlp_span, request

LARGE = bytes(range(256)) * 4


def values(data: bytes, least: int = 1000) -> list[bytes]:
    return [data[start:end] for start, end in bytes_values(data, least)]


def test_they_are_found_wherever_attributes_can_be() -> None:
    span = otlp_span(1, attributes={"a": LARGE + b"a"}, events=[("event", {"b": LARGE + b"b"})])
    span.links.add(trace_id=bytes(16)).attributes.append(
        KeyValue(key="c", value=AnyValue(bytes_value=LARGE + b"c"))
    )
    data = request(
        span, otlp_span(2, attributes={"d": [1, {"e": LARGE + b"e"}]}), resource={"r": LARGE + b"r"}
    )
    assert values(data) == [LARGE + end for end in (b"r", b"a", b"b", b"c", b"e")]


def test_only_bytes_that_are_large_enough() -> None:
    data = request(
        otlp_span(1, attributes={"text": "x" * 5000, "n": 1, "small": LARGE[:999], "y": LARGE[:1000]})
    )
    assert values(data) == [LARGE[:1000]]
    assert values(data, 1) == [LARGE[:999], LARGE[:1000]]


def test_values_in_values_may_be_deep() -> None:
    value = AnyValue(bytes_value=LARGE)
    for _ in range(40):
        value = AnyValue(array_value=ArrayValue(values=[value]))
    span = otlp_span(1)
    span.attributes.append(KeyValue(key="deep", value=value))
    assert values(request(span)) == [LARGE]
    # Deeper than any library reads: a value in a list of one, a hundred thousand times.
    deep = b""
    pieces: list[bytes] = []
    size = 0
    for _ in range(100_000):
        for tag in (b"\x0a", b"\x2a"):
            head = tag + varint(size)
            pieces.append(head)
            size += len(head)
    deep = b"".join(reversed(pieces))
    wrapped = deep
    for tag in (b"\x12", b"\x4a", b"\x12", b"\x12", b"\x0a"):
        wrapped = tag + varint(len(wrapped)) + wrapped
    assert values(wrapped) == []


def test_of_millions_of_members_some_thousand_are_looked_at() -> None:
    data = request(otlp_span(1, attributes={"a": LARGE}))
    for member in (b"\x0a\x00", b"\x10\x00", b"\x11" + bytes(8)):
        assert values(member * 9000 + data) == [LARGE]
        assert values(member * 10**6 + data) == []


def test_what_is_no_request_holds_none() -> None:
    data = request(otlp_span(1, attributes={"a": LARGE}))
    assert values(b"") == values(b"no protobuf" * 500) == values(bytes(5000)) == values(b"\xff" * 5000) == []
    for end in range(0, len(data), 7):
        assert values(data[:end]) == []
    chance = random.Random(1)  # noqa: S311 - no secret
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(2):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for start, end in bytes_values(bytes(damaged), 100):
            assert 0 < start < end <= len(damaged)
