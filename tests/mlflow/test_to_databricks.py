"""Our SDK, a Databricks workspace: asked as by the published client. Never run against a real one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.delivery.otlp_decode import decode_request
from outcrop.entities import SpanType
from sdk.tests.delivery.http_double import Answer
from tests.mlflow.conftest import MlflowClient
from tests.mlflow.workspace_double import TOKEN, WorkspaceDouble

EVIDENCE = Path(__file__).parent / "databricks_requests.json"
STORAGES = ("AWS_PRESIGNED_URL", "GCP_SIGNED_URL", "AZURE_SAS_URI", "AZURE_ADLS_GEN2_SAS_URI")
WAYS = (*STORAGES, "unity-catalog")
# Of the program's machine and source code: MLflow says them of every trace, Outcrop of none.
NOT_OURS = ("mlflow.user", "mlflow.source.", "mlflow.trace.size", "mlflow.spanLogLevel")
THEIRS = """
import mlflow
mlflow.set_tracking_uri("databricks")
mlflow.set_experiment("/Shared/x")
with mlflow.start_span("agent", span_type="AGENT") as span:
    span.set_inputs({"question": "a"})
    span.set_outputs("b")
    mlflow.update_current_trace(tags={"team": "blue"}, metadata={"mlflow.trace.session": "session-1"})
    with mlflow.start_span("tool", span_type="TOOL") as tool:
        tool.set_inputs({"city": "Oslo"})
        tool.set_outputs({"celsius": 7})
mlflow.flush_trace_async_logging()
"""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Each way in."""
    return str(request.param)


@pytest.fixture
def workspace(request: pytest.FixtureRequest) -> Iterator[WorkspaceDouble]:
    """A workspace with this way's storage."""
    given: str = request.getfixturevalue("way") if "way" in request.fixturenames else STORAGES[0]
    with WorkspaceDouble(given) as double:
        yield double


@pytest.fixture
def sending(workspace: WorkspaceDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Traces of this process go there."""
    before = outcrop.get_tracking_uri()
    for name, value in _variables(workspace).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    outcrop.set_tracking_uri("databricks")
    outcrop.set_experiment("/Shared/x")
    yield
    outcrop.flush()
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)


def _variables(workspace: WorkspaceDouble) -> dict[str, str]:
    destination = {"MLFLOW_TRACING_DESTINATION": "main.obs"} if workspace.storage == WAYS[-1] else {}
    return {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": TOKEN, **destination}


@outcrop.trace(span_type=SpanType.TOOL)
def tool(city: str) -> dict[str, int]:
    """The agent's tool."""
    return {"celsius": len(city) + 3}


@outcrop.trace(span_type=SpanType.AGENT)
def agent(question: str) -> str:
    """An agent."""
    outcrop.update_current_trace(tags={"team": "blue"}, session_id="session-1")
    tool("Oslo")
    return question + "!"


def _recorded() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(EVIDENCE.read_text())
    return found


def _sent_on(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests that carry a trace; a client that sets an experiment looks at it more than once."""
    return [each for each in requests if "/experiments/" not in each["request"]]


def _without(names: tuple[str, ...], body: list[str]) -> list[str]:
    return sorted(each for each in body if not any(name in each for name in names))


def test_the_published_client_asks_as_is_recorded(
    way: str, workspace: WorkspaceDouble, newest_client: MlflowClient, tmp_path: Path
) -> None:
    newest_client.run(THEIRS, "databricks", tmp_path, **_variables(workspace))
    seen = workspace.recorded
    if os.environ.get("OUTCROP_RECORD_DATABRICKS"):
        kept = _recorded() if EVIDENCE.exists() else {}
        EVIDENCE.write_text(json.dumps({**kept, way: seen}, indent=1) + "\n")
    assert sorted(map(str, _sent_on(seen))) == sorted(map(str, _sent_on(_recorded()[way])))


@pytest.mark.usefixtures("sending")
def test_ours_are_the_same_requests(way: str, workspace: WorkspaceDouble) -> None:
    agent("a")
    assert outcrop.flush()
    assert (outcrop.stats().sent, outcrop.stats().spooled) == (2, 0)
    theirs = {each["request"]: each for each in _recorded()[way]}
    ours = _sent_on(workspace.recorded)
    assert sorted(each["request"] for each in ours) == sorted(
        each["request"] for each in _sent_on(_recorded()[way])
    )
    for request in workspace.recorded:
        same = theirs[request["request"]]
        assert request["headers"] == same["headers"], request["request"]
        # Outcrop says a root's session in its span too, as OpenTelemetry does.
        ours_body = _without(("/attributes/session.id",), request["body"])
        assert ours_body == _without(NOT_OURS, same["body"]), request["request"]


@pytest.mark.usefixtures("sending")
def test_the_data_of_a_trace_is_whole(workspace: WorkspaceDouble) -> None:
    agent("a")
    outcrop.flush()
    trace_id = f"tr-{outcrop.get_last_active_trace_id()}"
    info = workspace.infos[trace_id]
    assert (info["state"], info["tags"]["team"]) == ("OK", "blue")
    assert info["trace_metadata"]["mlflow.trace.session"] == "session-1"
    root, child = workspace.spans(trace_id)
    assert (root["name"], child["name"], child["parent_span_id"]) == ("agent", "tool", root["span_id"])
    assert json.loads(child["attributes"]["mlflow.spanOutputs"]) == {"celsius": 7}


@pytest.mark.usefixtures("sending")
def test_a_trace_that_comes_in_parts_is_whole_at_every_moment(workspace: WorkspaceDouble) -> None:
    with outcrop.start_span("root"):
        with outcrop.start_span("first"):
            pass
        outcrop.flush()
        (trace_id,) = workspace.infos
        assert workspace.infos[trace_id]["state"] == "IN_PROGRESS"
        assert [each["name"] for each in workspace.spans(trace_id)] == ["first"]
    outcrop.flush()
    assert workspace.infos[trace_id]["state"] == "OK"
    assert [each["name"] for each in workspace.spans(trace_id)] == ["root", "first"]


@pytest.mark.usefixtures("sending")
def test_a_trace_is_read_back(workspace: WorkspaceDouble) -> None:
    agent("a")
    trace = outcrop.get_trace(outcrop.get_last_active_trace_id() or "")
    assert trace is not None
    assert [each.name for each in trace.data.spans] == ["agent", "tool"]
    assert (trace.info.tags, trace.info.session_id) == ({"team": "blue"}, "session-1")
    assert workspace.double.asked[-1].method == "GET"


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "set DATABRICKS_TOKEN to a token of this workspace, or log in again by databricks auth login"),
        (403, "ask for the permission to edit the experiment"),
        (429, "the quota is used up"),
    ],
)
def test_a_refusal_says_what_to_do_and_nothing_is_lost(
    status: int, said: str, workspace: WorkspaceDouble, caplog: pytest.LogCaptureFixture
) -> None:
    refused = Answer(status, json.dumps({"error_code": "X", "message": "No."}).encode())
    workspace.refusals = lambda asked: refused if asked.path.endswith("/3.0/mlflow/traces") else None
    agent("a")
    outcrop.flush()
    assert (outcrop.stats().sent, outcrop.stats().spooled) == (0, 2)
    (line,) = [each for each in caplog.messages if "cannot be delivered" in each]
    assert said in line
    assert line.endswith("until it takes them.")
    assert "\n" not in line
    workspace.refusals = lambda _: None
    outcrop.flush()
    assert outcrop.stats().sent == 2


@pytest.mark.usefixtures("sending")
def test_an_experiment_without_a_path_is_rejected_with_the_reason(workspace: WorkspaceDouble) -> None:
    outcrop.set_experiment("mine")
    agent("a")
    outcrop.flush()
    stats = outcrop.stats()
    assert (stats.sent, stats.rejected) == (0, 2)
    assert "outcrop.set_experiment('/Shared/my-experiment')" in next(iter(stats.reasons))
    assert not workspace.infos


@pytest.mark.usefixtures("sending", "way")
@pytest.mark.parametrize("way", WAYS[-1:], indirect=True)
def test_a_table_gets_the_trace_id_of_tables(workspace: WorkspaceDouble) -> None:
    agent("a")
    outcrop.flush()
    (sent,) = [each for each in workspace.double.asked if each.path == "/api/2.0/otel/v1/traces"]
    trace_id = outcrop.get_last_active_trace_id()
    assert {each.attributes["mlflow.traceRequestId"] for each in decode_request(sent.body)} == {
        f"trace:/main.obs/{trace_id}"
    }
