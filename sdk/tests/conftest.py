"""Fixtures of the SDK's tests: faults are raised, nothing leaves the machine, tracing ends again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import outcrop
from outcrop.testing import BedrockEmulator
from outcrop.testing.traces import CapturedTraces, capture_traces

# The same examples in every run, and no clock: a busy machine must not fail a test. To search for more, other
# ones are tried: as many for each test as this variable says.
EXAMPLES = int(os.environ.get("OUTCROP_TEST_EXAMPLES", "0"))
settings.register_profile("outcrop", deadline=None, derandomize=not EXAMPLES, max_examples=EXAMPLES or 40)
settings.load_profile("outcrop")

CLAUDE = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_sent_unasked() -> None:
    # What ends outside a test's capture would go to a server that is not there, and be complained of in
    # the midst of another test.
    outcrop.set_tracking_uri("memory://")


@pytest.fixture(autouse=True)
def _own_faults_are_raised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OUTCROP_RAISE_FAULTS", "1")
    monkeypatch.setenv("OUTCROP_SPOOL_DIR", str(tmp_path / "spool"))


@pytest.fixture(autouse=True)
def _showing_values_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a busy machine does not show within half a second would be cut."""
    monkeypatch.setattr("outcrop.capture.bounded.MAX_RENDER_S", 60.0)


@pytest.fixture
def traces() -> Iterator[CapturedTraces]:
    """Tracing of Bedrock is on, and its traces are kept in memory."""
    with capture_traces() as captured:
        outcrop.bedrock.autolog(silent=True)
        yield captured
        outcrop.bedrock.autolog(disable=True)


@pytest.fixture
def client(bedrock_emulator: BedrockEmulator) -> Iterator[Any]:
    """A real boto3 client that talks to the emulator."""
    made = bedrock_emulator.client()
    yield made
    made.close()


def user(text: str) -> dict[str, Any]:
    """A user's message as Converse takes it."""
    return {"role": "user", "content": [{"text": text}]}
