"""`outcrop import mlflow`: traces of real clients, from a real server and from its file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.serve import BackgroundServer
from tests.mlflow.conftest import MlflowClient

PROGRAM = """
import json, mlflow
from mlflow.entities import AssessmentSource, SpanType

mlflow.set_experiment({name!r})

@mlflow.trace(span_type=SpanType.TOOL)
def weather(city):
    return {{"temperature": 21, "$unit": "C"}}

@mlflow.trace(span_type=SpanType.AGENT)
def agent(question):
    mlflow.update_current_trace(
        tags={{"team": "trains"}},
        metadata={{"mlflow.trace.session": "s1", "mlflow.trace.user": "kari", "release": "7"}},
    )
    with mlflow.start_span("model", span_type="CHAT_MODEL") as span:
        span.set_inputs({{"messages": [{{"role": "user", "content": question}}]}})
        span.set_outputs({{"choices": [{{"message": {{"role": "assistant", "content": "Sunny."}}}}]}})
        usage = {{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}}
        span.set_attribute("mlflow.chat.tokenUsage", usage)
    return weather("Oslo")

agent("How is the weather?")
asked = mlflow.get_last_active_trace_id()

@mlflow.trace
def broken():
    raise ValueError("no way")

try:
    broken()
except ValueError:
    pass
flush = getattr(mlflow, "flush_trace_async_logging")
flush()
human = AssessmentSource(source_type="HUMAN", source_id="me")
mlflow.log_feedback(trace_id=asked, name="good", value=True, rationale="It is.", source=human)
mlflow.log_expectation(trace_id=asked, name="answer", value="Sunny.", source=human)
mlflow.set_trace_tag(asked, "later", "1")
print(json.dumps({{"asked": asked}}))
"""


def copied(
    source: str, server: BackgroundServer, folder: Path, *more: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    command = [
        sys.executable,
        "-m",
        "outcrop",
        "import",
        "mlflow",
        "--from",
        source,
        "--server",
        server.url,
        *more,
    ]
    return subprocess.run(  # noqa: S603 - our own command
        command, check=False, capture_output=True, text=True, env={"OUTCROP_SPOOL_DIR": str(folder / "spool")}
    )


def exported(server: BackgroundServer) -> list[dict[str, Any]]:
    """All that the server has, without what it numbered itself."""
    command = [sys.executable, "-m", "outcrop", "traces", "export", "--server", server.url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - as above
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        line["info"].pop("experiment_id")
    return lines


@pytest.mark.parametrize("is_file", [False, True], ids=["server", "file"])
def test_traces_come_over_with_all_that_is_known_of_them(
    mlflow_client: MlflowClient,
    mlflow_server: str,
    mlflow_database: Path,
    server: BackgroundServer,
    tmp_path: Path,
    *,
    is_file: bool,
) -> None:
    name = f"/Shared/moving-{mlflow_client.name}-{is_file}"
    said = mlflow_client.run(PROGRAM.format(name=name), mlflow_server, tmp_path)
    source = f"sqlite:///{mlflow_database}" if is_file else mlflow_server
    done = copied(source, server, tmp_path, "--experiment", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 traces read, 4 spans taken in, 0 there already, 2 judgements\n"

    broken, asked = exported(server)
    assert asked["experiment_name"] == broken["experiment_name"] == name
    assert f"tr-{asked['trace_id']}" == said["asked"]
    info = asked["info"]
    assert (info["name"], info["status"], info["span_count"]) == ("agent", "OK", 3)
    assert (info["session_id"], info["user_id"]) == ("s1", "kari")
    assert info["tags"] == {"team": "trains", "later": "1"}
    assert (info["usage"]["input_tokens"], info["usage"]["output_tokens"]) == (3, 4)
    assert asked["metadata"]["release"] == "7"
    spans = {span["name"]: span for span in asked["spans"]}
    assert spans["agent"]["span_type"] == "AGENT"
    assert spans["model"]["parent_span_id"] == spans["weather"]["parent_span_id"] == spans["agent"]["span_id"]
    assert spans["weather"]["outputs"] == {"temperature": 21, "$unit": "C"}
    assert spans["model"]["outputs"]["choices"][0]["message"]["content"] == "Sunny."
    judged = {each["name"]: each for each in asked["assessments"]}
    assert (judged["good"]["value"], judged["good"]["rationale"]) == (True, "It is.")
    assert judged["answer"]["kind"] == "expectation"
    assert (broken["info"]["status"], broken["info"]["error"]["type"]) == ("ERROR", "ValueError")
    (event,) = broken["spans"][0]["events"]
    assert "no way" in event["attributes"]["exception.stacktrace"]

    # Once more: the last trace is looked at again, and nothing comes twice.
    before = exported(server)
    done = copied(source, server, tmp_path, "--experiment", name)
    assert done.stdout == "1 traces read, 0 spans taken in, 1 there already, 0 judgements\n"
    done = copied(source, server, tmp_path, "--experiment", name, "--again")
    assert done.stdout == "2 traces read, 0 spans taken in, 4 there already, 0 judgements\n"
    assert exported(server) == before


def test_an_experiment_that_is_not_there_is_said(
    mlflow_server: str, server: BackgroundServer, tmp_path: Path
) -> None:
    done = copied(mlflow_server, server, tmp_path, "--experiment", "/Shared/none")
    assert done.returncode == 2
    assert done.stderr.startswith("outcrop import: MLflow has no experiment /Shared/none there. It has: ")


def test_a_source_or_a_destination_that_is_away_is_said(server: BackgroundServer, tmp_path: Path) -> None:
    done = copied(f"sqlite:///{tmp_path / 'none.db'}", server, tmp_path)
    assert (done.returncode, done.stdout) == (
        1,
        "0 traces read, 0 spans taken in, 0 there already, 0 judgements\n",
    )
    assert f"There is no file {tmp_path / 'none.db'}." in done.stderr
    (tmp_path / "other.db").write_bytes(b"no database")
    done = copied(f"sqlite:///{tmp_path / 'other.db'}", server, tmp_path)
    assert "cannot be read: file is not a database." in done.stderr
    done = copied("./mlruns", server, tmp_path)
    assert done.returncode == 2
    assert "mlflow server --backend-store-uri ./mlruns" in done.stderr
