from __future__ import annotations

import pytest

from outcrop_server.access.rules import Need, may, need
from outcrop_server.api import openapi

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
    ],
)
def test_what_has_no_rule_of_its_own_is_closed(method: str, path: str, needed: Need) -> None:
    assert need(method, path) == needed


def test_writers_only_write_and_readers_only_read() -> None:
    assert [may("write", each) for each in ("anyone", "write", "read", "admin")] == [True, True, False, False]
    assert [may("read", each) for each in ("anyone", "write", "read", "admin")] == [True, False, True, False]
    assert all(may("admin", each) for each in ("anyone", "write", "read", "admin"))
