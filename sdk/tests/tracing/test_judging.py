"""Judging and searching: what is refused at once, before any destination is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import outcrop
from outcrop.entities import Assessment, AssessmentSource, Feedback
from outcrop.tracing.search import trace_columns

NOWHERE = "0" * 31 + "1"


@pytest.fixture
def memory() -> Iterator[None]:
    """Traces stay in this process, which holds none yet."""
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri("memory://")
    yield
    outcrop.set_tracking_uri(before)


def test_a_source_is_of_a_known_type() -> None:
    assert AssessmentSource("human", "ann").source_type == "HUMAN"
    with pytest.raises(outcrop.ConfigurationError, match="Give one of HUMAN, LLM_JUDGE, CODE"):
        AssessmentSource("ROBOT")


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "x" * 501}, "needs a name"),
        ({"value": object()}, "JSON form"),
        ({"value": float("nan")}, "JSON form"),
        ({"span_id": "abc"}, "16 hexadecimal digits"),
        ({"span_id": "g" * 16}, "16 hexadecimal digits"),
        ({"author": " "}, "An author is a name"),
        ({"author": "x" * 501}, "An author is a name"),
    ],
)
def test_a_judgement_that_cannot_be_kept_is_refused(arguments: dict[str, Any], words: str) -> None:
    with outcrop.start_span("judged") as span:
        pass
    with pytest.raises(outcrop.ConfigurationError, match=words):
        outcrop.log_feedback(trace_id=span.trace_id, **arguments)


@pytest.mark.usefixtures("memory")
def test_a_user_of_no_valid_form_is_refused_by_the_variables_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTCROP_USER", "x" * 501)
    with pytest.raises(outcrop.ConfigurationError, match="OUTCROP_USER is longer than 500"):
        outcrop.log_feedback(trace_id=NOWHERE, value=1)


@pytest.mark.usefixtures("memory")
def test_a_judgement_is_feedback_or_an_expectation() -> None:
    with pytest.raises(outcrop.ConfigurationError, match="not Assessment"):
        outcrop.log_assessment(NOWHERE, Assessment("x"))
    with pytest.raises(outcrop.ConfigurationError, match="assessment id is needed"):
        outcrop.update_assessment(NOWHERE, "", Feedback("x"))


@pytest.mark.usefixtures("memory")
def test_what_is_kept_is_not_changed_by_what_the_program_does_later() -> None:
    with outcrop.start_span("judged") as span:
        pass
    value = {"scores": [1]}
    outcrop.log_feedback(trace_id=span.trace_id, value=value)
    value["scores"].append(2)
    trace = outcrop.get_trace(span.trace_id)
    assert trace is not None
    assert trace.info.assessments[0].value == {"scores": [1]}


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"experiment_id": "x"},
        {"max_traces": 5},
        {"trace_ids": ["a"], "max_traces": 5},
        {"experiment_id": "x", "max_traces": 0},
    ],
)
def test_a_deletion_says_clearly_what_it_means(arguments: dict[str, Any]) -> None:
    with pytest.raises(outcrop.ConfigurationError, match=r"Give either trace_ids|1 or more"):
        outcrop.delete_traces(**arguments)


@pytest.mark.usefixtures("memory")
def test_without_pandas_a_table_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    # None is how Python marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(outcrop.OutcropError, match="pip install pandas"):
        outcrop.search_traces(return_type="pandas")


@pytest.mark.usefixtures("memory")
def test_a_table_has_a_row_a_trace_with_its_summary_spans_and_trace() -> None:
    with outcrop.context(session_id="table"), outcrop.start_span("root") as span:
        span.set_inputs({"q": 1})
        span.set_outputs("answer")
    traces = outcrop.search_traces(filter_string="session_id = 'table'")
    columns = trace_columns(traces)
    assert {name: len(values) for name, values in columns.items()} == dict.fromkeys(columns, 1)
    assert columns["trace"] == traces
    assert columns["spans"] == [traces[0].data.spans]
    assert (columns["request"], columns["response"], columns["state"]) == ([{"q": 1}], ["answer"], ["OK"])
    assert {"trace_id", "tags", "trace_metadata", "assessments", "execution_duration"} <= set(columns)


@pytest.mark.usefixtures("memory")
def test_a_table_is_made_by_pandas_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def data_frame(columns: Any) -> str:
        made.append(columns)
        return "frame"

    # pandas is none of our dependencies, the tests' included.
    pandas = ModuleType("pandas")
    vars(pandas)["DataFrame"] = data_frame
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    assert outcrop.search_traces(filter_string="name = 'no such'", return_type="pandas") == "frame"
    assert made == [trace_columns([])]
