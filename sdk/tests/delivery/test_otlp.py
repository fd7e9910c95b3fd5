"""The OTLP encoder and its twin: what goes in comes out, whatever it is."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.delivery.otlp_decode import decode_request
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import EventRecord, SpanRecord

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
SCALARS = (
    TEXT
    | st.binary(max_size=300)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
ATTRIBUTES = st.dictionaries(TEXT, VALUES, max_size=6)
MOMENTS = st.integers(0, 2**63 - 1)
SPANS = st.builds(
    SpanRecord,
    trace_id=st.binary(min_size=16, max_size=16),
    span_id=st.binary(min_size=8, max_size=8),
    parent_id=st.just(b"") | st.binary(min_size=8, max_size=8),
    name=TEXT,
    kind=st.integers(0, 5),
    start_ns=MOMENTS,
    end_ns=MOMENTS,
    status_code=st.integers(0, 2),
    status_message=TEXT,
    attributes=ATTRIBUTES,
    events=st.lists(st.builds(EventRecord, TEXT, MOMENTS, ATTRIBUTES), max_size=3),
    experiment=st.sampled_from(["Default", "/Shared/x"]),
    scope=st.sampled_from(["outcrop.bedrock", "outcrop.tracing"]),
)


def _order(span: SpanRecord) -> tuple[str, str]:
    return span.experiment, span.scope


@given(st.lists(SPANS, max_size=5))
def test_spans_come_out_as_they_went_in(spans: list[SpanRecord]) -> None:
    decoded = decode_request(encode_request(map(encode_span, spans), {"service.name": "test"}))
    assert sorted(decoded, key=_order) == sorted(spans, key=_order)


@given(st.binary(max_size=200))
def test_other_bytes_give_spans_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(decode_request(data), list)


def test_what_otlp_has_no_form_for_is_kept_as_text() -> None:
    span = SpanRecord(b"t" * 16, b"s" * 8, b"", "n", 1, 1, 2, 1, "", {}, [], "e", "s")
    span.attributes = {"huge": 2**70, "half": "\ud800", "other": 1j}
    (decoded,) = decode_request(encode_request([encode_span(span)], {}))
    assert decoded.attributes == {"huge": str(2**70), "half": "?", "other": "1j"}


def test_a_message_that_ends_too_early_is_named() -> None:
    span = SpanRecord(b"t" * 16, b"s" * 8, b"", "n", 1, 1, 2, 1, "", {"k": "v" * 50}, [], "e", "s")
    with pytest.raises(ValueError, match="OTLP"):
        decode_request(encode_request([encode_span(span)], {})[:-10])
