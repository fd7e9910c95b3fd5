"""The routes by plain HTTP: what real clients seldom do, or do in an order that nobody can wait for."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import Answer, ask, send
from server.tests.support.spans import TRACE, otlp_span, request

ID = f"tr-{TRACE.hex()}"
ATTRIBUTES = {"mlflow.spanType": "CHAIN", "mlflow.traceRequestId": ID}
SPANS = request(otlp_span(1, attributes=ATTRIBUTES), otlp_span(2, 1, attributes=ATTRIBUTES))


@pytest.fixture
def server(start_server: StartServer) -> BackgroundServer:
    return start_server()


def post(server: BackgroundServer, path: str, body: Any, method: str = "POST") -> Answer:
    headers = {"content-type": "application/json"}
    return ask(server.url, path, method=method, body=json.dumps(body).encode(), headers=headers)


def made(server: BackgroundServer) -> str:
    experiment = post(server, "/api/2.0/mlflow/experiments/create", {"name": "A"})
    return str(experiment.json["experiment_id"])


def say(server: BackgroundServer, experiment_id: str, **more: Any) -> Answer:
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
    info = {"trace_id": ID, "trace_location": location, "state": "OK", "tags": {"env": "prod"}, **more}
    return post(server, "/api/3.0/mlflow/traces", {"trace": {"trace_info": info}})


def spans_of(server: BackgroundServer) -> list[str]:
    answer = ask(server.url, f"/api/3.0/mlflow/traces/get?trace_id={ID}&allow_partial=true")
    return [span["name"] for span in answer.json["trace"].get("spans", [])]


def file(
    server: BackgroundServer, experiment_id: str, method: str = "GET", body: bytes | None = None
) -> Answer:
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment_id}/traces/{ID}/artifacts/traces.json"
    return ask(server.url, path, method=method, body=body)


def test_in_whichever_order_they_say_it_there_is_one_trace_and_no_span_twice(
    server: BackgroundServer,
) -> None:
    experiment_id = made(server)
    # Else a client whose way by OTLP had failed would not send its spans as a file.
    assert "mlflow.trace.spansLocation" not in say(server, experiment_id).json["trace"]["trace_info"]["tags"]
    info = ask(server.url, f"/api/3.0/mlflow/traces/{ID}").json["trace"]["trace_info"]
    assert info["tags"]["env"] == "prod"
    assert spans_of(server) == []
    for _ in range(2):
        assert send(server.url, SPANS, x_mlflow_experiment_id=experiment_id).status == 200
        told = say(server, experiment_id, tags={"env": "prod", "more": "x"}).json["trace"]["trace_info"]
        assert told["tags"]["mlflow.trace.spansLocation"] == "TRACKING_STORE"
        document = file(server, experiment_id).body
        assert file(server, experiment_id, "PUT", document).status == 200
    assert spans_of(server) == ["span 1", "span 2"]
    (trace,) = ask(server.url, "/api/traces?experiment=A").json["traces"]
    assert (trace["span_count"], trace["tags"]) == (2, {"env": "prod", "more": "x"})


def test_spans_that_come_by_the_file_alone_are_spans(server: BackgroundServer) -> None:
    experiment_id = made(server)
    send(server.url, SPANS, x_mlflow_experiment_id=experiment_id)
    document = file(server, experiment_id).body
    body = {"experiment_id": experiment_id, "request_ids": [ID]}
    assert post(server, "/api/2.0/mlflow/traces/delete-traces", body).json == {"traces_deleted": 1}
    assert file(server, experiment_id).status == 404
    assert file(server, experiment_id, "PUT", document).status == 200
    assert spans_of(server) == ["span 1", "span 2"]


def test_what_is_said_while_spans_are_on_their_way_waits_for_them(server: BackgroundServer) -> None:
    experiment_id = made(server)
    say(server, experiment_id)
    tag = {"key": "late", "value": "1"}
    assert post(server, f"/api/2.0/mlflow/traces/{ID}/tags", tag, "PATCH").status == 200
    given = {"assessment": {"assessment_name": "good", "feedback": {"value": 1}, "source": {}}}
    assert post(server, f"/api/3.0/mlflow/traces/{ID}/assessments", given).status == 200
    send(server.url, SPANS, x_mlflow_experiment_id=experiment_id)
    info = ask(server.url, f"/api/3.0/mlflow/traces/{ID}").json["trace"]["trace_info"]
    assert (info["tags"]["late"], info["tags"]["env"]) == ("1", "prod")
    assert [each["assessment_name"] for each in info["assessments"]] == ["good"]


def test_a_trace_that_is_not_whole_yet_is_not_given_as_whole(server: BackgroundServer) -> None:
    experiment_id = made(server)
    send(server.url, request(otlp_span(1, attributes=ATTRIBUTES)), x_mlflow_experiment_id=experiment_id)
    say(server, experiment_id, trace_metadata={"mlflow.trace.sizeStats": '{"num_spans": 2}'})
    answer = ask(server.url, f"/api/3.0/mlflow/traces/get?trace_id={ID}")
    assert (answer.status, answer.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert spans_of(server) == ["span 1"]


def test_spans_of_an_experiment_that_does_not_exist_are_refused(server: BackgroundServer) -> None:
    assert send(server.url, SPANS, x_mlflow_experiment_id="987").status == 404
    assert say(server, "987").json["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert send(server.url, SPANS, x_mlflow_experiment_id="0").status == 200
    assert len(ask(server.url, "/api/traces?experiment=Default").json["traces"]) == 1


def test_a_compressed_body_is_read(server: BackgroundServer) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    body = gzip.compress(b'{"name": "packed"}')
    answer = ask(server.url, "/api/2.0/mlflow/experiments/create", method="POST", body=body, headers=headers)
    assert answer.status == 200


@pytest.mark.parametrize("path", ["0", "0/../x", "0//x", "999/traces/x"])
def test_a_file_has_to_lie_in_an_experiment(server: BackgroundServer, path: str) -> None:
    answer = ask(server.url, f"/api/2.0/mlflow-artifacts/artifacts/{path}", method="PUT", body=b"x")
    assert answer.status in {400, 404}


def test_files_are_listed_by_folder_given_as_they_came_and_deleted(server: BackgroundServer) -> None:
    base = "/api/2.0/mlflow-artifacts/artifacts"
    experiment_id = made(server)
    for name in ("run/artifacts/a.html", "run/artifacts/b/c.txt"):
        assert ask(server.url, f"{base}/{experiment_id}/{name}", method="PUT", body=b"<b>").status == 200
    listed = ask(server.url, f"{base}?path={experiment_id}/run/artifacts").json["files"]
    assert listed == [
        {"path": "a.html", "is_dir": False, "file_size": 3},
        {"path": "b", "is_dir": True},
    ]
    got = ask(server.url, f"{base}/{experiment_id}/run/artifacts/a.html")
    assert (got.body, got.headers["content-disposition"]) == (b"<b>", "attachment")
    assert ask(server.url, f"{base}/{experiment_id}/run/artifacts/a.html", method="DELETE").status == 200
    assert ask(server.url, f"{base}/{experiment_id}/run/artifacts/a.html").status == 404
