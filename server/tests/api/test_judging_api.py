"""Searching, judging, tagging and deleting over HTTP, and what is said of what cannot be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop_server.api import judging_schemas as schemas
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import START_NS, otlp_span, request, span_id, trace_id

NOWHERE = "0" * 31 + "9"
GOOD = {"kind": "feedback", "name": "good", "value": True, "source": {"type": "HUMAN", "id": "ann"}}


@pytest.fixture
def filled(server: BackgroundServer) -> BackgroundServer:
    """A server with four traces in two experiments."""
    for number, experiment in enumerate(["a", "a", "b", "a"], start=1):
        tags = {"outcrop.tag.n": str(number), "outcrop.metadata.m": "v", "session.id": "s"}
        body = request(
            otlp_span(number, trace=trace_id(number), attributes=tags, name=f"trace {number}"),
            resource={"outcrop.experiment.name": experiment},
        )
        assert send(server.url, body).status == 200
    return server


def call(server: BackgroundServer, method: str, path: str, body: Any = None) -> Answer:
    data = None if body is None else json.dumps(body).encode()
    return ask(server.url, path, method=method, body=data, headers={"content-type": "application/json"})


def path(number: int, rest: str = "") -> str:
    return f"/api/traces/{trace_id(number).hex()}{rest}"


def search(server: BackgroundServer, **asked: Any) -> schemas.FoundTraces:
    return schemas.FoundTraces.model_validate(call(server, "POST", "/api/traces/search", asked).json)


def test_a_search_answers_a_page_of_traces_with_what_is_known_of_them(filled: BackgroundServer) -> None:
    call(filled, "POST", path(2, "/assessments"), GOOD)
    (found,) = search(filled, filter="tags.n = '2'").traces
    assert (found.info.trace_id, found.experiment_name) == (trace_id(2).hex(), "a")
    assert (found.info.tags, found.metadata) == ({"n": "2"}, {"m": "v"})
    assert [each.name for each in found.assessments] == ["good"]


def test_pages_follow_their_token_to_the_end_and_belong_to_one_search(filled: BackgroundServer) -> None:
    asked: dict[str, Any] = {"filter": "session_id = 's'", "order_by": ["name DESC"], "max_results": 3}
    first = search(filled, **asked)
    assert [each.info.name for each in first.traces] == ["trace 4", "trace 3", "trace 2"]
    second = search(filled, **asked, page_token=first.next_page_token)
    assert [each.info.name for each in second.traces] == ["trace 1"]
    assert second.next_page_token is None
    for other in ({"filter": "session_id = 't'"}, {"order_by": ["name"]}, {"experiments": ["a"]}):
        changed = {**asked, **other, "page_token": first.next_page_token}
        answer = call(filled, "POST", "/api/traces/search", changed)
        assert (answer.status, "belongs to another search" in answer.detail) == (400, True)


@pytest.mark.parametrize(
    "token", ["", "x", "!!!", "W10", "bnVsbA", "WzEsMl0", "eyJhIjoxfQ", "WzEsIngiLFtdXQ"]
)
def test_a_token_of_no_page_is_refused(filled: BackgroundServer, token: str) -> None:
    answer = call(filled, "POST", "/api/traces/search", {"page_token": token})
    assert answer.status == 400
    assert "This page token" in answer.detail


def test_experiments_are_known_by_name_and_id(filled: BackgroundServer) -> None:
    ids = {
        row["name"]: row["experiment_id"] for row in ask(filled.url, "/api/experiments").json["experiments"]
    }
    assert len(search(filled, experiments=["a"]).traces) == 3
    assert len(search(filled, experiments=[ids["b"], "a"]).traces) == 4
    assert search(filled, experiments=["nobody"]).traces == []
    body = request(otlp_span(9, trace=trace_id(9)), resource={"outcrop.experiment.name": ids["b"]})
    assert send(filled.url, body).status == 200
    asked = {"experiment": ids["b"], "max_traces": 1}
    answer = call(filled, "POST", "/api/traces/delete", asked)
    assert answer.status == 400
    assert "the name of one experiment and the id of 'b'" in answer.detail


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"filter": "name = 'a' AND colour = 'b'"}, "no field 'colour'. It has: "),
        ({"filter": "name = 'a' AND colour = 'b'"}, "(column 16)"),
        ({"order_by": ["colour"]}, "cannot be ordered by 'colour'"),
        ({"max_results": 0}, "max_results"),
        ({"max_results": 201}, "max_results"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_search_gets_400_that_says_where(
    filled: BackgroundServer, asked: dict[str, Any], words: str
) -> None:
    answer = call(filled, "POST", "/api/traces/search", asked)
    assert answer.status == 400
    assert words in answer.detail


def test_several_traces_are_exported_as_one_request(filled: BackgroundServer) -> None:
    ids = [trace_id(1).hex(), f"tr-{trace_id(3).hex()}", NOWHERE]
    answer = call(filled, "POST", "/api/traces/export", {"trace_ids": ids})
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    message = ExportTraceServiceRequest.FromString(answer.body)
    spans = [span for part in message.resource_spans for span in part.scope_spans[0].spans]
    assert [span.name for span in spans] == ["trace 1", "trace 3"]


def test_a_judgement_is_kept_listed_changed_and_deleted(filled: BackgroundServer) -> None:
    full = {
        **GOOD,
        "value": {"score": [1, 0.5, None]},
        "rationale": "because",
        "metadata": {"round": "2"},
        "span_id": span_id(1).hex().upper(),
        "author": "me",
    }
    created = call(filled, "POST", path(1, "/assessments"), full)
    kept = schemas.Assessment.model_validate(created.json)
    assert (created.status, kept.value, kept.span_id) == (201, {"score": [1, 0.5, None]}, span_id(1).hex())
    assert (kept.author, kept.rationale, kept.metadata) == ("me", "because", {"round": "2"})
    assert kept.created_at_ns == kept.updated_at_ns
    one = path(1, f"/assessments/{kept.assessment_id}")
    changed = schemas.Assessment.model_validate(
        call(filled, "PATCH", one, {"value": None, "name": "better"}).json
    )
    expected = kept.model_copy(
        update={"value": None, "name": "better", "updated_at_ns": changed.updated_at_ns}
    )
    assert changed == expected
    assert int(changed.updated_at_ns) >= int(kept.updated_at_ns)
    assert call(filled, "GET", path(1, "/assessments")).json == {"assessments": [changed.model_dump()]}
    assert call(filled, "DELETE", one).status == 204
    assert call(filled, "GET", path(1, "/assessments")).json == {"assessments": []}
    assert call(filled, "DELETE", one).status == 404


def test_tags_and_metadata_are_set_and_deleted(filled: BackgroundServer) -> None:
    edit = {"tags": {"n": None, "team": "blue"}, "metadata": {"m": "w", "x": "y"}}
    edited = call(filled, "PATCH", path(1), edit).json
    assert edited == {"tags": {"team": "blue"}, "metadata": {"m": "w", "x": "y"}, "assessments": []}
    assert call(filled, "GET", path(1, "/annotations")).json == edited
    late = otlp_span(
        7, 1, trace=trace_id(1), attributes={"outcrop.tag.n": "late", "outcrop.tag.team": "late"}
    )
    assert send(filled.url, request(late)).status == 200
    assert call(filled, "GET", path(1)).json["info"]["tags"] == {"team": "blue"}


def test_a_trace_has_so_many_tags_and_no_more(filled: BackgroundServer) -> None:
    many = {f"k{number}": "v" for number in range(50)}
    assert "at most 50 tags" in call(filled, "PATCH", path(1), {"tags": many}).detail
    assert call(filled, "PATCH", path(1), {"tags": {**dict(list(many.items())[:49])}}).status == 200
    assert "at most 50 tags" in call(filled, "PATCH", path(1), {"tags": {"another": "v"}}).detail
    assert call(filled, "PATCH", path(1), {"tags": {"k0": "changed", "k1": None}}).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "opinion"},
        {"name": "  "},
        {"name": "x" * 501},
        {"source": {"type": "ROBOT"}},
        {"source": None},
        {"span_id": "abc"},
        {"metadata": {"a": 1}},
        {"colour": "red"},
    ],
)
def test_a_judgement_of_a_wrong_form_gets_400(filled: BackgroundServer, change: dict[str, Any]) -> None:
    answer = call(filled, "POST", path(1, "/assessments"), {**GOOD, **change})
    assert (answer.status, bool(answer.detail)) == (400, True)
    assert call(filled, "GET", path(1, "/assessments")).json == {"assessments": []}


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("GET", "/annotations", None),
        ("PATCH", "", {"tags": {"a": "b"}}),
        ("GET", "/assessments", None),
        ("POST", "/assessments", GOOD),
        ("PATCH", "/assessments/a-1", {"value": 1}),
        ("DELETE", "/assessments/a-1", None),
    ],
)
def test_what_is_not_there_gets_404(filled: BackgroundServer, method: str, rest: str, body: Any) -> None:
    answer = call(filled, method, f"/api/traces/{NOWHERE}{rest}", body)
    assert answer.status == 404
    assert NOWHERE in answer.detail


def test_traces_are_deleted_by_id_or_the_oldest_of_an_experiment(filled: BackgroundServer) -> None:
    def delete(**asked: Any) -> Any:
        return call(filled, "POST", "/api/traces/delete", asked)

    assert delete(trace_ids=[trace_id(4).hex(), NOWHERE]).json == {"deleted": 1}
    assert delete(experiment="a", max_traces=1).json == {"deleted": 1}
    assert ask(filled.url, path(1)).status == 404
    assert delete(experiment="a", max_timestamp_ms=START_NS // 10**6 - 1).json == {"deleted": 0}
    assert delete(experiment="a", max_timestamp_ms=START_NS // 10**6).json == {"deleted": 1}
    assert delete(experiment="nobody", max_traces=9).json == {"deleted": 0}
    assert [each.info.name for each in search(filled).traces] == ["trace 3"]
    wrong: list[dict[str, Any]] = [
        {},
        {"experiment": "b"},
        {"max_traces": 1},
        {"trace_ids": [], "experiment": "b", "max_traces": 1},
    ]
    for unclear in wrong:
        assert delete(**unclear).status == 400
    assert len(search(filled).traces) == 1


def test_many_traces_are_deleted_in_steps(server: BackgroundServer) -> None:
    spans = [otlp_span(1, trace=trace_id(number)) for number in range(1, 452)]
    assert send(server.url, request(*spans)).status == 200
    answer = call(server, "POST", "/api/traces/delete", {"experiment": "Default", "max_traces": 450})
    assert answer.json == {"deleted": 450}
    assert len(search(server).traces) == 1


def test_pages_of_other_sites_cannot_change_anything(filled: BackgroundServer) -> None:
    for method, where in (
        ("POST", "/api/traces/delete"),
        ("PATCH", path(1)),
        ("POST", path(1, "/assessments")),
    ):
        headers = {"content-type": "application/json", "origin": "http://evil.example"}
        answer = ask(filled.url, where, method=method, body=b"{}", headers=headers)
        assert answer.status == 403
    # A form or a plain fetch can be sent without asking first, but not with this content type.
    plain = ask(
        filled.url,
        "/api/traces/delete",
        method="POST",
        body=b'{"experiment": "a", "max_traces": 9}',
        headers={"content-type": "text/plain"},
    )
    assert plain.status == 400
    assert len(search(filled).traces) == 4


def test_judgements_of_several_traces_come_together(filled: BackgroundServer) -> None:
    for number, name in ((2, "good"), (3, "kind"), (2, "true")):
        call(filled, "POST", path(number, "/assessments"), {**GOOD, "name": name})
    asked = {"trace_ids": [trace_id(3).hex(), NOWHERE, trace_id(2).hex(), trace_id(1).hex()]}
    found = call(filled, "POST", "/api/traces/assessments", asked).json["assessments"]
    assert [(each["trace_id"], each["name"]) for each in found] == [
        (trace_id(3).hex(), "kind"),
        (trace_id(2).hex(), "good"),
        (trace_id(2).hex(), "true"),
    ]
