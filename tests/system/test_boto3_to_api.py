"""The whole way of the data: a boto3 call in a program, over OTLP, into the store, out of the API."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EventStreamError

import outcrop
from outcrop.entities import SpanType
from outcrop.testing import BedrockEmulator, Reasoning, Reply, StreamFailure, ToolUse, Usage, ValidationError
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from tests.conftest import ApiReader

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Hello?"}]}]


@pytest.fixture
def client(bedrock_emulator: BedrockEmulator) -> Any:
    made = bedrock_emulator.client()
    yield made
    made.close()


def _span(api: ApiReader, trace: Any, index: int = 0) -> Any:
    trace_id = trace["trace_id"]
    spans = api(f"/api/traces/{trace_id}")["spans"]
    return api(f"/api/traces/{trace_id}/spans/{spans[index]['span_id']}")


def test_a_call_is_listed_and_read_with_all_it_held(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, api: ApiReader
) -> None:
    assert tracing
    bedrock_emulator.script(MODEL, Reply("Hi there.", usage=Usage(12, 4, cache_read=8)))
    outcrop.set_experiment("/Shared/one")
    arguments: dict[str, Any] = {
        "modelId": MODEL,
        "messages": HELLO,
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 5},
    }
    response = client.converse(**arguments)
    assert outcrop.flush()

    (experiment,) = api("/api/experiments")["experiments"]
    assert (experiment["name"], experiment["trace_count"], experiment["error_count"]) == ("/Shared/one", 1, 0)
    (trace,) = api("/api/traces?experiment=/Shared/one")["traces"]
    assert trace["trace_id"] == outcrop.get_last_active_trace_id()
    assert (trace["status"], trace["models"], trace["span_count"]) == ("OK", [MODEL], 1)
    assert (trace["request_preview"], trace["response_preview"]) == ("Hello?", "Hi there.")
    assert trace["usage"] == {
        "input_tokens": 20,
        "output_tokens": 4,
        "total_tokens": 24,
        "cache_read_input_tokens": 8,
        "cache_write_input_tokens": None,
    }
    detail = _span(api, trace)
    assert detail["inputs"] == arguments
    assert detail["outputs"] == {k: v for k, v in response.items() if k != "ResponseMetadata"}
    assert detail["chat"]["system"] == [{"type": "text", "content": "Be brief."}]
    assert detail["chat"]["output"][0]["finish_reason"] == "end_turn"
    assert detail["attributes"]["gen_ai.request.model"] == MODEL
    assert "authorization" not in str(detail).lower()


def test_a_trace_reads_the_same_from_memory_and_from_the_server(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str
) -> None:
    from outcrop.testing.traces import capture_traces  # noqa: PLC0415  # beside the server, for once

    bedrock_emulator.script(
        MODEL,
        Reply(
            Reasoning("Hm.", signature="c2ln"), "Yes.", ToolUse("f", {"x": 1}, tool_use_id="a"), chunk_size=2
        ),
    )

    @outcrop.trace(span_type=SpanType.AGENT)
    def agent(question: str) -> str:
        for _ in client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]:
            pass
        return question

    with capture_traces() as captured:
        agent("Really?")
        remembered = captured.last()
    agent("Really?")
    assert tracing
    trace_id = outcrop.get_last_active_trace_id()
    assert trace_id is not None
    served = outcrop.get_trace(trace_id)
    assert served is not None
    for left, right in zip(remembered.data.spans, served.data.spans, strict=True):
        assert (left.name, left.span_type, left.status) == (right.name, right.span_type, right.status)
        assert left.inputs == right.inputs
        for outputs in (left.outputs, right.outputs):
            if isinstance(outputs, dict):
                outputs.pop("metrics", None)  # pyright: ignore[reportUnknownMemberType]  # JSON
        assert left.outputs == right.outputs
        assert [event.name for event in left.events] == [event.name for event in right.events]
        assert left.attributes.keys() == right.attributes.keys()
    assert served.info.experiment_name == "Default"


def test_a_stream_shows_its_chunks_and_its_end(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, api: ApiReader
) -> None:
    assert tracing
    failure = StreamFailure("throttlingException", "Slow down.", after_events=5)
    bedrock_emulator.script(MODEL, Reply("One two three four five six", chunk_size=3, failure=failure))
    with pytest.raises(EventStreamError):
        for _ in client.converse_stream(modelId=MODEL, messages=HELLO)["stream"]:
            pass
    outcrop.flush()
    (trace,) = api("/api/traces")["traces"]
    assert trace["status"] == "ERROR"
    assert trace["error"] == {"type": "throttlingException", "message": "Slow down."}
    assert trace["time_to_first_chunk_ns"] > 0
    stream = _span(api, trace)["stream"]
    assert (stream["outcome"], stream["end_reason"]) == ("error", "error")
    assert [chunk["type"] for chunk in stream["chunks"]] == [
        "messageStart",
        *["contentBlockDelta"] * 4,
        "throttlingException",
    ]
    text = "".join(chunk["text"] or "" for chunk in stream["chunks"])
    assert text == "One two three four five six"[:12]
    offsets = [chunk["offset_ns"] for chunk in stream["chunks"]]
    assert offsets == sorted(offsets)


def test_an_error_is_in_the_list_with_its_code(
    bedrock_emulator: BedrockEmulator, client: Any, tracing: str, api: ApiReader
) -> None:
    assert tracing
    bedrock_emulator.script(MODEL, ValidationError("Too long."))
    with pytest.raises(Exception, match="Too long"):
        client.converse(modelId=MODEL, messages=HELLO)
    outcrop.flush()
    (trace,) = api("/api/traces")["traces"]
    assert trace["error"] == {"type": "ValidationException", "message": "Too long."}
    assert trace["attempts"] == 1
    detail = _span(api, trace)
    assert detail["chat"]["messages"][0]["parts"] == [{"type": "text", "content": "Hello?"}]
    assert detail["chat"]["output"] == []
    assert {event["name"] for event in detail["events"]} == {"outcrop.attempt", "exception"}


PROGRAM = """
import outcrop, sys
outcrop.set_experiment("/Shared/spooled")
with outcrop.start_span("while the server was down"):
    pass
"""


def test_what_a_program_left_while_the_server_was_down_is_taken_in_when_it_starts(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    spool = tmp_path / "spool"
    env = {
        **os.environ,
        "OUTCROP_TRACKING_URI": f"http://127.0.0.1:{unused_tcp_port}",
        "OUTCROP_SPOOL_DIR": str(spool),
    }
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr.count("\n") == 1
    assert "wait in" in done.stderr
    waiting = list(spool.glob("*/*.segment"))
    assert len(waiting) == 1
    settings = Settings(port=unused_tcp_port, store=tmp_path / "o.db", spool=spool, spool_interval_s=0.05)
    with BackgroundServer(settings) as server:
        names = _names_when_there(server.url)
    assert names == ["while the server was down"]
    assert not waiting[0].exists()


def _names_when_there(url: str) -> list[str]:
    import json  # noqa: PLC0415  # for this one reader
    import time  # noqa: PLC0415  # as above
    from urllib.request import urlopen  # noqa: PLC0415  # as above

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with urlopen(f"{url}/api/traces?experiment=/Shared/spooled", timeout=120) as response:  # noqa: S310  # our own server
            traces = json.load(response)["traces"]
        if traces:
            return [trace["name"] for trace in traces]
        time.sleep(0.02)  # the API has no way to wait yet
    return []
