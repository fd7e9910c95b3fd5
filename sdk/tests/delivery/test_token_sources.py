"""Tokens over real HTTP: what the server is sent, and how AWS and Databricks are asked for them."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.delivery.credentials import Credentials, read_credentials
from outcrop.delivery.http_sender import HttpSender
from outcrop.delivery.server import ServerDestination
from outcrop.exceptions import OutcropError
from outcrop.testing.traces import CapturedTraces
from sdk.tests.delivery.http_double import Answer, Asked, HttpDouble

SECRET = "s3cr3t-t0k3n"
ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:outcrop-AbCdEf"


class Server:
    """A server that asks for a token; `token` is the one it takes."""

    def __init__(self) -> None:
        self.token = SECRET
        self.double = HttpDouble(self._answer)

    def _answer(self, asked: Asked) -> Answer:
        return Answer(200 if asked.headers["Authorization"] == f"Bearer {self.token}" else 401)

    @property
    def sent(self) -> list[str | None]:
        """The Authorization headers that came, but for asking which server this is."""
        asked = [each for each in self.double.asked if each.path != "/version"]
        return [each.headers["Authorization"] for each in asked]


class SecretsManager:
    """Answers GetSecretValue; `secrets` has the members of the answer, by id."""

    def __init__(self) -> None:
        self.secrets: dict[str, dict[str, Any]] = {}
        self.double = HttpDouble(self._answer)

    def _answer(self, asked: Asked) -> Answer:
        assert asked.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
        secret = self.secrets.get(json.loads(asked.body)["SecretId"])
        if secret is None:
            error = {"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find it."}
            return Answer(400, json.dumps(error).encode())
        return Answer(200, json.dumps({"Name": "outcrop", **secret}).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with made.double:
        yield made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    made = SecretsManager()
    with made.double:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", made.double.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield made


def _credentials(token: str) -> Credentials:
    return read_credentials("http://127.0.0.1", {"OUTCROP_TOKEN": token})


def test_every_request_has_the_token(server: Server) -> None:
    sender = HttpSender(server.double.url, _credentials(SECRET))
    assert sender.post(b"one").is_delivered
    assert sender.post(b"two").is_delivered
    assert server.sent == [f"Bearer {SECRET}"] * 2
    sender.close()


def test_a_given_token_that_is_refused_is_not_tried_again(server: Server) -> None:
    sender = HttpSender(server.double.url, _credentials("another"))
    sent = sender.post(b"one")
    assert (sent.is_delivered, sent.is_refused) == (False, False)
    assert sent.reason.startswith("HTTP 401")
    assert server.sent == ["Bearer another"]
    sender.close()


def test_a_file_is_read_again_once_when_the_server_refuses(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")
    credentials = read_credentials(server.double.url, {"OUTCROP_TOKEN_FILE": str(file)})
    sender = HttpSender(server.double.url, credentials)
    assert not sender.post(b"one").is_delivered
    assert server.sent == ["Bearer old"]
    file.write_text(SECRET)
    assert sender.post(b"two").is_delivered
    assert sender.post(b"three").is_delivered
    assert server.sent[1:] == ["Bearer old", f"Bearer {SECRET}", f"Bearer {SECRET}"]
    file.unlink()
    server.token = "newest"
    assert sender.post(b"four").reason == f"the token's file {file} cannot be read"
    sender.close()


@pytest.mark.parametrize(
    ("reference", "secret"),
    [
        ("outcrop/token", {"SecretString": SECRET}),
        ("outcrop/token", {"SecretBinary": base64.b64encode(SECRET.encode()).decode()}),
        ("outcrop/token#token", {"SecretString": json.dumps({"token": SECRET, "other": "no"})}),
        (f"{ARN}#token", {"SecretString": json.dumps({"token": SECRET})}),
    ],
    ids=["text", "binary", "json", "arn and json"],
)
def test_secrets_manager_is_asked_once(
    reference: str, secret: dict[str, Any], server: Server, aws: SecretsManager
) -> None:
    name = reference.partition("#")[0]
    aws.secrets[name] = secret
    sender = HttpSender(server.double.url, _credentials(f"aws-secretsmanager:{reference}"))
    assert aws.double.asked == []
    assert all(sender.post(body).is_delivered for body in (b"one", b"two", b"three"))
    (asked,) = aws.double.asked
    region = "eu-west-3" if name == ARN else "us-east-1"
    assert f"/{region}/secretsmanager/" in asked.headers["Authorization"]
    sender.close()


def test_a_rotated_secret_is_fetched_again_once(server: Server, aws: SecretsManager) -> None:
    aws.secrets["outcrop"] = {"SecretString": "old"}
    server.token = "old"
    sender = HttpSender(server.double.url, _credentials("aws-secretsmanager:outcrop"))
    assert sender.post(b"one").is_delivered
    server.token = SECRET
    assert sender.post(b"refused with the old one, which is all there is").reason.startswith("HTTP 401")
    assert (len(aws.double.asked), len(server.sent)) == (2, 2)
    aws.secrets["outcrop"] = {"SecretString": SECRET}
    assert sender.post(b"three").is_delivered
    assert server.sent[2:] == ["Bearer old", f"Bearer {SECRET}"]
    sender.close()


@pytest.mark.parametrize(
    ("reference", "secret", "complaint"),
    [
        (
            "absent",
            None,
            "secret absent cannot be read from AWS Secrets Manager: An error occurred (Resource",
        ),
        (
            "here#key",
            {"SecretString": f'{{"token": "{SECRET}"}}'},
            "is no JSON object with a string under 'key'",
        ),
        ("here#key", {"SecretString": f"{{{SECRET}"}, "is no JSON object with a string under 'key'"),
        (
            "here#key",
            {"SecretString": f'{{"key": ["{SECRET}"]}}'},
            "is no JSON object with a string under 'key'",
        ),
        ("here", {"SecretString": f"two {SECRET}"}, "the token is empty, or has spaces"),
    ],
)
def test_a_secret_that_cannot_be_used_is_said_and_nothing_is_sent(
    reference: str, secret: dict[str, Any] | None, complaint: str, server: Server, aws: SecretsManager
) -> None:
    if secret is not None:
        aws.secrets["here"] = secret
    sent = HttpSender(server.double.url, _credentials(f"aws-secretsmanager:{reference}")).post(b"kept")
    assert (sent.is_delivered, sent.is_refused) == (False, False)
    assert complaint in sent.reason
    assert SECRET not in sent.reason
    assert server.sent == []


def test_no_log_and_no_trace_shows_the_token(
    server: Server, aws: SecretsManager, traces: CapturedTraces, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    aws.secrets["outcrop"] = {"SecretString": SECRET}
    sender = HttpSender(server.double.url, _credentials("aws-secretsmanager:outcrop"))
    with outcrop.start_span("around"):
        assert sender.post(b"one").is_delivered
    sender.close()
    assert "secretsmanager" in caplog.text
    assert SECRET not in caplog.text
    (trace,) = traces.all()
    assert [span.name for span in trace.data.spans] == ["around"]


def test_opentelemetrys_botocore_instrumentation_does_not_see_it(server: Server, aws: SecretsManager) -> None:
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.botocore")
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # installed with it
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
        InMemorySpanExporter,
    )

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    aws.secrets["outcrop"] = {"SecretString": SECRET}
    instrumentor = instrumentation.BotocoreInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        sender = HttpSender(server.double.url, _credentials("aws-secretsmanager:outcrop"))
        assert sender.post(b"one").is_delivered
        sender.close()
    finally:
        instrumentor.uninstrument()
    assert exporter.get_finished_spans() == ()


@pytest.fixture
def databricks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HttpDouble]:
    pytest.importorskip("databricks.sdk", reason="databricks-sdk is not installed in this environment")

    def answer(asked: Asked) -> Answer:
        if asked.path == "/api/2.0/secrets/get?key=token&scope=outcrop":
            value = base64.b64encode(SECRET.encode()).decode()
            return Answer(200, json.dumps({"key": "token", "value": value}).encode())
        error = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Secret does not exist."}
        return Answer(404, json.dumps(error).encode(), {"Content-Type": "application/json"})

    with HttpDouble(answer) as double:
        monkeypatch.setenv("DATABRICKS_HOST", double.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "made-up")
        monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
        yield double


def test_a_databricks_secret_is_read_once_and_shown_nowhere(
    server: Server, databricks: HttpDouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sender = HttpSender(server.double.url, _credentials("databricks-secret:outcrop/token"))
    assert databricks.asked == []
    assert sender.post(b"one").is_delivered
    assert sender.post(b"two").is_delivered
    secrets = [asked for asked in databricks.asked if "/secrets/get" in asked.path]
    assert [asked.headers["Authorization"] for asked in secrets] == ["Bearer made-up"]
    assert SECRET not in caplog.text
    assert base64.b64encode(SECRET.encode()).decode() not in caplog.text
    missing = HttpSender(server.double.url, _credentials("databricks-secret:outcrop/absent")).post(b"kept")
    assert missing.reason == (
        "the token's Databricks secret outcrop/absent cannot be read: Secret does not exist."
    )
    sender.close()


def _ends_at_once(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    """A program whose first and only batch goes out while the interpreter ends."""
    monkeypatch.setenv("OUTCROP_TOKEN", token)
    monkeypatch.setenv("OUTCROP_TRACKING_URI", server.double.url)
    monkeypatch.setenv("OUTCROP_SPOOL_DIR", str(folder))
    # A library that reads secrets takes seconds to load on a busy machine: more than an exit waits.
    program = """
import outcrop, outcrop.runtime
outcrop.runtime._EXIT_TIMEOUT_S = 50.0
with outcrop.start_span("only"): pass
"""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert server.sent == [f"Bearer {SECRET}"]


def test_a_short_program_still_gets_its_token_from_aws(
    server: Server, aws: SecretsManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.secrets["outcrop"] = {"SecretString": SECRET}
    _ends_at_once(server, tmp_path, monkeypatch, "aws-secretsmanager:outcrop")


@pytest.mark.usefixtures("databricks")
def test_a_short_program_still_gets_its_token_from_databricks(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ends_at_once(server, tmp_path, monkeypatch, "databricks-secret:outcrop/token")


def _destination(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, token_file: Path
) -> ServerDestination:
    monkeypatch.setenv("OUTCROP_TOKEN_FILE", str(token_file))
    return ServerDestination(url, folder, {})


def test_reading_a_trace_shows_the_token_and_renews_it_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(SECRET)
    destination = _destination(server.double.url, tmp_path, monkeypatch, file)
    assert destination.read_trace("0" * 32) == []
    file.write_text("newer")
    server.token = "newer"
    assert destination.read_trace("0" * 32) == []
    assert server.sent == [f"Bearer {SECRET}", f"Bearer {SECRET}", "Bearer newer"]
    server.token = "another"
    with pytest.raises(OutcropError, match="answered HTTP 401"):
        destination.read_trace("0" * 32)


def test_a_redirect_does_not_take_the_token_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to_elsewhere: list[Callable[[], str]] = []

    def answer(_: Asked) -> Answer:
        return Answer(302, headers={"Location": to_elsewhere[0]()})

    file = tmp_path / "token"
    file.write_text(SECRET)
    with HttpDouble(lambda _: Answer()) as elsewhere, HttpDouble(answer) as first:
        to_elsewhere.append(lambda: f"{elsewhere.url}/trace")
        assert _destination(first.url, tmp_path, monkeypatch, file).read_trace("0" * 32) == []
        # Once to learn which server this is, once for the trace.
        assert [asked.headers["Authorization"] for asked in first.asked] == [f"Bearer {SECRET}"] * 2
        assert [asked.headers["Authorization"] for asked in elsewhere.asked] == [None]
