"""What `outcrop import mlflow` does when a server answers otherwise, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.mlflow_import import server as server_module
from outcrop.mlflow_import.copying import Account, Copying, chosen
from outcrop.mlflow_import.places import Place, place_of
from outcrop.mlflow_import.server import MlflowServer
from outcrop.mlflow_import.source import Experiment, opened

ONE = Experiment("1", "/Shared/one")
# Method and path begin an answer: its status and its body, one after the other; the last stays.
Answers = dict[str, list[tuple[int, Any]]]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_PAUSE_S", 0.0)


@contextmanager
def standing_in(answers: Answers) -> Generator[tuple[str, list[tuple[str, Any, str | None]]]]:
    """A server with these answers; gives its address, and what it was asked: path, body, authorization."""
    asked: list[tuple[str, Any, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.path, json.loads(body) if body else None, self.headers.get("Authorization")))
            known = [each for path, each in answers.items() if f"{self.command} {self.path}".startswith(path)]
            found = known[0] if known else [(404, {"error_code": "ENDPOINT_NOT_FOUND"})]
            status, said = found[0] if len(found) == 1 else found.pop(0)
            data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as above
            """Says nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}", asked
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


SPAN: dict[str, Any] = {
    "span_id": "+hnsRJxdroY=",
    "name": "s",
    "start_time_unix_nano": 5,
    "end_time_unix_nano": 6,
    "attributes": {},
}
EXPERIMENTS = "POST /api/2.0/mlflow/experiments/search"
SEARCH = "POST /api/3.0/mlflow/traces/search"
SEVERAL = "GET /api/3.0/mlflow/traces/batchGet"
FILE = "GET /ajax-api/2.0/mlflow/get-trace-artifact"


def info(number: int, moment: str = "1970-01-01T00:00:01Z") -> dict[str, Any]:
    """The summary of a trace."""
    return {"trace_id": f"tr-{number:032x}", "request_time": moment}


def test_pages_are_asked_for_until_there_are_no_more() -> None:
    answers: Answers = {
        EXPERIMENTS: [
            (200, {"experiments": [{"experiment_id": "1", "name": "a"}], "next_page_token": "more"}),
            (200, {"experiments": [{"experiment_id": "2", "name": "b"}]}),
        ],
        SEARCH: [(200, {"traces": [info(1)], "next_page_token": "t"}), (200, {"traces": [info(2)]})],
        SEVERAL: [
            (200, {"traces": [{"trace_info": info(1), "spans": [SPAN]}]}),
            (200, {"traces": []}),
        ],
        FILE: [(200, {"spans": [SPAN, SPAN]})],
    }
    with standing_in(answers) as (url, asked):
        server = MlflowServer(f"{url}/", {})
        assert [each.name for each in server.experiments()] == ["a", "b"]
        found = list(server.traces(ONE, 17))
    # What one route lacks, as spans in files, the other has.
    assert [len(each.spans or ()) for each in found] == [1, 2]
    assert [each.started_ms for each in found] == [1000, 1000]
    searched = [body for path, body, _ in asked if path.endswith("traces/search")]
    assert [body.get("page_token") for body in searched] == [None, "t"]
    assert {body["filter"] for body in searched} == {"timestamp_ms >= 17"}
    assert {json.dumps(body["order_by"]) for body in searched} == {'["timestamp_ms ASC"]'}


def test_a_server_that_gives_one_trace_at_a_time_is_asked_for_each() -> None:
    infos = [info(number) for number in range(12)]
    with standing_in({SEARCH: [(200, {"traces": infos})], FILE: [(200, {"spans": [SPAN]})]}) as (url, asked):
        assert all(each.spans for each in MlflowServer(url, {}).traces(ONE, 0))
    assert sum(path.startswith("/api/3.0/mlflow/traces/batchGet") for path, _, _ in asked) == 1


def test_a_trace_whose_spans_are_gone_comes_without() -> None:
    answers: Answers = {SEARCH: [(200, {"traces": [info(1)]})], SEVERAL: [(500, {})], FILE: [(500, {})]}
    with standing_in(answers) as (url, _):
        (found,) = MlflowServer(url, {}).traces(ONE, 0)
    assert found.spans is None


def test_a_server_that_is_away_for_a_moment_is_asked_again() -> None:
    with standing_in({EXPERIMENTS: [(503, "busy"), (429, {}), (200, {"experiments": []})]}) as (url, asked):
        assert MlflowServer(url, {}).experiments() == []
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("variables", "address", "sent"),
    [
        ({}, "{}", None),
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "{}", "Bearer secret"),
        ({"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "pass"}, "{}", "Basic bWU6cGFzcw=="),
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "me:p%61ss@{}", "Basic bWU6cGFzcw=="),
    ],
)
def test_what_lets_in(variables: dict[str, str], address: str, sent: str | None) -> None:
    with standing_in({EXPERIMENTS: [(200, {})]}) as (url, asked):
        host = url.removeprefix("http://")
        MlflowServer(f"http://{address.format(host)}", variables).experiments()
    assert asked[0][2] == sent


def test_errors_say_what_to_do() -> None:
    refused = {"error_code": "PERMISSION_DENIED", "message": "Permission denied"}
    with standing_in({EXPERIMENTS: [(403, refused)], SEARCH: [(404, "no")]}) as (url, _):
        server = MlflowServer(url, {})
        with pytest.raises(
            OutcropError, match=r"HTTP 403: Permission denied. Give what lets you in by MLFLOW_TRACK"
        ):
            server.experiments()
        with pytest.raises(OutcropError, match=r"older than 3.0. Renew it, or give its SQLite file"):
            list(server.traces(ONE, 0))
    with standing_in({EXPERIMENTS: [(200, "<html>")]}) as (url, _):
        with pytest.raises(OutcropError, match=r"is no MLflow server"):
            MlflowServer(url, {}).experiments()
        with pytest.raises(OutcropError, match=r"cannot be asked: connection refused"):
            MlflowServer("http://127.0.0.1:9", {}).experiments()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://me:secret@db/mlflow", "postgresql://…@db/mlflow --port 5000"),
        ("./mlruns", "mlflow server --backend-store-uri ./mlruns"),
        ("ftp://host", "give an MLflow server"),
        ("http://", "give an MLflow server"),
        ("sqlite:///", "give an MLflow server"),
    ],
)
def test_an_address_that_is_none_says_which_are(address: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        opened(address)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


class _Taking:
    """Takes portions until the one at which it is away."""

    def __init__(self, away_at: int = 99) -> None:
        self.lines: list[Any] = []
        self._left = away_at

    def take_in(self, pieces: Iterator[bytes], experiment: str | None) -> dict[str, Any]:
        self._left -= 1
        if self._left == 0:
            raise OutcropError("It is away.")
        lines = [json.loads(piece) for piece in pieces]
        assert {line["experiment_name"] for line in lines} == {experiment}
        self.lines.extend(lines)
        return {"new_spans": len(lines)}


def test_a_copy_that_was_stopped_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop.mlflow_import.copying._PORTION_TRACES", 2)
    infos = [info(number, f"1970-01-01T00:00:0{number}Z") for number in range(1, 6)]
    told: list[tuple[str, int, int | None]] = []

    def copying(destination: _Taking, url: str, *, anew: bool = False) -> Account:
        place = place_of(tmp_path, url, "there", anew=anew)
        account = Account()

        def tell(experiment: Experiment, done: int, total: int | None) -> None:
            told.append((experiment.name, done, total))

        Copying(MlflowServer(url, {}), destination, place, account, tell).run([ONE])
        return account

    answers: Answers = {SEARCH: [(200, {"traces": infos})], FILE: [(200, {"spans": [SPAN]})]}
    with standing_in(answers) as (url, asked):
        first = _Taking(away_at=2)
        with pytest.raises(OutcropError, match=r"away"):
            copying(first, url)
        assert len(first.lines) == 2
        assert told == [("/Shared/one", 0, None), ("/Shared/one", 2, None)]
        second = _Taking()
        assert copying(second, url).traces == 5
        searched = [body.get("filter") for path, body, _ in asked if path.endswith("traces/search")]
        # The last trace of before may have company in its millisecond, so it is asked for again.
        assert searched == [None, "timestamp_ms >= 2000"]
        copying(_Taking(), url, anew=True)
    last = [body.get("filter") for path, body, _ in asked if path.endswith("traces/search")][-1]
    assert last is None


def test_a_place_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutcropError, match=r"OUTCROP_SPOOL_DIR"):
        Place(tmp_path / "file" / "place.json").reached("1", 5)


def test_an_experiment_that_is_not_there_names_those_that_are() -> None:
    known = [{"experiment_id": str(number), "name": f"e{number:02}"} for number in range(30)]
    with standing_in({EXPERIMENTS: [(200, {"experiments": known})]}) as (url, _):
        server = MlflowServer(url, {})
        assert [each.name for each in chosen(server, ["e03", "e01", "e03"])] == ["e03", "e01"]
        assert len(chosen(server, [])) == 30
        with pytest.raises(ConfigurationError, match=r"no experiment nope there. It has: e00, e01,.*, …"):
            chosen(server, ["e01", "nope"])
