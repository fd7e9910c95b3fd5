"""Switching tracing on and off, and what a program never notices of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from botocore.client import BaseClient
from opentelemetry import trace as otel

import outcrop
from outcrop.bedrock import wire
from outcrop.bedrock.call import Call
from outcrop.testing import BedrockEmulator
from outcrop.testing.traces import CapturedTraces, capture_traces

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]


def _patch_point() -> Any:
    return vars(BaseClient)["_make_api_call"]


def test_disabling_gives_back_the_very_original_function() -> None:
    original = _patch_point()
    outcrop.bedrock.autolog(silent=True)
    outcrop.bedrock.autolog(silent=True)
    assert _patch_point() is not original
    outcrop.bedrock.autolog(disable=True)
    assert _patch_point() is original
    outcrop.bedrock.autolog(silent=True)
    outcrop.autolog(disable=True)
    assert _patch_point() is original
    outcrop.bedrock.autolog(log_traces=False)
    assert _patch_point() is original


DISABLED = """
import sys, outcrop
from outcrop.bedrock.autolog import autolog_on_import
outcrop.autolog()
outcrop.bedrock.autolog()
autolog_on_import()
assert "botocore" not in sys.modules
from botocore.client import BaseClient
from botocore import httpsession
function = BaseClient._make_api_call
print(function.__code__.co_filename, httpsession.URLLib3Session.send.__code__.co_filename)
"""


def test_a_disabled_sdk_changes_nothing_of_botocore() -> None:
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", DISABLED],
        env={**os.environ, "OTEL_SDK_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # Whose code it is that runs: a wrapper would keep the name, but not the file.
    assert done.stdout.count("botocore") >= 2
    assert "instrumentation.py" not in done.stdout


def test_enabling_twice_traces_once(client: Any, traces: CapturedTraces) -> None:
    outcrop.bedrock.autolog(silent=True)
    client.converse(modelId=MODEL, messages=HELLO)
    (trace,) = traces.all()
    assert len(trace.data.spans) == 1


def test_a_client_made_before_enabling_is_traced(bedrock_emulator: BedrockEmulator) -> None:
    client = bedrock_emulator.client()
    with capture_traces() as captured:
        client.converse(modelId=MODEL, messages=HELLO)
        assert captured.all() == []
        outcrop.bedrock.autolog(silent=True)
        client.converse(modelId=MODEL, messages=HELLO)
        assert len(captured.all()) == 1
        outcrop.bedrock.autolog(disable=True)
        client.converse(modelId=MODEL, messages=HELLO)
        assert len(captured.all()) == 1
    client.close()


def test_disabling_under_another_wrapper_stops_tracing_and_enabling_again_does_not_double(
    client: Any, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = _patch_point()

    def other(self: Any, *args: Any) -> Any:
        return ours(self, *args)

    other.__wrapped__ = ours  # type: ignore[attr-defined]  # what functools.wraps would set
    monkeypatch.setattr(BaseClient, "_make_api_call", other)
    outcrop.bedrock.autolog(disable=True)
    client.converse(modelId=MODEL, messages=HELLO)
    assert traces.all() == []
    outcrop.bedrock.autolog(silent=True)
    client.converse(modelId=MODEL, messages=HELLO)
    assert len(traces.all()) == 1
    assert len(traces.last().data.spans) == 1
    monkeypatch.undo()


def test_a_fault_of_our_own_never_reaches_the_program(
    client: Any, traces: CapturedTraces, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")

    def broken(*_: Any) -> None:
        raise RuntimeError("our own fault")

    monkeypatch.setattr(wire, "Attempt", broken)
    monkeypatch.setattr(Call, "finish", broken)
    response = client.converse(modelId=MODEL, messages=HELLO)
    client.converse(modelId=MODEL, messages=HELLO)
    assert response["stopReason"] == "end_turn"
    assert traces.all() == []
    faults = [record.getMessage() for record in caplog.records if record.name == "outcrop"]
    assert len(faults) == 3
    assert all("fault of Outcrop's own" in message for message in faults)


def test_calls_nest_under_the_span_that_is_current_in_their_thread(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    client = bedrock_emulator.client()

    def agent(number: int) -> None:
        with outcrop.start_span(f"agent {number}"):
            for _ in range(3):
                client.converse(modelId=MODEL, messages=HELLO)

    threads = [threading.Thread(target=agent, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert len(traces.all()) == 20
    for trace in traces.all():
        root, *calls = trace.data.spans
        assert root.name.startswith("agent")
        assert [call.parent_id for call in calls] == [root.span_id] * 3


def test_a_call_nests_under_a_span_of_another_library(client: Any, traces: CapturedTraces) -> None:
    context = otel.SpanContext(0xABC, 0xDEF, is_remote=True)
    with otel.use_span(otel.NonRecordingSpan(context)):
        client.converse(modelId=MODEL, messages=HELLO)
    (span,) = traces.last().data.spans
    assert span.trace_id == f"{0xABC:032x}"
    assert span.parent_id == f"{0xDEF:016x}"
    assert outcrop.get_last_active_trace_id() == span.trace_id


def test_other_services_and_operations_are_left_alone(
    bedrock_emulator: BedrockEmulator, traces: CapturedTraces
) -> None:
    client = bedrock_emulator.client("bedrock")
    with pytest.raises(Exception, match="UnknownOperation"):
        client.list_foundation_models()
    client.close()
    assert traces.all() == []
