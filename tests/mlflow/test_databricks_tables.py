"""Our SDK reads and judges traces in tables of Unity Catalog as the published client does.

Never run against a real workspace.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.assessments import AssessmentSource, Expectation, Feedback
from outcrop.delivery.mlflow import tables, warehouse
from outcrop.entities import SpanType
from outcrop.exceptions import OutcropError
from sdk.tests.delivery.http_double import Answer
from tests.mlflow.conftest import MlflowClient
from tests.mlflow.tables_double import PLACE, WAREHOUSE
from tests.mlflow.workspace_double import TOKEN, WorkspaceDouble

EVIDENCE = Path(__file__).parent / "databricks_requests.json"
WAY = "unity-catalog, reading"
SOURCE = AssessmentSource("HUMAN", "ann")
UNKNOWN = "0" * 31 + "1"
THEIRS = """
import mlflow
from mlflow.entities import AssessmentSource, Expectation, Feedback
from mlflow.tracing.client import TracingClient
mlflow.set_tracking_uri("databricks")
mlflow.set_experiment("/Shared/x")
with mlflow.start_span("agent", span_type="AGENT") as span:
    span.set_inputs({"question": "a"})
mlflow.flush_trace_async_logging()
trace_id = mlflow.get_last_active_trace_id()
mlflow.get_trace(trace_id)
TracingClient().get_trace_info(trace_id)
found = mlflow.search_traces(locations=["main.obs"], filter_string="trace.status = 'OK'", max_results=50,
    order_by=["timestamp_ms DESC"], return_type="list")
assert [each.info.trace_id for each in found] == [trace_id]
mlflow.set_trace_tag(trace_id, "a/b c", "v")
mlflow.delete_trace_tag(trace_id, "a/b c")
ann = AssessmentSource(source_type="HUMAN", source_id="ann")
good = mlflow.log_feedback(
    trace_id=trace_id, name="good", value=True, rationale="r", source=ann, metadata={"m": "1"})
right = mlflow.log_expectation(trace_id=trace_id, name="right", value={"a": 1}, source=ann)
mlflow.update_assessment(trace_id, good.assessment_id,
    Feedback(name="good", value=False, rationale="changed", metadata={"n": "2"}))
mlflow.update_assessment(trace_id, right.assessment_id, Expectation(name="right", value="no"))
mlflow.delete_assessment(trace_id, good.assessment_id)
"""


@pytest.fixture
def workspace() -> Iterator[WorkspaceDouble]:
    """A workspace whose warehouse is stopped and whose searches take a while."""
    with WorkspaceDouble("unity-catalog") as double:
        double.tables.state = "STOPPED"
        double.tables.polls = 1
        yield double


@pytest.fixture
def sending(workspace: WorkspaceDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Traces of this process go there."""
    before = outcrop.get_tracking_uri()
    for name, value in _variables(workspace).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(tables, "_POLL_S", 0.01)
    monkeypatch.setattr(warehouse, "_POLL_S", 0.01)
    monkeypatch.setattr(tables, "_FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(tables, "_LATE_S", 0.5)
    outcrop.set_tracking_uri("databricks")
    outcrop.set_experiment("/Shared/x")
    yield
    outcrop.flush()
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)


def _variables(workspace: WorkspaceDouble) -> dict[str, str]:
    return {
        "DATABRICKS_HOST": workspace.url,
        "DATABRICKS_TOKEN": TOKEN,
        "MLFLOW_TRACING_DESTINATION": PLACE,
        "MLFLOW_TRACING_SQL_WAREHOUSE_ID": WAREHOUSE,
    }


def _agent(question: str = "a", **tags: str) -> str:
    with outcrop.start_span("agent", span_type=SpanType.AGENT) as span:
        span.set_inputs({"question": question})
        outcrop.update_current_trace(tags=tags, session_id="session-1")
    return outcrop.get_last_active_trace_id() or ""


def _reading(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The questions, each once; a query's members in order, for theirs is of no meaning."""
    found = {
        str(each): {**each, "request": _ordered(each["request"])} for each in requests if _is_reading(each)
    }
    return sorted(found.values(), key=str)


def _is_reading(each: dict[str, Any]) -> bool:
    return "/api/4.0/" in each["request"] and not re.match("POST .*/info$", each["request"])


def _ordered(request: str) -> str:
    path, _, query = request.partition("?")
    return f"{path}?{'&'.join(sorted(query.split('&')))}" if query else path


def _starts(requests: list[dict[str, Any]]) -> list[str]:
    seen = [each["request"] for each in requests if "/sql/warehouses/" in each["request"]]
    return list(dict.fromkeys(seen))


def test_the_published_client_asks_as_is_recorded(
    workspace: WorkspaceDouble, newest_client: MlflowClient, tmp_path: Path
) -> None:
    newest_client.run(THEIRS, "databricks", tmp_path, **_variables(workspace))
    seen = workspace.recorded
    kept = json.loads(EVIDENCE.read_text())
    if os.environ.get("OUTCROP_RECORD_DATABRICKS"):
        asked = [each for each in seen if _is_reading(each) or "/sql/" in each["request"]]
        kept[WAY] = [each for place, each in enumerate(asked) if each not in asked[:place]]
        EVIDENCE.write_text(json.dumps(kept, indent=1) + "\n")
    assert _reading(seen) == _reading(kept[WAY])
    assert _starts(seen) == _starts(kept[WAY])


@pytest.mark.usefixtures("sending")
def test_ours_are_the_same_questions(workspace: WorkspaceDouble) -> None:
    trace_id = _agent()
    assert outcrop.get_trace(trace_id) is not None
    (found,) = outcrop.search_traces(filter_string="status = 'OK'")
    assert found.info.trace_id == trace_id
    outcrop.set_trace_tag(trace_id, "a/b c", "v")
    outcrop.delete_trace_tag(trace_id, "a/b c")
    good = outcrop.log_feedback(
        trace_id=trace_id, name="good", value=True, rationale="r", source=SOURCE, metadata={"m": "1"}
    )
    right = outcrop.log_expectation(trace_id=trace_id, name="right", value={"a": 1}, source=SOURCE)
    changed = Feedback(name="good", value=False, rationale="changed", metadata={"n": "2"})
    outcrop.update_assessment(trace_id, good.assessment_id or "", changed)
    outcrop.update_assessment(trace_id, right.assessment_id or "", Expectation(name="right", value="no"))
    outcrop.delete_assessment(trace_id, good.assessment_id or "")
    theirs = json.loads(EVIDENCE.read_text())[WAY]
    ours = _reading(workspace.recorded)
    for each in ours:
        # Who wrote a judgement down, for which MLflow has no word.
        each["body"] = [name for name in each["body"] if name != "/metadata/author"]
    assert ours == _reading(theirs)
    assert _starts(workspace.recorded) == _starts(theirs)
    assert workspace.infos == {}


@pytest.mark.usefixtures("sending")
def test_a_trace_is_read_whole_though_its_rows_come_late(workspace: WorkspaceDouble) -> None:
    workspace.tables.late = 2
    trace_id = _agent("why", team="blue")
    outcrop.log_expectation(trace_id=trace_id, name="right", value={"a": [1, None]}, source=SOURCE)
    trace = outcrop.get_trace(f"trace:/{PLACE}/{trace_id}")
    assert trace is not None
    (span,) = trace.data.spans
    assert (span.name, span.span_type, span.inputs) == ("agent", "AGENT", {"question": "why"})
    assert (trace.info.trace_id, trace.info.state) == (trace_id, "OK")
    assert (trace.info.tags, trace.info.session_id) == ({"team": "blue"}, "session-1")
    (judged,) = trace.info.assessments
    assert (judged.name, judged.value, judged.trace_id) == ("right", {"a": [1, None]}, trace_id)
    assert outcrop.get_trace(UNKNOWN) is None


@pytest.mark.usefixtures("sending")
def test_a_span_may_be_written_either_way(workspace: WorkspaceDouble) -> None:
    workspace.tables.writes_camel_case = True
    trace = outcrop.get_trace(_agent("why"))
    assert trace is not None
    assert trace.data.spans[0].inputs == {"question": "why"}


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("refused", ["", "now", "later"])
def test_a_search_finds_what_fits_whatever_the_workspace_knows_of_it(
    refused: str, workspace: WorkspaceDouble
) -> None:
    blue, _, other = _agent("a", team="blue"), _agent("b", team="red"), _agent("c", team="blue")
    workspace.tables.refused_filter = refused
    found = outcrop.search_traces(filter_string="tag.team = 'blue'")
    assert [each.info.trace_id for each in found] == [other, blue]
    (one,) = outcrop.search_traces(filter_string=f"trace_id = '{blue}'")
    assert one.info.trace_id == blue
    assert len(outcrop.search_traces(max_results=2)) == 2
    asked = [json.loads(each.body) for each in workspace.double.asked if "/search-" in each.path]
    assert [each.get("filter") for each in asked][:1] == ["tag.`team` = 'blue'"]
    # Ids of tables are not those of MLflow's servers.
    assert not any("request_id" in (each.get("filter") or "") for each in asked)


@pytest.mark.usefixtures("sending")
def test_what_is_not_there_is_said(workspace: WorkspaceDouble) -> None:
    trace_id = _agent()
    outcrop.delete_trace_tag(trace_id, "never")
    for call in (
        lambda: outcrop.set_trace_tag(UNKNOWN, "k", "v"),
        lambda: outcrop.delete_trace_tag(UNKNOWN, "k"),
        lambda: outcrop.log_feedback(trace_id=UNKNOWN, value=1),
        lambda: outcrop.delete_assessment(trace_id, "a-9"),
    ):
        with pytest.raises(OutcropError, match="There is no"):
            call()
    with pytest.raises(OutcropError, match=r"by SQL alone.*main\.obs"):
        outcrop.delete_traces(trace_ids=[trace_id])
    assert not [each for each in workspace.double.asked if "delete-traces" in each.path]


@pytest.mark.usefixtures("sending")
def test_a_missing_warehouse_says_in_one_line_what_to_set(
    workspace: WorkspaceDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACING_SQL_WAREHOUSE_ID")
    trace_id = _agent()
    assert outcrop.get_trace(trace_id) is not None  # the workspace found one itself
    workspace.tables.may_guess = False
    for call in (
        lambda: outcrop.get_trace(trace_id),
        lambda: outcrop.search_traces(filter_string="status = 'OK'"),
        lambda: outcrop.log_feedback(trace_id=trace_id, value=1),
    ):
        with pytest.raises(OutcropError, match="set MLFLOW_TRACING_SQL_WAREHOUSE_ID to the id of") as caught:
            call()
        assert "\n" not in str(caught.value)
    assert len([each for each in workspace.double.asked if "/search-" in each.path]) == 1
    assert _starts(workspace.recorded) == []


@pytest.mark.usefixtures("sending")
def test_a_warehouse_that_cannot_be_had_says_so(
    workspace: WorkspaceDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace_id = _agent()
    outcrop.flush()
    workspace.tables.state = "DELETED"
    with pytest.raises(OutcropError, match=r"warehouse w-1 cannot be had: it is deleted; set .*_AUTO_START"):
        outcrop.get_trace(trace_id)
    monkeypatch.setenv("MLFLOW_SQL_WAREHOUSE_AUTO_START", "false")
    assert outcrop.get_trace(trace_id) is not None


@pytest.mark.usefixtures("sending")
def test_a_permission_that_is_missing_is_named(workspace: WorkspaceDouble) -> None:
    trace_id = _agent()
    outcrop.flush()
    refused = Answer(403, json.dumps({"error_code": "PERMISSION_DENIED", "message": "No."}).encode())
    workspace.refusals = lambda asked: refused if "batchGet" in asked.path else None
    with pytest.raises(OutcropError, match=r"ask for the permission to use the tables of main\.obs"):
        outcrop.get_trace(trace_id)
