"""Our SDK, MLflow's own server: what its real client reads there is what the program did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.assemble import assemble_trace
from outcrop.delivery.memory import MemoryDestination
from outcrop.entities import Trace
from outcrop.otlp.records import EndedSpan
from outcrop.runtime import get_runtime
from outcrop.testing import BedrockEmulator
from tests.mlflow.agent_program import agent, failing, script
from tests.mlflow.conftest import MlflowClient
from tests.mlflow.sending import sending

__all__ = ["sending"]

READ = """
import json, mlflow
experiment = mlflow.get_experiment_by_name({experiment!r})
found = []
for trace in [mlflow.get_trace(each) for each in {trace_ids!r}]:
    info = trace.info
    found.append({{
        "id": info.trace_id, "experiment": info.experiment_id == experiment.experiment_id,
        "state": str(info.state.value), "start": info.request_time, "duration": info.execution_duration,
        "tags": info.tags, "metadata": info.trace_metadata, "usage": info.token_usage,
        "request": info.request_preview, "response": info.response_preview,
        "spans": [{{
            "name": each.name, "id": each.span_id, "parent": each.parent_id, "type": each.span_type,
            "inputs": each.inputs, "outputs": each.outputs, "status": each.status.status_code.value,
            "description": each.status.description, "start": each.start_time_ns, "end": each.end_time_ns,
            "attributes": each.attributes,
            "events": [[event.name, event.timestamp, event.attributes] for event in each.events],
        }} for each in trace.data.spans],
    }})
print(json.dumps(found, default=str))
"""


class Both:
    """Keeps what ends in memory too, to know what was sent."""

    def __init__(self) -> None:
        """Stands before the destination of this process."""
        self.memory = MemoryDestination()
        self._destination = get_runtime().destination
        self._submit = self._destination.submit
        self._destination.submit = self._take  # type: ignore[method-assign]  # for the test's time

    def _take(self, span: EndedSpan) -> None:
        self.memory.submit(span)
        self._submit(span)

    def trace(self, trace_id: str) -> Trace:
        """A trace as it was captured."""
        return assemble_trace(self.memory.read_trace(trace_id))


def _last() -> str:
    trace_id = outcrop.get_last_active_trace_id()
    assert trace_id is not None
    return trace_id


def _run(emulator: BedrockEmulator) -> list[str]:
    script(emulator)
    client = emulator.client()
    agent(client, "How warm is it in Oslo?")
    ids = [_last()]
    with pytest.raises(Exception, match="Too many requests"):
        failing(client)
    client.close()
    return [*ids, _last()]


def _read(client: MlflowClient, url: str, experiment: str, ids: list[str], folder: Path) -> list[Any]:
    whole = [f"tr-{each}" for each in ids]
    found: list[Any] = client.run(READ.format(experiment=experiment, trace_ids=whole), url, folder)
    return found


def _usage(attributes: dict[str, Any]) -> dict[str, Any] | None:
    names = {"gen_ai.usage.input_tokens": "input_tokens", "gen_ai.usage.output_tokens": "output_tokens"}
    found = {ours: attributes[name] for name, ours in names.items() if name in attributes}
    return found or None


def test_the_real_client_reads_what_was_sent(
    sending: str,
    bedrock_emulator: BedrockEmulator,
    newest_client: MlflowClient,
    mlflow_server: str,
    tmp_path: Path,
) -> None:
    both = Both()
    ids = _run(bedrock_emulator)
    assert outcrop.flush()
    stats = outcrop.stats()
    assert (stats.sent, stats.spooled, stats.rejected, stats.dropped) == (8, 0, 0, 0)
    read = _read(newest_client, mlflow_server, sending, ids, tmp_path)
    for trace_id, theirs in zip(ids, read, strict=True):
        ours = both.trace(trace_id)
        _check_trace(ours, theirs)
        assert len(theirs["spans"]) == len(ours.data.spans)
        their_spans = {each["id"]: each for each in theirs["spans"]}
        for span in ours.data.spans:
            _check_span(span, their_spans[span.span_id])


def _check_trace(ours: Trace, theirs: Any) -> None:
    info = ours.info
    assert theirs["id"] == f"tr-{info.trace_id}"
    assert theirs["experiment"] is True
    assert (theirs["state"], theirs["start"]) == (info.state.value, info.request_time)
    assert abs(theirs["duration"] - info.execution_duration) <= 1
    assert (theirs["request"], theirs["response"]) == (info.request_preview, info.response_preview)
    tags = {name: value for name, value in theirs["tags"].items() if not name.startswith("mlflow.")}
    assert tags == info.tags
    assert theirs["tags"]["mlflow.traceName"] == ours.data.spans[0].name
    metadata = theirs["metadata"]
    assert metadata.get("mlflow.trace.session") == info.session_id
    assert metadata.get("mlflow.trace.user") == info.user_id
    assert metadata.get("ticket") == info.trace_metadata.get("ticket")
    theirs_of = {"cache_write_input_tokens": "cache_creation_input_tokens"}
    usage = {theirs_of.get(name, name): count for name, count in (info.token_usage or {}).items()}
    assert (theirs["usage"] or {}) == usage
    if info.cost is not None:
        assert json.loads(metadata["mlflow.trace.cost"])["total_cost"] == pytest.approx(info.cost)


def _check_span(span: Any, theirs: Any) -> None:
    assert theirs["name"] == span.name
    assert theirs["type"] == span.span_type
    assert (theirs["parent"] or None) == span.parent_id
    assert theirs["inputs"] == json.loads(json.dumps(span.inputs))
    assert theirs["outputs"] == json.loads(json.dumps(span.outputs))
    assert theirs["status"] == span.status.status_code.value
    assert theirs["description"] == span.status.description
    assert (theirs["start"], theirs["end"]) == (span.start_time_ns, span.end_time_ns)
    usage = theirs["attributes"].get("mlflow.chat.tokenUsage")
    counted = _usage(span.attributes)
    assert (usage and {name: usage[name] for name in counted or {}}) == counted
    named = [event.name.removeprefix("outcrop.chunk.") for event in span.events]
    assert [event[0] for event in theirs["events"]] == named


def test_it_looks_native(
    sending: str,
    bedrock_emulator: BedrockEmulator,
    newest_client: MlflowClient,
    mlflow_server: str,
    tmp_path: Path,
) -> None:
    ids = _run(bedrock_emulator)
    assert outcrop.flush()
    calm, failed = _read(newest_client, mlflow_server, sending, ids, tmp_path)
    attributes = [each["attributes"] for each in calm["spans"]]
    assert [each["mlflow.spanType"] for each in attributes] == [
        *("AGENT", "CHAT_MODEL", "TOOL", "CHAT_MODEL", "CHAT_MODEL", "LLM"),
    ]
    call = attributes[1]
    assert call["mlflow.message.format"] == "bedrock"
    assert (call["mlflow.llm.model"], call["mlflow.llm.provider"]) == (
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        "anthropic",
    )
    (tool,) = call["mlflow.chat.tools"]
    assert tool["type"] == "function"
    assert tool["function"]["name"] == "get_weather"
    assert tool["function"]["parameters"]["required"] == ["city"]
    assert call["mlflow.chat.tokenUsage"] == {"input_tokens": 20, "output_tokens": 11, "total_tokens": 31}
    chunks = [event for event in calm["spans"][4]["events"] if event[0] == "contentBlockDelta"]
    assert all(json.loads(event[2]["json"])["contentBlockIndex"] == 0 for event in chunks)
    assert chunks
    # Nothing of the raw exchange, and no tag that the program did not set.
    assert not any("outcrop.request.body" in each for each in attributes)
    assert {name for name in calm["tags"] if not name.startswith("mlflow.")} == {"team", "release"}
    root, refused = failed["spans"]
    assert (root["status"], refused["status"], failed["state"]) == ("ERROR", "ERROR", "ERROR")
    exceptions = [event for event in refused["events"] if event[0] == "exception"]
    assert "Too many requests" in exceptions[0][2]["exception.message"]
    assert sum(event[0] == "outcrop.attempt" for event in refused["events"]) > 1


def test_outcrop_reads_its_own_trace_back_from_there(sending: str, bedrock_emulator: BedrockEmulator) -> None:
    both = Both()
    trace_id, failed_id = _run(bedrock_emulator)
    ours, theirs = both.trace(trace_id), outcrop.get_trace(trace_id)
    assert theirs is not None
    for name in ("state", "request_time", "execution_duration", "experiment_name", "token_usage", "tags"):
        assert getattr(theirs.info, name) == getattr(ours.info, name), name
    for name in ("request_preview", "response_preview", "session_id", "user_id", "trace_metadata"):
        assert getattr(theirs.info, name) == getattr(ours.info, name), name
    assert theirs.info.cost == pytest.approx(ours.info.cost)
    for their_span, span in zip(theirs.data.spans, ours.data.spans, strict=True):
        for name in ("name", "span_id", "parent_id", "span_type", "status", "start_time_ns", "end_time_ns"):
            assert getattr(their_span, name) == getattr(span, name), name
        assert (their_span.inputs, their_span.outputs) == (span.inputs, span.outputs)
        assert their_span.messages == span.messages
        assert [event.name for event in their_span.events] == [event.name for event in span.events]
    failed = outcrop.get_trace(failed_id)
    assert failed is not None
    assert failed.info.state.value == "ERROR"
    assert sending == failed.info.experiment_name
