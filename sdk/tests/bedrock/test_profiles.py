"""Resolving application profiles: opt-in, once a profile, over real HTTP, and never in the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

import outcrop
from outcrop.bedrock import call_members
from outcrop.bedrock.profiles import ProfileResolver
from outcrop.runtime import get_runtime
from outcrop.settings import Settings, read_settings
from outcrop.testing.traces import CapturedTraces

PROFILE = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123def456"
MODEL_ARN = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]


class ControlPlane:
    """Answers GetInferenceProfile as Bedrock does."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        plane = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                plane.asked.append(unquote(self.path))
                found = {"inferenceProfileName": "p", "models": [{"modelArn": MODEL_ARN}], "status": "ACTIVE"}
                refused = {"message": "not authorized to perform bedrock:GetInferenceProfile"}
                body = json.dumps(found if plane.status == 200 else refused).encode()
                self.send_response(plane.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if plane.status != 200:
                    self.send_header("x-amzn-ErrorType", "AccessDeniedException")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's signature
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)


@pytest.fixture
def control_plane(monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlPlane]:
    plane = ControlPlane()
    plane.thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", f"http://127.0.0.1:{plane.server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr(call_members, "_resolver", None)
    # A busy machine takes its time.
    monkeypatch.setattr("outcrop.bedrock.profiles._TIMEOUT_S", 60)
    yield plane
    plane.server.shutdown()
    plane.server.server_close()
    plane.thread.join()


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = read_settings({"OUTCROP_RESOLVE_PROFILES": "1"})
    monkeypatch.setattr(get_runtime(), "settings", settings)
    return settings


@pytest.mark.usefixtures("resolving")
def test_a_profile_is_resolved_once_and_its_model_named(
    client: Any, traces: CapturedTraces, control_plane: ControlPlane
) -> None:
    for _ in range(3):
        client.converse(modelId=PROFILE, messages=HELLO)
    assert control_plane.asked == []  # nothing is asked while the program calls
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert control_plane.asked == [f"/inference-profiles/{PROFILE}"]
    for span in spans:
        assert span.attributes["gen_ai.request.model"] == PROFILE
        assert span.attributes["gen_ai.response.model"] == "anthropic.claude-3-haiku-20240307-v1:0"
        assert span.attributes["outcrop.model.vendor"] == "anthropic"
        assert span.attributes["outcrop.model.arn_kind"] == "application-inference-profile"


@pytest.mark.usefixtures("resolving")
def test_a_profile_that_may_not_be_read_is_said_once_and_loses_nothing(
    client: Any, traces: CapturedTraces, control_plane: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    control_plane.status = 403
    for _ in range(2):
        client.converse(modelId=PROFILE, messages=HELLO)
    spans = [trace.data.spans[0] for trace in traces.all()]
    assert [span.status.status_code for span in spans] == ["OK", "OK"]
    assert "gen_ai.response.model" not in spans[0].attributes
    assert len(control_plane.asked) == 1
    assert caplog.text.count("bedrock:GetInferenceProfile; or name it") == 1


def test_nobody_is_asked_unless_the_user_wants_it(
    client: Any, traces: CapturedTraces, control_plane: ControlPlane
) -> None:
    client.converse(modelId=PROFILE, messages=HELLO)
    assert traces.last().data.spans[0].status.status_code == "OK"
    assert control_plane.asked == []


def test_other_identifiers_are_not_asked_about() -> None:
    def fail(_: Any) -> None:
        raise AssertionError

    assert ProfileResolver(fail).resolve("us.anthropic.claude-3-haiku-20240307-v1:0") is None
    assert ProfileResolver(fail).resolve(MODEL_ARN) is None


def test_a_wrong_switch_names_the_valid_ones() -> None:
    with pytest.raises(outcrop.ConfigurationError, match="give 1, true, yes or on"):
        read_settings({"OUTCROP_RESOLVE_PROFILES": "maybe"})
