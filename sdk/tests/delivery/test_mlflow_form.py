"""Spans and traces in MLflow's form: the pure conversion, and the way back."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import pytest

import outcrop
from outcrop.delivery.mlflow.filters import first_question, order_in_mlflow
from outcrop.delivery.mlflow.reading_form import assessment_from, assessment_to, spans_from_json
from outcrop.delivery.mlflow.span_form import SpanForm, to_mlflow
from outcrop.delivery.mlflow.trace_form import TraceParts, experiment_location, trace_data, trace_info
from outcrop.entities import AssessmentSource, Expectation, Feedback, SpanType
from outcrop.filter.parser import parse_filter, parse_order
from outcrop.testing import BedrockEmulator, Reply, Throttling, ToolUse, Usage
from outcrop.testing.traces import CapturedTraces
from outcrop.views import read_span

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
ASKED: list[Any] = [{"role": "user", "content": [{"text": "Hi"}]}]


def _last(traces: CapturedTraces) -> SpanForm:
    return to_mlflow(traces.records()[-1])


def test_a_converse_has_chat_tools_tokens_and_cost(
    traces: CapturedTraces, bedrock_emulator: BedrockEmulator, client: Any
) -> None:
    bedrock_emulator.script(MODEL, Reply(ToolUse("find", {"a": 1}), usage=Usage(1000, 100)))
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    tool = {"toolSpec": {"name": "find", "description": "Finds.", "inputSchema": {"json": schema}}}
    client.converse(modelId=MODEL, messages=ASKED, toolConfig={"tools": [tool]})
    form = _last(traces)
    attributes = form.record.attributes
    assert attributes["mlflow.spanType"] == "CHAT_MODEL"
    assert attributes["mlflow.message.format"] == "bedrock"
    assert attributes["mlflow.spanInputs"]["messages"] == ASKED
    assert attributes["mlflow.spanOutputs"]["stopReason"] == "tool_use"
    assert attributes["mlflow.chat.tools"] == [
        {"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": schema}}
    ]
    assert form.usage == {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    # The light installation knows no list prices.
    assert bool(form.cost) == (find_spec("genai_prices") is not None)
    parts = form.cost.get("input_cost", 0) + form.cost.get("output_cost", 0)
    assert form.cost.get("total_cost", 0) == pytest.approx(parts)
    assert (attributes["mlflow.llm.model"], attributes["mlflow.llm.provider"]) == (MODEL, "anthropic")
    # JSON has a form for all of it, and nothing tells of the wire.
    json.dumps(attributes)
    assert not [name for name in attributes if name.startswith(("outcrop.request", "outcrop.aws"))]


def test_the_chunks_of_a_stream_are_events_under_bedrocks_names(
    traces: CapturedTraces, bedrock_emulator: BedrockEmulator, client: Any
) -> None:
    bedrock_emulator.script(MODEL, Reply("Hello there"))
    for _ in client.converse_stream(modelId=MODEL, messages=ASKED)["stream"]:
        pass
    record = _last(traces).record
    chunks = [event for event in record.events if event.name != "outcrop.attempt"]
    assert chunks[0].name == "messageStart"
    assert json.loads(chunks[0].attributes["json"]) == {"role": "assistant"}
    assert record.attributes["mlflow.spanOutputs"]["output"]["message"]["content"][0]["text"] == "Hello there"


def test_an_error_keeps_its_exception_and_its_attempts(
    traces: CapturedTraces, bedrock_emulator: BedrockEmulator, client: Any
) -> None:
    bedrock_emulator.script(MODEL, Throttling("Too many."))
    with pytest.raises(Exception, match="Too many"):
        client.converse(modelId=MODEL, messages=ASKED)
    form = _last(traces)
    assert (form.record.status_code, form.usage, form.cost) == (2, {}, {})
    assert "exception" in {event.name for event in form.record.events}
    info = trace_info(form, TraceParts(), experiment_location("1"))
    assert info["state"] == "ERROR"


def test_images_are_base64(traces: CapturedTraces, client: Any) -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}}
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": [image, {"text": "What?"}]}])
    sent = _last(traces).record.attributes["mlflow.spanInputs"]["messages"][0]["content"][0]
    assert sent["image"]["source"]["bytes"] == "iVBORw=="


@outcrop.trace(span_type=SpanType.TOOL)
def tool(value: Any) -> Any:
    """Gives it back."""
    return value


@pytest.mark.parametrize(
    "value", ["text", "123", '{"a": 1}', "", None, 0, [1, None], {"a": {"b": "ü"}}, True]
)
def test_any_value_goes_there_and_back(value: Any, traces: CapturedTraces) -> None:
    with outcrop.context(session_id="s"):
        tool(value)
    record = traces.records()[-1]
    form = to_mlflow(record)
    info = trace_info(form, _parts(form), experiment_location("1"))
    (span,) = json.loads(trace_data([form]))["spans"]
    (back,) = spans_from_json([span], "e", info)
    ours, theirs = read_span(record.attributes), read_span(back.attributes)
    assert (theirs.inputs, theirs.outputs, theirs.span_type) == (ours.inputs, ours.outputs, "TOOL")
    assert back.attributes["session.id"] == "s"
    assert (back.trace_id, back.span_id, back.start_ns) == (record.trace_id, record.span_id, record.start_ns)


def _parts(*forms: SpanForm) -> TraceParts:
    parts = TraceParts()
    parts.add(forms)
    return parts


def test_a_summary_says_what_mlflow_shows(traces: CapturedTraces) -> None:
    with outcrop.context(tags={"t": "x" * 5000}, metadata={"m": "y" * 300}, session_id="s"):
        tool("v")
    form = _last(traces)
    info = trace_info(form, _parts(form), experiment_location("7"), service="shop")
    assert info["trace_id"] == f"tr-{form.record.trace_id.hex()}"
    assert info["trace_location"]["mlflow_experiment"] == {"experiment_id": "7"}
    assert (info["state"], info["tags"]["mlflow.traceName"]) == ("OK", "tool")
    assert info["request_time"].endswith("Z")
    assert info["execution_duration"].endswith("s")
    assert (len(info["tags"]["t"]), info["tags"]["t"][-3:]) == (4096, "...")
    metadata = info["trace_metadata"]
    assert (len(metadata["m"]), metadata["mlflow.trace.session"]) == (250, "s")
    assert (metadata["mlflow.source.name"], metadata["mlflow.trace_schema.version"]) == ("shop", "3")


def test_a_file_that_is_written_again_keeps_each_span_once(traces: CapturedTraces) -> None:
    tool("a")
    form = _last(traces)
    once = json.loads(trace_data([form]))["spans"]
    assert json.loads(trace_data([form], once))["spans"] == once


@pytest.mark.parametrize(
    ("filter_string", "asked"),
    [
        ("", ""),
        ("status = 'ERROR'", "trace.status = 'ERROR'"),
        ("timestamp >= 5 AND tags.team = 'blue'", "trace.timestamp_ms >= 5 AND tag.`team` = 'blue'"),
        ("session = 's1'", "metadata.`mlflow.trace.session` = 's1'"),
        ("span.name = 'search'", "span.name = 'search'"),
        ("name = 'a' AND cost > 1", "trace.name = 'a'"),
        # What could be got wrong is not asked: another sense, quotes, NOT, OR.
        ("tags.team = 'o''clock'", ""),
        ("tags.team != 'blue'", ""),
        ("status = 'OK' OR name = 'a'", ""),
        ("NOT status = 'OK'", ""),
        ("metadata.`outcrop.experiment.name` = 'x'", ""),
        ("model = 'claude'", ""),
    ],
)
def test_mlflow_is_asked_what_it_surely_knows(filter_string: str, asked: str) -> None:
    assert first_question(parse_filter(filter_string)) == asked


def test_tables_are_not_asked_for_ids_of_mlflow_servers() -> None:
    condition = parse_filter("trace_id = 'tr-1' AND status = 'OK'")
    assert first_question(condition) == "trace.request_id = 'tr-1' AND trace.status = 'OK'"
    assert first_question(condition, knows_trace_ids=False) == "trace.status = 'OK'"


def test_an_order_that_mlflow_has_is_left_to_it() -> None:
    assert order_in_mlflow(parse_order(["timestamp DESC"])) == ["timestamp_ms DESC"]
    assert order_in_mlflow(parse_order(["cost ASC"])) is None
    assert order_in_mlflow(parse_order(["timestamp", "cost"])) is None


@pytest.mark.parametrize(
    "assessment",
    [
        Feedback("good", 0.5, AssessmentSource("CODE", "test"), "why", {"a": "b"}, "ab" * 8),
        Expectation("answer", {"a": [1]}, AssessmentSource("HUMAN", "me@example.com")),
        Expectation("answer", "text", AssessmentSource("HUMAN")),
    ],
)
def test_a_judgement_goes_there_and_back(assessment: Feedback | Expectation) -> None:
    back = assessment_from({**assessment_to(assessment), "assessment_id": "a-1"})
    assert type(back) is type(assessment)
    for name in ("name", "value", "source", "rationale", "span_id"):
        assert getattr(back, name) == getattr(assessment, name)
    assert back.metadata == assessment.metadata
