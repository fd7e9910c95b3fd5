"""A server of the oldest line: what our SDK sends there its own client reads, and it can be moved from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.testing import BedrockEmulator
from outcrop_server.serve import BackgroundServer
from tests.mlflow.agent_program import agent, script
from tests.mlflow.conftest import MlflowClient

EXPERIMENT = "/Shared/at-the-oldest"
READ = """
import json, mlflow
trace = mlflow.get_trace({trace_id!r})
info, spans = trace.info, trace.data.spans
print(json.dumps({{
    "tags": info.tags, "usage": info.token_usage, "session": info.trace_metadata["mlflow.trace.session"],
    "judged": [[each.name, each.value] for each in info.assessments],
    "spans": [[each.name, each.span_type, each.status.status_code.value, each.outputs] for each in spans],
}}, default=str))
"""


@pytest.fixture
def sending_to_oldest(oldest_mlflow_server: str) -> Iterator[str]:
    """Traces go to that server, which is recognised by asking."""
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(oldest_mlflow_server)
    outcrop.set_experiment(EXPERIMENT)
    outcrop.bedrock.autolog(silent=True)
    yield oldest_mlflow_server
    outcrop.bedrock.autolog(disable=True)
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)


def test_an_agent_is_read_back_judged_and_moved(
    sending_to_oldest: str,
    bedrock_emulator: BedrockEmulator,
    oldest_client: MlflowClient,
    server: BackgroundServer,
    tmp_path: Path,
) -> None:
    script(bedrock_emulator)
    client = bedrock_emulator.client()
    agent(client, "How is the weather in Oslo?")
    client.close()
    assert outcrop.flush()
    trace = outcrop.get_trace(outcrop.get_last_active_trace_id() or "")
    assert trace is not None
    outcrop.log_feedback(trace_id=trace.info.trace_id, name="good", value=True)
    outcrop.set_trace_tag(trace.info.trace_id, "later", "1")
    (found,) = outcrop.search_traces(filter_string="tags.later = '1'")
    assert found.info.trace_id == trace.info.trace_id

    program = READ.format(trace_id=f"tr-{trace.info.trace_id}")
    read: dict[str, Any] = oldest_client.run(program, sending_to_oldest, tmp_path)
    assert (read["tags"]["team"], read["tags"]["later"], read["session"]) == ("blue", "1", "session-1")
    assert read["judged"] == [["good", True]]
    assert read["usage"]["input_tokens"] == 20 + 41 + 9 + 5
    spans = {(name, kind): outputs for name, kind, status, outputs in read["spans"] if status == "OK"}
    assert spans["agent", "AGENT"] == "It is 7 °C in Oslo."
    assert spans["get_weather", "TOOL"] == {"city": "Oslo", "celsius": 7}
    assert sorted(kind for _, kind, *_ in read["spans"]) == sorted(
        each.span_type for each in trace.data.spans
    )

    command = [sys.executable, "-m", "outcrop", "import", "mlflow", "--from", sending_to_oldest]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "--server", server.url, "--experiment", EXPERIMENT],
        check=False,
        capture_output=True,
        text=True,
        env={"OUTCROP_SPOOL_DIR": str(tmp_path / "spool")},
    )
    count = len(trace.data.spans)
    assert done.stdout == f"1 traces read, {count} spans taken in, 0 there already, 1 judgements\n"
