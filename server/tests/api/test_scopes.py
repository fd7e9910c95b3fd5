"""Tokens for some experiments alone: what belongs to others is not there, and cannot be changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import otlp_span, request, span_id, trace_id
from server.tests.support.tokens import bearer, make

MINE, OTHERS = trace_id(1), trace_id(2)


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    store = tmp_path / "data" / "outcrop.db"
    return {
        "all": make(store, "root", "admin"),
        "read": make(store, "ann", "read", "A", "B"),
        "admin": make(store, "lead", "admin", "A", "B"),
        "write": make(store, "program", "write", "A"),
        "write_two": make(store, "programs", "write", "A", "B"),
    }


@pytest.fixture
def server(tokens: dict[str, str], start_server: StartServer) -> BackgroundServer:
    """A server with a trace in A, one in C, and several in B."""
    started = start_server()
    for number, experiment in ((1, "A"), (2, "C"), (3, "B"), (4, "B"), (5, "C"), (6, "A")):
        body = request(
            otlp_span(number, trace=trace_id(number)), resource={"outcrop.experiment.name": experiment}
        )
        assert send(started.url, body, authorization=f"Bearer {tokens['all']}").status == 200
    return started


def call(server: BackgroundServer, token: str, method: str, path: str, body: Any = None) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **bearer(token)}
    return ask(server.url, path, method=method, body=data, headers=headers)


def ids(traces: list[Any]) -> list[int]:
    return [int(each.get("trace_id") or each["info"]["trace_id"], 16) for each in traces]


def send_as(server: BackgroundServer, token: str, body: bytes, **headers: str) -> tuple[int, str]:
    """How many spans were rejected, and why."""
    answer = send(server.url, body, authorization=f"Bearer {token}", **headers)
    assert answer.status == 200, answer.body
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    return partial.rejected_spans, partial.error_message


def test_lists_hold_what_the_token_is_for_page_after_page(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    token = tokens["read"]
    found: list[int] = []
    cursor = ""
    while True:
        page = call(server, token, "GET", f"/api/traces?limit=3{cursor}").json
        found += ids(page["traces"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [6, 4, 3, 1]
    assert ids(call(server, token, "GET", "/api/traces?experiment=B").json["traces"]) == [4, 3]
    assert call(server, token, "GET", "/api/traces?experiment=C").json["traces"] == []
    listed = call(server, token, "GET", "/api/experiments").json["experiments"]
    assert {each["name"] for each in listed} == {"A", "B"}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [6, 4, 3, 1]),
        ({"experiments": ["C"]}, []),
        ({"experiments": ["A", "C"]}, [6, 1]),
        ({"filter": "status = 'OK' OR status = 'ERROR' OR name LIKE '%'"}, [6, 4, 3, 1]),
    ],
)
def test_searches_find_what_the_token_is_for(
    server: BackgroundServer, tokens: dict[str, str], asked: dict[str, Any], expected: list[int]
) -> None:
    assert ids(call(server, tokens["read"], "POST", "/api/traces/search", asked).json["traces"]) == expected


def test_a_scope_of_experiments_that_nobody_used_is_empty_and_not_everything(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    new = {"name": "new", "role": "read", "experiments": ["never used"]}
    token = call(server, tokens["all"], "POST", "/api/tokens", new).json["token"]
    assert call(server, token, "GET", "/api/traces").json["traces"] == []
    assert call(server, token, "POST", "/api/traces/search", {}).json["traces"] == []
    assert call(server, token, "GET", "/api/experiments").json["experiments"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/export", None),
        ("GET", "/annotations", None),
        ("GET", "/assessments", None),
        ("GET", f"/spans/{span_id(2).hex()}", None),
        ("PATCH", "", {"tags": {"a": "b"}}),
        ("POST", "/assessments", {"kind": "feedback", "name": "x", "value": 1, "source": {"type": "CODE"}}),
        ("PATCH", "/assessments/a-1", {"value": 1}),
        ("DELETE", "/assessments/a-1", None),
    ],
)
def test_a_foreign_trace_is_answered_as_one_that_does_not_exist(
    server: BackgroundServer, tokens: dict[str, str], method: str, path: str, body: Any
) -> None:
    for role in ("admin", "read"):
        foreign = call(server, tokens[role], method, f"/api/traces/{OTHERS.hex()}{path}", body)
        missing = call(server, tokens[role], method, f"/api/traces/{trace_id(99).hex()}{path}", body)
        assert (foreign.status, missing.status) == (404, 404)
        assert foreign.detail.replace(OTHERS.hex(), "") == missing.detail.replace(trace_id(99).hex(), "")


def test_foreign_traces_are_neither_exported_nor_deleted(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    both = {"trace_ids": [MINE.hex(), OTHERS.hex()]}
    exported = call(server, tokens["read"], "POST", "/api/traces/export", both).body
    assert MINE in exported
    assert OTHERS not in exported
    assert call(server, tokens["admin"], "POST", "/api/traces/delete", both).json == {"deleted": 1}
    oldest = {"experiment": "C", "max_traces": 10}
    assert call(server, tokens["admin"], "POST", "/api/traces/delete", oldest).json == {"deleted": 0}
    assert ids(call(server, tokens["all"], "GET", "/api/traces").json["traces"]) == [6, 5, 4, 3, 2]


def test_an_admin_of_some_experiments_makes_no_tokens(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    for method, path, body in (
        ("GET", "/api/tokens", None),
        ("POST", "/api/tokens", {"name": "x", "role": "admin"}),
        ("DELETE", "/api/tokens/root", None),
    ):
        assert call(server, tokens["admin"], method, path, body).status == 403
    assert call(server, tokens["all"], "GET", "/api/traces").status == 200


def test_a_sender_keeps_to_its_experiments_and_is_told_which(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    token = tokens["write"]
    named = request(otlp_span(7, trace=trace_id(7)), resource={"outcrop.experiment.name": "C"})
    count, reason = send_as(server, token, named)
    assert count == 1
    assert "belongs to the experiment 'C'; this token is for 'A' alone" in reason
    assert "outcrop.set_experiment" in reason
    count, _ = send_as(server, token, request(otlp_span(8, trace=trace_id(8))), x_outcrop_experiment="C")
    assert count == 1
    mixed = named + request(otlp_span(9, trace=trace_id(9)), resource={"outcrop.experiment.name": "A"})
    assert send_as(server, token, mixed)[0] == 1
    assert ids(call(server, tokens["all"], "GET", "/api/traces").json["traces"]) == [9, 6, 5, 4, 3, 2, 1]


def test_spans_that_name_no_experiment_go_to_the_tokens_only_one(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    assert send_as(server, tokens["write"], request(otlp_span(7, trace=trace_id(7)))) == (0, "")
    assert ids(call(server, tokens["all"], "GET", "/api/traces?experiment=A").json["traces"]) == [7, 6, 1]
    count, reason = send_as(server, tokens["write_two"], request(otlp_span(8, trace=trace_id(8))))
    assert count == 1
    assert "the experiment 'Default'; this token is for 'A', 'B' alone" in reason


def test_a_sender_cannot_join_or_move_a_trace_of_another_experiment(
    server: BackgroundServer, tokens: dict[str, str]
) -> None:
    # A root that came late would otherwise take the trace over to its own experiment.
    body = request(otlp_span(20, trace=OTHERS), resource={"outcrop.experiment.name": "A"})
    count, reason = send_as(server, tokens["write"], body)
    assert count == 1
    assert "belongs to a trace of another experiment" in reason
    assert call(server, tokens["read"], "GET", f"/api/traces/{OTHERS.hex()}").status == 404
    kept = call(server, tokens["all"], "GET", f"/api/traces/{OTHERS.hex()}").json
    assert kept["info"]["span_count"] == 1
