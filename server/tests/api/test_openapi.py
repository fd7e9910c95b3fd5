from __future__ import annotations

import json
import subprocess
import sys

from outcrop_server.api import openapi
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import ask


def test_the_document_names_each_operation_for_the_pages_types() -> None:
    operations = {
        (path, method): operation["operationId"]
        for path, methods in openapi.document()["paths"].items()
        for method, operation in methods.items()
    }
    assert operations == {
        ("/api/aggregates", "get"): "getAggregates",
        ("/api/aggregates", "post"): "computeAggregates",
        ("/api/compare", "post"): "compare",
        ("/api/experiments", "get"): "listExperiments",
        ("/api/experiments", "post"): "createExperiment",
        ("/api/experiments/{experiment_id}", "patch"): "editExperiment",
        ("/api/experiments/{experiment_id}/size", "get"): "getExperimentSize",
        ("/api/retention", "get"): "getRetention",
        ("/api/store", "get"): "getStore",
        ("/api/prices", "get"): "getPrices",
        ("/api/timeline", "get"): "getTimeline",
        ("/api/timeline", "post"): "computeTimeline",
        ("/api/facets", "get"): "getFacets",
        ("/api/facets", "post"): "computeFacets",
        ("/api/sessions", "get"): "listSessions",
        ("/api/sessions/{session_id}", "get"): "getTraceSession",
        ("/api/traces", "get"): "listTraces",
        ("/api/traces/assessments", "post"): "listAssessmentsOfTraces",
        ("/api/traces/count", "get"): "getTraceCount",
        ("/api/traces/count", "post"): "countTraces",
        ("/api/traces/delete", "post"): "deleteTraces",
        ("/api/traces/export", "post"): "exportTraces",
        ("/api/traces/search", "post"): "searchTraces",
        ("/api/traces/tail", "get"): "tailTraces",
        ("/api/export", "post"): "exportMany",
        ("/api/traces/{trace_id}/outline", "get"): "outlineTrace",
        ("/api/traces/{trace_id}/spans", "get"): "listSpans",
        ("/api/traces/{trace_id}/spans/{span_id}/payload/{part}", "get"): "getPayload",
        ("/api/traces/{trace_id}", "get"): "getTrace",
        ("/api/traces/{trace_id}", "patch"): "editTrace",
        ("/api/traces/{trace_id}/annotations", "get"): "getTraceAnnotations",
        ("/api/traces/{trace_id}/assessments", "get"): "listAssessments",
        ("/api/traces/{trace_id}/assessments", "post"): "createAssessment",
        ("/api/traces/{trace_id}/assessments/{assessment_id}", "delete"): "deleteAssessment",
        ("/api/traces/{trace_id}/assessments/{assessment_id}", "patch"): "updateAssessment",
        ("/api/traces/{trace_id}/export", "get"): "exportTrace",
        ("/api/traces/{trace_id}/spans/{span_id}", "get"): "getSpan",
        ("/api/traces/{trace_id}/spans/{span_id}/media/{number}", "get"): "getMedia",
        ("/api/views", "get"): "listViews",
        ("/api/views", "post"): "createView",
        ("/api/views/{view_id}", "put"): "replaceView",
        ("/api/views/{view_id}", "delete"): "deleteView",
        ("/api/session", "delete"): "signOut",
        ("/api/session", "get"): "getSession",
        ("/api/session", "post"): "signIn",
        ("/api/tokens", "get"): "listTokens",
        ("/api/tokens", "post"): "createToken",
        ("/api/tokens/{name_or_id}", "delete"): "revokeToken",
        ("/healthz", "get"): "getHealth",
        ("/readyz", "get"): "getReadiness",
    }


def test_every_reference_of_the_document_leads_somewhere() -> None:
    text = openapi.text()
    # Whatever begins otherwise leads into the middle of another shape, where generators do not look.
    assert text.count('"$ref": "') == text.count('"$ref": "#/components/schemas/')
    shapes = openapi.document()["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(shapes)
    assert "Problem" in named
    assert "HTTPValidationError" not in text


def test_the_command_prints_what_a_server_serves_and_the_same_each_time(server: BackgroundServer) -> None:
    command = [sys.executable, "-m", "outcrop_server.api.openapi"]
    printed = [subprocess.run(command, check=True, capture_output=True).stdout for _ in range(2)]  # noqa: S603 - ours
    assert printed[0] == printed[1] == ask(server.url, "/api/openapi.json").body
    assert json.loads(printed[0])["info"]["title"] == "Outcrop"
