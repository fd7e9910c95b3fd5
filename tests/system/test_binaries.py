"""A conversation about a picture: sent again in every turn, kept once, and read as it was sent."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.testing import BedrockEmulator, Reply, ToolUse
from outcrop_server.serve import BackgroundServer
from outcrop_server.storage.sqlite.upkeep.checks import run_checks
from outcrop_server.storage.sqlite.upkeep.opening import reading_newest
from outcrop_server.storage.sqlite.upkeep.stats import read_stats
from server.tests.support.binaries import base64_of, image, kept
from server.tests.support.exporting import export, payloads, take_in
from server.tests.support.http import ask, send
from server.tests.support.spans import otlp_span, request, span_id, trace_id
from tests.conftest import ApiReader

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
TURNS = 20
PICTURE = image(1, 400_000)


@pytest.fixture
def conversation(bedrock_emulator: BedrockEmulator, tracing: str) -> list[dict[str, Any]]:
    """The messages of a conversation of many turns, each of which was a call in one trace."""
    assert tracing
    bedrock_emulator.script(MODEL, *(Reply(f"I see {turn} things.") for turn in range(TURNS)))
    client: Any = bedrock_emulator.client()
    picture = {"image": {"format": "png", "source": {"bytes": PICTURE}}}
    messages: list[dict[str, Any]] = []

    @outcrop.trace
    def talk() -> None:
        for turn in range(TURNS):
            question = {"text": f"What else is there, after {turn}?"}
            messages.append({"role": "user", "content": [question, picture] if turn == 0 else [question]})
            answer = client.converse(modelId=MODEL, messages=messages)
            messages.append(answer["output"]["message"])
            # Each turn is kept before the next one comes.
            assert outcrop.flush()

    talk()
    assert outcrop.flush()
    client.close()
    return messages


def test_a_picture_of_twenty_turns_is_kept_once_and_shown_in_each(
    server: BackgroundServer,
    conversation: list[dict[str, Any]],
    api: ApiReader,
    tmp_path: Path,
) -> None:
    blobs = kept(tmp_path / "outcrop.db")
    assert (blobs.count, blobs.bytes) == (1, len(PICTURE))
    assert blobs.uses >= TURNS
    assert blobs.saved_bytes == (blobs.uses - 1) * len(PICTURE)
    (experiment,) = read_stats(tmp_path / "outcrop.db").experiments
    assert experiment.payload_bytes > TURNS * len(PICTURE)
    assert experiment.frame_bytes < 1.1 * len(PICTURE)

    (trace,) = api("/api/traces")["traces"]
    spans = api(f"/api/traces/{trace['trace_id']}")["spans"]
    calls = [span for span in spans if span["model"] == MODEL]
    assert len(calls) == TURNS
    for number, call in enumerate(calls):
        path = f"/api/traces/{trace['trace_id']}/spans/{call['span_id']}"
        detail = api(path)
        sent = detail["inputs"]["messages"][0]["content"][1]["image"]["source"]["bytes"]
        assert base64.b64decode(sent) == PICTURE
        assert len(detail["chat"]["messages"]) == 2 * number + 1
        shown = detail["chat"]["messages"][0]["parts"][1]
        assert (shown["content"], shown["media"]["size_bytes"]) == (None, len(PICTURE))
        assert ask(server.url, shown["media"]["path"]).body == PICTURE
        body = ask(server.url, f"{path}/payload/request-body").body
        assert json.loads(body)["messages"] == _as_sent(conversation[: 2 * number + 1])
        middle = ask(server.url, f"{path}/payload/request-body", headers={"range": "bytes=200000-200999"})
        assert (middle.status, middle.body) == (206, body[200_000:201_000])


def _as_sent(messages: list[dict[str, Any]]) -> Any:
    """With bytes as base64, as they are on the wire."""
    return json.loads(
        json.dumps(messages, default=lambda value: base64.b64encode(value).decode())  # pyright: ignore[reportUnknownLambdaType]  # json gives whatever it cannot write
    )


@pytest.mark.usefixtures("conversation")
def test_an_export_holds_it_whole_and_an_import_keeps_it_once_again(
    server: BackgroundServer, api: ApiReader, tmp_path: Path
) -> None:
    (trace,) = api("/api/traces")["traces"]
    name = bytes.fromhex(trace["trace_id"])
    before = payloads(server, name)
    assert all(each.count(base64.b64encode(PICTURE)) == 1 for each in before.values() if len(each) > 9000)
    for form in ("jsonl", "otlp"):
        file = export(server, form, format=form, trace_ids=[trace["trace_id"]])
        assert outcrop.delete_traces(trace_ids=[trace["trace_id"]]) == 1
        assert kept(tmp_path / "outcrop.db").count == 0
        assert take_in(server, file.body).status == 200
        assert payloads(server, name) == before
        assert kept(tmp_path / "outcrop.db").count == 1


def test_a_picture_that_a_tools_result_holds_twice_is_one(
    bedrock_emulator: BedrockEmulator, server: BackgroundServer, tracing: str, tmp_path: Path
) -> None:
    assert tracing
    assert server.url
    bedrock_emulator.script(MODEL, Reply(ToolUse("look", {}, tool_use_id="t1")), Reply("A cat."))
    client: Any = bedrock_emulator.client()
    tools = {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]}
    messages: list[dict[str, Any]] = [{"role": "user", "content": [{"text": "Look."}]}]
    first = client.converse(modelId=MODEL, messages=messages, toolConfig=tools)
    picture = {"image": {"format": "png", "source": {"bytes": PICTURE}}}
    result = {"toolResult": {"toolUseId": "t1", "content": [picture, picture]}}
    messages += [first["output"]["message"], {"role": "user", "content": [result]}]
    client.converse(modelId=MODEL, messages=messages, toolConfig=tools)
    client.close()
    assert outcrop.flush()
    blobs = kept(tmp_path / "outcrop.db")
    assert (blobs.count, blobs.uses, blobs.bytes) == (1, 2, len(PICTURE))


@pytest.mark.parametrize(
    "value",
    [
        "data:image/png;base64," + base64_of(1).decode(),
        "data:image/png;base64," + base64_of(1).decode()[:-3],
        "A" * 3_000_000,
        image(2),
        json.dumps([{"type": "image_url", "image_url": {"url": f"data:;base64,{base64_of(3).decode()}"}}]),
    ],
    ids=["a data URL", "torn", "one letter", "bytes", "JSON in a text"],
)
def test_other_senders_get_back_what_they_sent(
    server: BackgroundServer, tmp_path: Path, value: str | bytes
) -> None:
    bodies = [
        request(otlp_span(number, trace=trace_id(1), attributes={"input.value": value}), resource={"a": "b"})
        for number in range(1, 4)
    ]
    for body in bodies:
        assert send(server.url, body).status == 200
    assert payloads(server, trace_id(1)) == {
        span_id(number).hex(): body for number, body in enumerate(bodies, start=1)
    }
    assert kept(tmp_path / "outcrop.db").count == 1
    with reading_newest(tmp_path / "outcrop.db") as connection:
        assert [fault for result in run_checks(connection) for fault in result.faults] == []
