from __future__ import annotations

import logging
import math
from decimal import Decimal
from typing import Any

import pytest

from outcrop.genai.stream import Chunk, Stream
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.pricing.cost import Cost, CostParts, Quote
from outcrop.views import read_span
from outcrop_server.ingest.rows import new_span
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.rows import Failure
from outcrop_server.otlp.parse import parse_export
from server.tests.support.spans import START_NS, otlp_span, request


def made(
    view: SpanView | None = None,
    *,
    resource: dict[str, Any] | None = None,
    header: str | None = None,
    **span: Any,
) -> NewSpan:
    """What is kept of a span whose payload reads as `view`; without one the SDK's reader is asked."""

    def read(attributes: Any, *, attempts: int = 0, **_: Any) -> SpanView:
        return view or read_span(attributes, attempts=attempts)

    ((record, payload),) = parse_export(request(otlp_span(1, **span), resource=resource)).spans
    return new_span(record, payload, header, read)


def test_the_views_facts_become_columns() -> None:
    chunks = [Chunk(0, 1234, "contentBlockDelta", {}, 10), Chunk(1, 9999, "messageStop", {}, 10)]
    view = SpanView(
        span_type="CHAT_MODEL",
        stream=Stream("complete", "exhausted", chunks),
        usage=Usage(10, 5, 2, 1, {"raw": "is left out"}),
        request_model="asked",
        response_model="answered",
        finish_reason="end_turn",
        tool_calls=("a", "b", "a"),
        attempts=2,
        request_preview="question",
        response_preview="answer",
    )
    kept = made(view)
    assert (kept.row.span_type, kept.row.model, kept.row.finish_reason) == ("CHAT_MODEL", "asked", "end_turn")
    assert kept.row.usage == Usage(10, 5, 2, 1)
    assert (kept.row.is_stream, kept.row.time_to_first_chunk_ns) == (True, 1234)
    assert (kept.tools, kept.attempts) == (("a", "b"), 2)
    assert (kept.request_preview, kept.response_preview) == ("question", "answer")


def test_a_cost_is_kept_in_billionths_and_an_unknown_one_with_its_reason() -> None:
    def price(view: SpanView, *, at_ns: int, is_refused: bool) -> Quote:
        assert (view.request_model, at_ns, is_refused) == ("m", START_NS + 1000, True)
        parts = CostParts(Decimal("0.0000000035"), Decimal(0), Decimal(0), Decimal(0))
        return Quote(Cost(parts.input, parts, "test", "m"))

    refused = {"http.response.status_code": 429}
    ((record, payload),) = parse_export(
        request(otlp_span(1, status="ERROR", events=[("outcrop.attempt", refused)]))
    ).spans
    view = SpanView("LLM", request_model="m", provider="aws.bedrock")

    def read(attributes: Any, *, attempts: int = 0, **_: Any) -> SpanView:
        assert (attributes, attempts) == ({}, 1)
        return view

    row = new_span(record, payload, None, read, price).row
    assert (row.cost_nano_usd, row.cost_reason) == (4, None)
    unknown = made(SpanView("LLM", request_model="vendor.unheard-of", usage=Usage(1, 1))).row
    assert (unknown.cost_nano_usd, unknown.cost_reason) == (None, "unknown-model")
    assert unknown.has_unknown_cost


def test_a_fault_in_a_price_loses_no_span(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: Any, **__: Any) -> Quote:
        raise ZeroDivisionError

    ((record, payload),) = parse_export(request(otlp_span(1))).spans
    row = new_span(record, payload, None, read_span, fail).row
    assert (row.name, row.cost_nano_usd, row.cost_reason) == ("span 1", None, "unknown-model")
    assert "Pricing span" in caplog.text


def test_attempts_are_the_events_of_that_name() -> None:
    kept = made(events=[("outcrop.attempt", {}), ("note", {}), ("outcrop.attempt", {})])
    assert kept.attempts == 2


def test_a_tool_span_names_its_tool() -> None:
    assert made(attributes={"outcrop.span.type": "TOOL"}, name="get_weather").tools == ("get_weather",)


RAISED = ("exception", {"exception.type": "ValueError", "exception.message": "bad"})


@pytest.mark.parametrize(
    ("attributes", "message", "events", "expected"),
    [
        ({"error.type": "Throttled"}, "slow down", [], Failure("Throttled", "slow down")),
        ({}, "", [("exception", {"exception.type": "Earlier"}), RAISED], Failure("ValueError", "bad")),
        ({"error.type": "A"}, "", [RAISED], Failure("A", "bad")),
        ({}, "", [], Failure("Error", "")),
        # As OpenTelemetry's own SDK writes it: the type is told once.
        ({}, "ValueError: bad", [RAISED], Failure("ValueError", "bad")),
        ({"error.type": "my.module.Odd"}, "Odd: worse", [], Failure("my.module.Odd", "worse")),
        ({}, "Error: as it is", [], Failure("Error", "Error: as it is")),
    ],
)
def test_why_a_span_failed_is_told(
    attributes: dict[str, Any], message: str, events: list[Any], expected: Failure
) -> None:
    span = otlp_span(1, attributes=attributes, events=events, status="ERROR")
    span.status.message = message
    ((record, payload),) = parse_export(request(span)).spans
    assert new_span(record, payload, None, read_span).row.error == expected


def test_an_exception_that_was_handled_fails_nothing() -> None:
    kept = made(events=[("exception", {"exception.type": "ValueError"})], status="OK")
    assert (kept.row.status, kept.row.error) == ("OK", None)


@pytest.mark.parametrize(
    ("resource", "header", "expected"),
    [
        ({"outcrop.experiment.name": "mine"}, "header", ("mine", True)),
        ({}, "header", ("header", True)),
        ({}, None, ("Default", False)),
        ({"outcrop.experiment.name": ""}, "", ("Default", False)),
    ],
)
def test_the_experiment_comes_from_the_resource_then_the_header_then_the_default(
    resource: dict[str, Any], header: str | None, expected: tuple[str, bool]
) -> None:
    kept = made(resource=resource, header=header)
    assert (kept.experiment, kept.is_experiment_named) == expected


def test_session_user_and_tags_are_picked_from_any_span() -> None:
    kept = made(
        attributes={
            "session.id": "s",
            "user.id": 7,
            "outcrop.tag.team": "blue",
            "outcrop.tag.n": 3,
            "outcrop.metadata.git": "abc",
        },
        parent=9,
    )
    assert (kept.session_id, kept.user_id, kept.tags) == ("s", "7", {"team": "blue", "n": "3"})
    assert kept.metadata == {"git": "abc"}


def test_time_to_first_chunk_of_other_senders_is_read_in_seconds() -> None:
    name = "gen_ai.response.time_to_first_chunk"
    assert made(attributes={name: 0.25}).row.time_to_first_chunk_ns == 250_000_000
    for odd in (math.nan, math.inf, -1.0, 1e300, "soon"):
        assert made(attributes={name: odd}).row.time_to_first_chunk_ns is None


def test_columns_hold_no_more_than_lists_show() -> None:
    kept = made(
        SpanView(
            "LLM" * 1000, request_model="m" * 9999, finish_reason="f" * 9999, request_preview="p" * 99_999
        ),
        name="n" * 9999,
        attributes={f"outcrop.tag.{i}": "t" * 9999 for i in range(200)},
    )
    assert len(kept.row.name) == len(kept.row.model or "") == len(kept.row.finish_reason or "") == 500
    assert len(kept.row.span_type) == 500
    assert len(kept.request_preview or "") == 2000
    assert len(kept.tags) == 50


def test_half_a_surrogate_pair_and_numbers_beyond_all_columns_do_no_harm() -> None:
    view = SpanView("LLM", usage=Usage(2**70, -1), request_preview="a\ud83d", tool_calls=("b\udc00",))
    kept = made(view)
    assert kept.row.usage == Usage(None, None)
    assert (kept.request_preview, kept.tools) == ("a?", ("b?",))


def test_a_codec_that_fails_loses_no_span(caplog: pytest.LogCaptureFixture) -> None:
    def read(attributes: Any, *, attempts: int = 0, **_: Any) -> SpanView:
        raise ZeroDivisionError(attributes, attempts)

    ((record, payload),) = parse_export(request(otlp_span(1))).spans
    with caplog.at_level(logging.ERROR):
        kept = new_span(record, payload, None, read)
    assert (kept.row.span_type, kept.payload) == ("UNKNOWN", payload)
    assert "0000000000000001" in caplog.text


def test_no_column_holds_a_nul() -> None:
    kept = made(name="a\0b", attributes={"outcrop.span.inputs": '{"q": "what\\u0000now"}'})
    assert (kept.row.name, kept.request_preview) == ("a\ufffdb", "what\ufffdnow")
