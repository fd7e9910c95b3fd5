"""Attributes whose heads are written beforehand are the same bytes as any other's."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from outcrop.otlp.protobuf import BytesAttribute, IntAttribute, TextAttribute, key_value

KEYS = st.text(min_size=1, max_size=60)
FIELDS = st.integers(1, 15)


@given(FIELDS, KEYS, st.integers(0, 300) | st.integers(16_000, 17_000) | st.just(3_000_000))
@example(9, "k", 127)
@example(9, "k", 128)
@example(9, "k", (1 << 14) - 9)
@example(9, "k", (1 << 14) - 11)
@example(9, "k", 1 << 14)
@example(9, "k", 1 << 21)
def test_bytes_of_any_length(field: int, key: str, length: int) -> None:
    body = b"x" * length
    assert BytesAttribute(field, key).head(length) + body == key_value(field, key, body)


def test_every_length_around_the_limits_of_the_short_way() -> None:
    attribute = BytesAttribute(9, "outcrop.request.body")
    for length in (*range(100, 160), *range((1 << 14) - 80, (1 << 14) + 10)):
        body = bytes(length)
        assert attribute.head(length) + body == key_value(9, "outcrop.request.body", body)


@given(FIELDS, st.text(min_size=1, max_size=200), st.text(max_size=300))
@example(9, "k" * 200, "")
@example(3, "k", "\ud800")
def test_texts_of_any_length(field: int, key: str, value: str) -> None:
    assert TextAttribute(field, key).encode(value) == key_value(field, key, value)


@given(FIELDS, KEYS, st.integers(-(2**63), 2**63 - 1))
def test_numbers(field: int, key: str, value: int) -> None:
    assert IntAttribute(field, key).encode(value) == key_value(field, key, value)
