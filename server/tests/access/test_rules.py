from __future__ import annotations

import pytest

from outcrop_server.access.rules import Need, may, need
from outcrop_server.api import openapi
from outcrop_server.mlflow.routes import OPERATIONS

EXPECTED: dict[str, Need] = {
    "listExperiments": "read",
    "createExperiment": "admin",
    "editExperiment": "admin",
    "getExperimentSize": "read",
    "getRetention": "read",
    "getStore": "read",
    "getPrices": "read",
    "getAggregates": "read",
    "computeAggregates": "read",
    "getFacets": "read",
    "getTimeline": "read",
    "computeFacets": "read",
    "computeTimeline": "read",
    "getTraceCount": "read",
    "countTraces": "read",
    "listSessions": "read",
    "getTraceSession": "read",
    "compare": "read",
    "listTraces": "read",
    "deleteTraces": "admin",
    "exportTraces": "read",
    "searchTraces": "read",
    "getTrace": "read",
    "editTrace": "read",
    "getTraceAnnotations": "read",
    "listAssessments": "read",
    "listAssessmentsOfTraces": "read",
    "createAssessment": "read",
    "deleteAssessment": "read",
    "updateAssessment": "read",
    "listViews": "read",
    "createView": "read",
    "replaceView": "read",
    "deleteView": "read",
    "exportTrace": "read",
    "getSpan": "read",
    "listSpans": "read",
    "outlineTrace": "read",
    "getMedia": "read",
    "getPayload": "read",
    "tailTraces": "read",
    "exportMany": "read",
    "getSession": "anyone",
    "signIn": "nothing",
    "signOut": "nothing",
    "listTokens": "admin",
    "createToken": "admin",
    "revokeToken": "admin",
    "getHealth": "nothing",
    "getReadiness": "nothing",
}
# Of MLflow's API, whose document is MLflow's.
EXPECTED_OF_MLFLOW: dict[str, Need] = {
    "GET /api/3.0/mlflow/server-info": "anyone",
    "GET /api/2.0/mlflow/experiments/get-by-name": "anyone",
    "GET /api/2.0/mlflow/experiments/get": "anyone",
    "POST /api/2.0/mlflow/experiments/create": "write",
    "POST /api/2.0/mlflow/experiments/search": "read",
    "GET /api/2.0/mlflow/experiments/search": "read",
    "POST /api/2.0/mlflow/experiments/update": "admin",
    "POST /api/2.0/mlflow/experiments/delete": "admin",
    "POST /api/2.0/mlflow/experiments/restore": "admin",
    "POST /api/2.0/mlflow/experiments/set-experiment-tag": "admin",
    "POST /api/2.0/mlflow/experiments/delete-experiment-tag": "admin",
    "POST /api/3.0/mlflow/traces": "write",
    "GET /api/3.0/mlflow/traces/get": "read",
    "GET /api/3.0/mlflow/traces/batchGet": "read",
    "POST /api/3.0/mlflow/traces/batchGetInfos": "read",
    "POST /api/3.0/mlflow/traces/search": "read",
    "GET /api/3.0/mlflow/traces/{trace_id}": "read",
    "POST /api/2.0/mlflow/traces/delete-traces": "admin",
    "GET /api/2.0/mlflow-artifacts/artifacts": "read",
    "GET /api/2.0/mlflow-artifacts/artifacts/{path:path}": "read",
    "PUT /api/2.0/mlflow-artifacts/artifacts/{path:path}": "write",
    "DELETE /api/2.0/mlflow-artifacts/artifacts/{path:path}": "admin",
    "PATCH /api/2.0/mlflow/traces/{trace_id}/tags": "read",
    "DELETE /api/2.0/mlflow/traces/{trace_id}/tags": "read",
    "POST /api/3.0/mlflow/traces/{trace_id}/assessments": "read",
    "GET /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}": "read",
    "PATCH /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}": "read",
    "DELETE /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}": "read",
    "POST /api/2.0/mlflow/traces/link-to-run": "write",
    "POST /api/2.0/mlflow/runs/create": "write",
    "GET /api/2.0/mlflow/runs/get": "anyone",
    "POST /api/2.0/mlflow/runs/update": "write",
    "POST /api/2.0/mlflow/runs/log-batch": "write",
    "POST /api/2.0/mlflow/runs/log-parameter": "write",
    "POST /api/2.0/mlflow/runs/log-metric": "write",
    "POST /api/2.0/mlflow/runs/set-tag": "write",
    "POST /api/2.0/mlflow/runs/delete-tag": "write",
    "POST /api/2.0/mlflow/runs/search": "read",
    "POST /api/2.0/mlflow/logged-models/search": "read",
    "POST /api/2.0/mlflow/runs/delete": "admin",
    "POST /api/2.0/mlflow/runs/restore": "admin",
}


def test_every_operation_of_mlflow_needs_what_was_decided_for_it() -> None:
    found = {
        f"{each.method} {each.path}": need(each.method, each.path.replace("{", "").replace("}", ""))
        for each in OPERATIONS
    }
    assert found == EXPECTED_OF_MLFLOW


def test_every_operation_needs_what_was_decided_for_it() -> None:
    found = {
        operation["operationId"]: need(method.upper(), path)
        for path, methods in openapi.document()["paths"].items()
        for method, operation in methods.items()
    }
    assert found == EXPECTED


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("POST", "/v1/traces", "write"),
        ("POST", "/v1/metrics", "write"),
        ("GET", "/metrics", "read"),
        ("GET", "/api/openapi.json", "read"),
        ("GET", "/api", "read"),
        ("HEAD", "/api/traces", "read"),
        ("OPTIONS", "/api/traces", "admin"),
        ("POST", "/api/what-comes-next", "admin"),
        ("PUT", "/api/session", "admin"),
        ("DELETE", "/api/traces/0123", "admin"),
        ("GET", "/traces/0123", "nothing"),
        ("GET", "/apiary", "nothing"),
        ("GET", "/readyz", "nothing"),
        ("GET", "/version", "nothing"),
        ("POST", "/api/3.0/mlflow/registered-models/create", "admin"),
        ("GET", "/api/2.0/mlflow/registered-models/get", "read"),
        ("GET", "/ajax-api/2.0/mlflow/experiments/get", "nothing"),
    ],
)
def test_what_has_no_rule_of_its_own_is_closed(method: str, path: str, needed: Need) -> None:
    assert need(method, path) == needed


def test_writers_only_write_and_readers_only_read() -> None:
    assert [may("write", each) for each in ("anyone", "write", "read", "admin")] == [True, True, False, False]
    assert [may("read", each) for each in ("anyone", "write", "read", "admin")] == [True, False, True, False]
    assert all(may("admin", each) for each in ("anyone", "write", "read", "admin"))
