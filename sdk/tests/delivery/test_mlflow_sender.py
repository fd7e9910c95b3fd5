"""The last step to MLflow's servers, older ones and failing ones among them, against an HTTP double."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outcrop.delivery.mlflow.server import server_sender
from outcrop.delivery.otlp_decode import decode_request
from outcrop.otlp.encode import encode_request, encode_span
from outcrop.otlp.records import SpanGroup, SpanRecord
from sdk.tests.delivery.http_double import Answer, Asked, HttpDouble

PLACE = "mlflow-artifacts:/7/traces"


class Server:
    """An MLflow server; what it says to a route can be changed."""

    def __init__(self, version: str, *, has_spans: bool) -> None:
        """`has_spans`: whether its database keeps them."""
        self.version = version
        self.tags = {"mlflow.trace.spansLocation": "TRACKING_STORE"} if has_spans else {}
        self.said: dict[str, Answer] = {}
        self.files: dict[str, bytes] = {}
        self.double = HttpDouble(self._answer)

    def _answer(self, asked: Asked) -> Answer:
        if asked.path in self.said:
            return self.said[asked.path]
        if asked.path == "/version":
            return Answer(200, self.version.encode())
        if "get-by-name" in asked.path:
            return Answer(200, b'{"experiment": {"experiment_id": "7"}}')
        if asked.path == "/api/3.0/mlflow/traces":
            info = json.loads(asked.body)["trace"]["trace_info"]
            place = {"mlflow.artifactLocation": f"{PLACE}/{info['trace_id']}/artifacts"}
            return Answer(
                200, json.dumps({"trace": {"trace_info": {**info, "tags": {**place, **self.tags}}}}).encode()
            )
        if asked.path.startswith("/api/2.0/mlflow-artifacts/"):
            if asked.method == "PUT":
                self.files[asked.path] = asked.body
                return Answer()
            found = self.files.get(asked.path)
            return Answer(404) if found is None else Answer(200, found)
        return Answer()

    def posted(self, path: str) -> list[Asked]:
        """The requests to a route."""
        return [asked for asked in self.double.asked if asked.path == path]


def _batch(*spans: tuple[int, int, int], name: str = "/Shared/a", usage: bool = False) -> bytes:
    """Spans by trace, number and the number above them (0 for a root)."""
    encoded: list[Any] = []
    for trace, number, above in spans:
        counts = {"gen_ai.usage.input_tokens": 2, "gen_ai.usage.output_tokens": 1} if usage else {}
        record = SpanRecord(
            bytes([trace]) * 16,
            bytes([number]) * 8,
            bytes([above]) * 8 if above else b"",
            f"span {number}",
            1,
            10 + number,
            90 - number,
            1,
            "",
            {"outcrop.span.type": "CHAT_MODEL", **counts},
            [],
            name,
            "",
        )
        encoded.append(encode_span(record)._replace(group=SpanGroup(name, "test")))
    return encode_request(encoded, {})


def _names(data: bytes) -> list[str]:
    return [each["name"] for each in json.loads(data)["spans"]]


def test_a_recent_server_gets_many_traces_in_one_request() -> None:
    server = Server("3.17.2", has_spans=True)
    with server.double:
        sender = server_sender(server.double.url, began_ns=0)
        assert sender.post(_batch((1, 1, 0), (2, 2, 0), (2, 3, 2))).is_delivered
        sender.close()
        (spans,) = server.posted("/v1/traces")
        assert len(decode_request(spans.body)) == 3
        assert len(server.posted("/api/3.0/mlflow/traces")) == 2
        assert server.files == {}


def test_an_old_server_gets_one_trace_a_request_and_the_file_that_its_clients_read() -> None:
    server = Server("3.4.0", has_spans=False)
    with server.double:
        sender = server_sender(server.double.url, began_ns=0)
        assert sender.post(_batch((1, 1, 0), (2, 2, 0), (2, 3, 2), usage=True)).is_delivered
        assert [len(decode_request(asked.body)) for asked in server.posted("/v1/traces")] == [1, 2]
        assert all("Content-Encoding" not in asked.headers for asked in server.double.asked)
        file = f"/api/2.0/mlflow-artifacts/artifacts/7/traces/tr-{'02' * 16}/artifacts/traces.json"
        assert _names(server.files[file]) == ["span 2", "span 3"]
        # It does not sum up what spans say.
        info = json.loads(server.posted("/api/3.0/mlflow/traces")[-1].body)["trace"]["trace_info"]
        assert json.loads(info["trace_metadata"]["mlflow.trace.tokenUsage"])["total_tokens"] == 6
        sender.close()


def test_parts_of_a_trace_become_one_file_whoever_sends_them() -> None:
    server = Server("3.4.0", has_spans=False)
    with server.double:
        first, second = (server_sender(server.double.url, began_ns=50) for _ in range(2))
        assert first.post(_batch((1, 3, 1))).is_delivered
        (data,) = server.files.values()
        assert _names(data) == ["span 3"]
        # Another process has the root, which began before it: what is there already stays.
        assert second.post(_batch((1, 1, 0))).is_delivered
        (data,) = server.files.values()
        assert _names(data) == ["span 1", "span 3"]
        states = [
            json.loads(asked.body)["trace"]["trace_info"]["state"]
            for asked in server.posted("/api/3.0/mlflow/traces")
        ]
        assert states == ["IN_PROGRESS", "OK"]
        first.close()
        second.close()


def test_what_is_sent_again_after_half_of_it_failed_counts_once() -> None:
    server = Server("3.4.0", has_spans=False)
    file = f"/api/2.0/mlflow-artifacts/artifacts/7/traces/tr-{'02' * 16}/artifacts/traces.json"
    with server.double:
        sender = server_sender(server.double.url, began_ns=0)
        server.said[file] = Answer(503)
        body = _batch((1, 3, 1), (2, 2, 0), usage=True)
        sent = sender.post(body)
        assert (sent.is_delivered, sent.is_refused, sent.is_foreign) == (False, False, True)
        del server.said[file]
        assert sender.post(body).is_delivered
        assert sender.post(_batch((1, 1, 0), usage=True)).is_delivered
        info = json.loads(server.posted("/api/3.0/mlflow/traces")[-1].body)["trace"]["trace_info"]
        assert json.loads(info["trace_metadata"]["mlflow.trace.tokenUsage"])["total_tokens"] == 6
        sender.close()


@pytest.mark.parametrize(
    ("answer", "is_refused", "said"),
    [
        (Answer(400, b'{"detail": "Invalid OpenTelemetry format"}'), True, "Invalid OpenTelemetry format"),
        (Answer(501, b'{"detail": "no"}'), False, "start it with --backend-store-uri sqlite:///mlflow.db"),
        (Answer(429, b"", {"Retry-After": "7"}), False, "the quota is used up"),
        (
            Answer(422, b'{"detail": "Cannot convert OpenTelemetry span to MLflow span"}'),
            True,
            "Cannot convert",
        ),
        (Answer(500, b"oops"), False, "HTTP 500: oops"),
    ],
)
def test_what_can_pass_later_waits_and_what_cannot_is_refused(
    answer: Answer, is_refused: bool, said: str
) -> None:
    server = Server("3.17.2", has_spans=True)
    server.said["/v1/traces"] = answer
    with server.double:
        sender = server_sender(server.double.url, began_ns=0)
        sent = sender.post(_batch((1, 1, 0)))
        sender.close()
    assert (sent.is_delivered, sent.is_refused) == (False, is_refused)
    assert said in sent.reason
    assert "\n" not in sent.reason
    assert sent.retry_after_s == (7 if answer.status == 429 else None)


def test_a_database_that_fails_is_waited_for_but_not_for_ever() -> None:
    server = Server("3.17.2", has_spans=True)
    server.said["/v1/traces"] = Answer(422, b'{"detail": "Failed to log OpenTelemetry spans"}')
    with server.double:
        sender = server_sender(server.double.url, began_ns=0)
        outcomes = [sender.post(_batch((1, 1, 0))).is_refused for _ in range(5)]
        sender.close()
    assert outcomes == [False, False, False, False, True]


def test_what_is_no_mlflow_is_named() -> None:
    server = Server("hello", has_spans=True)
    with server.double:
        sender = server_sender(server.double.url, began_ns=0)
        sent = sender.post(_batch((1, 1, 0)))
        sender.close()
    assert "no MLflow server (GET /version gives 'hello')" in sent.reason
