"""Our SDK, MLflow's own server that is down, refuses or lost the experiment: nothing is lost, all is said."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import outcrop
from outcrop.delivery import courier
from tests.mlflow.conftest import MlflowClient

TOKEN = "let-me-in"
COUNT = """
import json, mlflow
experiment = mlflow.get_experiment_by_name({experiment!r})
locations = [experiment.experiment_id] if experiment else []
traces = mlflow.search_traces(locations=locations, return_type="list") if locations else []
print(json.dumps(sorted([len(each.data.spans), each.info.trace_id] for each in traces)))
"""


class Gate:
    """Stands before MLflow's server: shut, or asking for a token, as a proxy would."""

    def __init__(self, server: str) -> None:
        """Open at first."""
        self.is_shut = False
        self.token: str | None = None
        gate, behind = self, urlsplit(server)

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if gate.is_shut:
                    self.connection.close()
                    self.close_connection = True
                    return
                if gate.token is not None and self.headers["Authorization"] != f"Bearer {gate.token}":
                    self.send_response(401)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                there = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name != "Host"}
                there.request(self.command, self.path, body, headers)
                answer = there.getresponse()
                said = answer.read()
                there.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass  # noqa: N815 - the base's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def gate(mlflow_server: str, request: pytest.FixtureRequest) -> Iterator[Gate]:
    """Traces go through a gate; the experiment is the test's own."""
    made = Gate(mlflow_server)
    threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True).start()
    before = outcrop.get_tracking_uri()
    outcrop.set_experiment(f"/Shared/{request.node.name}")
    yield made
    outcrop.flush()
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)
    made.server.shutdown()
    made.server.server_close()


@outcrop.trace
def inner(number: int) -> int:
    """A child."""
    return number + 1


@outcrop.trace
def outer(number: int) -> int:
    """A root."""
    return inner(number)


def _there(client: MlflowClient, server: str, folder: Path, experiment: str) -> list[list[object]]:
    found: list[list[object]] = client.run(COUNT.format(experiment=experiment), server, folder)
    return found


def test_what_was_made_while_it_was_down_arrives_once(
    gate: Gate,
    mlflow_server: str,
    newest_client: MlflowClient,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    gate.is_shut = True
    outcrop.set_tracking_uri(gate.url)
    ids: list[str] = []
    for number in range(20):
        outer(number)
        ids.append(f"tr-{outcrop.get_last_active_trace_id()}")
    outcrop.flush()
    assert (outcrop.stats().sent, outcrop.stats().spooled) == (0, 40)
    gate.is_shut = False
    outcrop.flush()
    outer(20)
    ids.append(f"tr-{outcrop.get_last_active_trace_id()}")
    outcrop.flush()
    stats = outcrop.stats()
    assert (stats.sent, stats.waiting, stats.rejected, stats.dropped) == (42, 0, 0, 0)
    there = _there(newest_client, mlflow_server, tmp_path, f"/Shared/{request.node.name}")
    assert there == sorted([2, each] for each in ids)


def test_a_wrong_token_is_said_and_the_right_one_brings_all(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gate.token = TOKEN
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "wrong")
    outcrop.set_tracking_uri(f"mlflow+{gate.url}")
    outer(1)
    outcrop.flush()
    assert (outcrop.stats().sent, outcrop.stats().spooled) == (0, 2)
    (line,) = [each for each in caplog.messages if "cannot be delivered" in each]
    assert "HTTP 401; it does not know who asks: set MLFLOW_TRACKING_TOKEN" in line
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    outcrop.set_tracking_uri("memory://")
    # What the former destination left on disk is looked for every few seconds otherwise.
    monkeypatch.setattr(courier, "_LOOK_EVERY_S", 0.1)
    outcrop.set_tracking_uri(f"mlflow+{gate.url}")
    outer(2)
    until = time.monotonic() + 30
    while outcrop.stats().sent < 4 and time.monotonic() < until:
        outcrop.flush()
        time.sleep(0.05)
    assert (outcrop.stats().sent, outcrop.stats().waiting) == (4, 0)
    assert [len(each.data.spans) for each in outcrop.search_traces()] == [2, 2]


def test_a_deleted_experiment_is_said_and_rejected(
    gate: Gate,
    mlflow_server: str,
    newest_client: MlflowClient,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    experiment = f"/Shared/{request.node.name}"
    make = f"import mlflow; mlflow.delete_experiment(mlflow.create_experiment({experiment!r}))"
    newest_client.run(make, mlflow_server, tmp_path)
    outcrop.set_tracking_uri(gate.url)
    outer(1)
    outcrop.flush()
    stats = outcrop.stats()
    assert (stats.sent, stats.rejected, stats.waiting) == (0, 2, 0)
    assert "is deleted there: restore it, or name another" in next(iter(stats.reasons))


def test_a_trace_in_parts_and_an_experiment_that_goes_meanwhile(
    gate: Gate,
    mlflow_server: str,
    newest_client: MlflowClient,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    experiment = f"/Shared/{request.node.name}"
    outcrop.set_tracking_uri(gate.url)
    with outcrop.start_span("root"):
        inner(1)
        outcrop.update_current_trace(tags={"team": "blue"})
        assert outcrop.flush()
        inner(2)
    assert outcrop.flush()
    trace = outcrop.get_trace(outcrop.get_last_active_trace_id() or "")
    assert trace is not None
    assert sorted(each.name for each in trace.data.spans) == ["inner", "inner", "root"]
    assert (trace.info.state.value, trace.info.tags) == ("OK", {"team": "blue"})
    # Renamed and deleted by somebody else: the next trace finds or makes the one of the name.
    gone = f"""
import mlflow
client = mlflow.MlflowClient()
old = client.get_experiment_by_name({experiment!r}).experiment_id
client.rename_experiment(old, {experiment!r} + "-old")
client.delete_experiment(old)
"""
    newest_client.run(gone, mlflow_server, tmp_path)
    outer(3)
    outcrop.flush()
    there = _there(newest_client, mlflow_server, tmp_path, experiment)
    assert [each[0] for each in there] == [2]
