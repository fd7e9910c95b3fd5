"""`span.cost` and `trace.info.cost`: found when asked for, None when unknown, wrong files told."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.exceptions import ConfigurationError
from outcrop.testing import BedrockEmulator, Reply, Usage
from outcrop.testing.traces import CapturedTraces

MODEL = "amazon.nova-pro-v1:0"
UNPRICED = "cohere.command-r-v1:0"


@pytest.fixture
def price_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({MODEL: {"input": 2, "output": 10}}))
    monkeypatch.setenv("OUTCROP_PRICES", str(file))
    return file


def ask(client: Any, model: str) -> None:
    client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])


@pytest.mark.usefixtures("price_file")
def test_a_trace_costs_what_its_known_calls_cost(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces
) -> None:
    bedrock_emulator.script(MODEL, Reply("a", usage=Usage(1000, 100)), Reply("b", usage=Usage(500, 10)))
    bedrock_emulator.script(UNPRICED, Reply("c", usage=Usage(9, 9)))

    @outcrop.trace
    def agent() -> None:
        ask(client, MODEL)
        ask(client, MODEL)
        ask(client, UNPRICED)

    agent()
    trace = traces.last()
    assert [span.cost for span in trace.data.spans] == [None, 0.003, 0.0011, None]
    assert trace.info.cost == 0.0041
    # What finds the cost is no part of what a span is: it can be compared, shown and sent to a process.
    assert pickle.loads(pickle.dumps(trace)) == trace  # noqa: S301  # our own bytes
    assert "find_cost" not in repr(trace)


def test_a_wrong_price_file_is_told_to_who_asks_for_a_cost_and_harms_no_call(
    bedrock_emulator: BedrockEmulator, client: Any, traces: CapturedTraces, price_file: Path
) -> None:
    price_file.write_text("{")
    bedrock_emulator.script(MODEL, Reply("a", usage=Usage(1, 1)))
    ask(client, MODEL)
    info = traces.last().info
    assert info.token_usage is not None
    with pytest.raises(ConfigurationError, match="line 1"):
        _ = info.cost


def test_a_call_that_was_refused_has_no_cost(client: Any, traces: CapturedTraces, price_file: Path) -> None:
    assert price_file.exists()
    with pytest.raises(Exception, match="Parameter validation"):
        client.converse(modelId=MODEL, messages="none")
    assert traces.last().info.cost is None
