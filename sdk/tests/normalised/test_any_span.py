"""Whatever a span holds, one that can be sent comes out, and no exception."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.bedrock.chunks import Pieces
from outcrop.delivery.normalised_spans import normalise_encoded
from outcrop.delivery.otlp_decode import decode_span
from outcrop.json_reading import as_object
from outcrop.normalised import span as normalised_span
from outcrop.normalised.span import normalise
from outcrop.otlp.encode import encode_span, span_attribute
from outcrop.otlp.records import EncodedSpan, SpanGroup, SpanRecord
from outcrop.testing.event_stream import encode_event
from outcrop.testing.traces import CapturedTraces
from sdk.tests.delivery.test_otlp import SPANS
from sdk.tests.normalised.conftest import sent
from sdk.tests.test_views import JSON, MODELS, OPERATIONS, WORDS

HELLO: dict[str, Any] = {
    "modelId": "anthropic.claude-3-haiku-20240307-v1:0",
    "messages": [{"role": "user", "content": [{"text": "Hello?"}]}],
}
FUNCTION_NAMES = st.sampled_from(
    ["outcrop.span.inputs", "outcrop.span.outputs", "outcrop.span.type", "session.id", "error.type", "my.own"]
)


def _record(attributes: dict[str, Any]) -> SpanRecord:
    return SpanRecord(b"t" * 16, b"s" * 8, b"", "span", 3, 10, 20, 1, "", attributes, [], "Default", "scope")


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=100)
@given(model=MODELS, request=JSON, response=JSON)
def test_any_exchange_gives_valid_attributes(operation: str, model: str, request: Any, response: Any) -> None:
    exchange = {
        "outcrop.aws.operation": operation,
        "gen_ai.request.model": model,
        "gen_ai.operation.name": "chat",
        "outcrop.request.body": json.dumps(request).encode(),
        "outcrop.response.body": json.dumps(response).encode(),
    }
    sent(_record(exchange))


@pytest.mark.parametrize("operation", ["ConverseStream", "InvokeModelWithResponseStream"])
@settings(max_examples=100)
@given(
    model=MODELS,
    events=st.lists(st.tuples(WORDS | st.just("contentBlockDelta"), JSON), max_size=6),
    outcome=st.sampled_from(["complete", "cancelled", "error", "not_consumed"]),
)
def test_any_stream_gives_valid_attributes(
    operation: str, model: str, events: list[tuple[str, Any]], outcome: str
) -> None:
    kept = Pieces()
    for kind, payload in events:
        kept.add(encode_event(kind, as_object(payload)))
    exchange = {
        "outcrop.aws.operation": operation,
        "gen_ai.request.model": model,
        "gen_ai.request.stream": True,
        "outcrop.request.body": b'{"messages": []}',
        "outcrop.stream.chunks": kept.packed(0),
        "outcrop.stream.outcome": outcome,
    }
    record = _record(exchange)
    sent(record)
    assert len(normalise(record, adds_chunk_events=True).events) == len(events)


@given(st.dictionaries(FUNCTION_NAMES, st.text(max_size=20) | JSON.map(json.dumps), max_size=5))
def test_any_function_gives_valid_attributes(attributes: dict[str, Any]) -> None:
    sent(_record(attributes))


@given(SPANS)
def test_any_span_at_all_comes_out_and_its_own_record_is_left_alone(record: SpanRecord) -> None:
    before = dict(record.attributes)
    normalised = normalise(record)
    assert record.attributes == before
    assert (normalised.trace_id, normalised.span_id) == (record.trace_id, record.span_id)
    encode_span(normalised)


@pytest.mark.parametrize(
    "attributes",
    [
        {"mlflow.spanType": "[]"},
        {"mlflow.spanType": "{}"},
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": []}]}]',
        },
    ],
)
def test_a_kind_that_is_no_word_is_none(attributes: dict[str, Any]) -> None:
    # Faults are raised in tests.
    encode_span(normalise(_record(attributes)))


def test_an_unreadable_stream_says_so(client: Any, traces: CapturedTraces) -> None:
    list(client.converse_stream(**HELLO)["stream"])
    (record,) = traces.records()
    record.attributes["outcrop.stream.chunks"] = record.attributes["outcrop.stream.chunks"][:-20]
    assert sent(record).attributes["outcrop.problem"]


def test_a_span_that_cannot_be_read_goes_out_without_its_binary_parts_and_is_reported(
    client: Any, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.converse(**HELLO)
    (record,) = traces.records()
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")
    monkeypatch.setattr("outcrop.capture.faults._reported", set[str]())

    def fail(*_: Any, **__: Any) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(normalised_span, "read_span", fail)
    with caplog.at_level(logging.WARNING, logger="outcrop"):
        normalised = normalise(record)
    assert "normalising a span" in caplog.text
    gone = {"outcrop.request.body", "outcrop.response.body"}
    assert normalised == replace(
        record, attributes={name: value for name, value in record.attributes.items() if name not in gone}
    )
    assert normalise(record, keeps_exchange=True) == record


def test_an_encoded_span_is_normalised_with_what_was_put_off(client: Any, traces: CapturedTraces) -> None:
    client.converse(**HELLO)
    (record,) = traces.records()
    whole = encode_span(record)
    resolved = span_attribute("outcrop.model.resolved", "amazon.nova-lite-v1:0")
    later = whole._replace(later=lambda: resolved)
    encoded = normalise_encoded(later)
    assert encoded.later is None
    assert encoded.group == whole.group
    assert encoded.trace_id == record.trace_id
    read = decode_span(encoded)
    assert read.attributes["gen_ai.response.model"] == "amazon.nova-lite-v1:0"
    assert "outcrop.request.body" not in read.attributes
    assert read == normalise(decode_span(later))


def test_bytes_that_are_no_span_go_out_as_they_are_and_are_reported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")
    monkeypatch.setattr("outcrop.capture.faults._reported", set[str]())
    broken = EncodedSpan(SpanGroup("Default", "scope"), [b"\x0a\x10short"], 7)
    with caplog.at_level(logging.WARNING, logger="outcrop"):
        assert normalise_encoded(broken) is broken
    assert "encoding a span" in caplog.text
