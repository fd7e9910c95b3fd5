"""A plain address: an Outcrop server and MLflow's are told apart by asking once; nothing leaves before."""

from __future__ import annotations

from pathlib import Path

import pytest
from steady_port import steady_port

from outcrop.delivery.server import ServerDestination
from outcrop.exceptions import OutcropError
from outcrop.otlp.encode import encode_span
from outcrop.otlp.records import EncodedSpan, SpanGroup, SpanRecord
from sdk.tests.delivery.http_double import Answer, Asked, HttpDouble

PLAIN = {"Content-Type": "text/plain"}


class Ended:
    """A span that has ended."""

    is_costly = False
    is_local_root = True

    def flat(self) -> None:
        """It has no such form."""

    def encode(self) -> EncodedSpan:
        """Its bytes."""
        record = SpanRecord(
            b"t" * 16,
            b"s" * 8,
            b"",
            "root",
            1,
            1,
            2,
            1,
            "",
            {"outcrop.span.type": "TOOL"},
            [],
            "/Shared/a",
            "",
        )
        return encode_span(record)._replace(group=SpanGroup("/Shared/a", "test"))


def _routes(double: HttpDouble) -> list[str]:
    return [f"{asked.method} {asked.path}" for asked in double.asked]


def _sent(url: str, folder: Path) -> ServerDestination:
    destination = ServerDestination(url, folder, {}, mode="memory")
    for _ in range(2):
        destination.submit(Ended())
        destination.flush(10)
    return destination


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"3.17.2", {**PLAIN, "X-Outcrop-Version": "1.0"}),
        Answer(200, b"<!doctype html><html>", {"Content-Type": "text/html"}),
        Answer(404, b'{"detail": "There is nothing at /version."}'),
    ],
)
def test_an_outcrop_server_is_asked_once_and_gets_spans_as_before(answer: Answer, tmp_path: Path) -> None:
    with HttpDouble(lambda asked: answer if asked.path == "/version" else Answer()) as double:
        destination = _sent(double.url, tmp_path)
        destination.shutdown(5)
        assert _routes(double) == ["GET /version", "POST /v1/traces", "POST /v1/traces"]
        assert destination.stats().sent == 2


def _mlflow(asked: Asked) -> Answer:
    if asked.path == "/version":
        return Answer(200, b"3.17.2\n", PLAIN)
    if "get-by-name" in asked.path:
        return Answer(200, b'{"experiment": {"experiment_id": "7"}}')
    if asked.path == "/api/3.0/mlflow/traces":
        return Answer(
            200, b'{"trace": {"trace_info": {"tags": {"mlflow.trace.spansLocation": "TRACKING_STORE"}}}}'
        )
    return Answer()


def test_a_plain_version_is_mlflow_and_gets_its_form(tmp_path: Path) -> None:
    with HttpDouble(_mlflow) as double:
        destination = _sent(double.url, tmp_path)
        destination.shutdown(5)
        assert destination.stats().sent == 2
        assert _routes(double) == [
            "GET /version",
            "GET /version",  # by the other sender, for the version itself
            "GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=%2FShared%2Fa",
            *["POST /v1/traces", "POST /api/3.0/mlflow/traces"] * 2,
        ]
        posted = [asked for asked in double.asked if asked.path == "/v1/traces"]
        assert {asked.headers["x-mlflow-experiment-id"] for asked in posted} == {"7"}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_stands_before_a_server_decides_nothing(status: int, tmp_path: Path) -> None:
    answers = [Answer(status)]
    with HttpDouble(lambda asked: answers[0] if asked.path == "/version" else Answer()) as double:
        destination = _sent(double.url, tmp_path)
        assert destination.stats().sent == 0
        assert destination.stats().spooled == 2
        assert set(_routes(double)) == {"GET /version"}
        answers[0] = Answer(404)
        destination.flush(10)
        destination.shutdown(5)
        assert destination.stats().sent == 2


def test_while_nothing_answers_spans_wait_as_they_are(tmp_path: Path) -> None:
    destination = _sent(f"http://127.0.0.1:{steady_port()}", tmp_path)
    assert destination.stats().spooled == 2
    with pytest.raises(OutcropError, match="connection refused"):
        destination.read_trace("0" * 32)
    destination.shutdown(5)


def test_an_mlflow_that_is_too_old_is_named_and_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with HttpDouble(lambda _: Answer(200, b"3.3.2", PLAIN)) as double:
        destination = _sent(double.url, tmp_path)
        destination.shutdown(5)
    assert destination.stats().spooled == 2
    assert "MLflow 3.3 takes no spans: upgrade that server to 3.4 or later" in caplog.text
