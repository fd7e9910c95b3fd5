from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from outcrop.genai.usage import Usage
from outcrop_server.mlflow.info import info_json, note_of
from outcrop_server.mlflow.moments import duration, moment, moment_ns
from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.summary import TraceSummary
from server.tests.support.spans import START_NS, TRACE, new_span

SENT: dict[str, Any] = {
    "trace_id": f"tr-{TRACE.hex()}",
    "request_time": moment(START_NS),
    "execution_duration": "0.000s",
    "state": "ERROR",
    "trace_metadata": {
        "mlflow.trace.session": "s-1",
        "mlflow.trace.user": "ann",
        "mlflow.trace.sizeStats": '{"num_spans": 1}',
        "mlflow.trace_schema.version": "3",
    },
    "tags": {"env": "prod", "mlflow.traceName": "span 1"},
    "request_preview": "asked",
    "response_preview": "",
    "client_request_id": "req-1",
    "assessments": [
        {
            "assessment_id": "a-1",
            "assessment_name": "good",
            "feedback": {"value": True},
            "source": {"source_type": "HUMAN", "source_id": "ann"},
            "create_time": "2026-01-02T03:04:05.678Z",
            "last_update_time": "2026-01-02T03:04:05.679Z",
        }
    ],
}


def test_what_has_a_place_with_us_goes_there() -> None:
    note = note_of(SENT, TRACE, "A")
    assert note.experiment == "A"
    assert (note.edit.session_id, note.edit.user_id, note.edit.status) == ("s-1", "ann", "ERROR")
    assert note.edit.tags == {"env": "prod"}
    assert "mlflow.trace.session" not in note.edit.metadata
    (judged,) = note.assessments
    assert (judged.assessment_id, judged.content.value, judged.created_at_ns % 10**9) == (
        "a-1",
        True,
        678 * 10**6,
    )


def test_it_comes_back_as_it_was_sent() -> None:
    note = note_of(SENT, TRACE, "A")
    summary = TraceSummary().add_all([new_span(1)])
    summary.edit(note.edit)
    found = info_json(summary.row(TRACE), "5", note.assessments)
    added = {"mlflow.trace.spansLocation", "mlflow.artifactLocation"}
    assert {name: tag for name, tag in found.pop("tags").items() if name not in added} == SENT["tags"]
    assert found.pop("trace_location")["mlflow_experiment"] == {"experiment_id": "5"}
    (judged,) = found.pop("assessments")
    assert judged == {**SENT["assessments"][0], "trace_id": SENT["trace_id"], "valid": True}
    rest = {name: value for name, value in SENT.items() if name not in {"tags", "assessments"}}
    assert found == rest


def test_a_trace_of_ours_says_tokens_previews_and_cost_in_their_words() -> None:
    span = new_span(1, request_preview="asked", response_preview="said", usage=Usage(10, 5), cost_nano_usd=2)
    found = info_json(TraceSummary().add_all([span]).row(TRACE), "0", [])
    assert found["trace_metadata"] == {
        "mlflow.trace_schema.version": "3",
        "mlflow.trace.tokenUsage": '{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}',
        "mlflow.trace.cost": '{"total_cost": 2e-09}',
        "mlflow.traceInputs": "asked",
        "mlflow.traceOutputs": "said",
    }
    assert (found["request_preview"], found["response_preview"], found["state"]) == ("asked", "said", "OK")
    assert found["tags"]["mlflow.trace.spansLocation"] == "TRACKING_STORE"


def test_a_trace_without_a_root_is_in_progress_until_nothing_comes() -> None:
    row = TraceSummary().add_all([new_span(2, 1)]).row(TRACE)
    assert info_json(row, "0", [])["state"] == "OK"
    assert info_json(replace(row, start_time_ns=time.time_ns()), "0", [])["state"] == "IN_PROGRESS"


def test_moments_and_durations_are_to_the_millisecond() -> None:
    assert moment(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123Z"
    assert moment_ns("2023-11-14T22:13:20.123456789Z") == 1_700_000_000_123_456_789
    assert moment_ns("2023-11-14T23:13:20+01:00") == 1_700_000_000 * 10**9
    assert moment_ns(None) is None
    assert duration(61_002_999_999) == "61.002s"
    for wrong in ("soon", 5, "2023-13-14T22:13:20Z"):
        with pytest.raises(BadRequestError):
            moment_ns(wrong)
