"""What is kept, seen from the server: hidden words never arrive, and lists and costs still work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.runtime import get_runtime
from outcrop.testing import BedrockEmulator, Reply, ToolUse, Usage
from tests.conftest import ApiReader

MODEL = "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
WORD = "joe@example.com"
ASKED: list[dict[str, Any]] = [{"role": "user", "content": [{"text": f"Write to {WORD}."}]}]


@pytest.fixture(autouse=True)
def _keeps_everything_again() -> Iterator[None]:
    before = get_runtime().kept
    yield
    get_runtime().keep(before)


@pytest.fixture
def client(bedrock_emulator: BedrockEmulator) -> Any:
    reply = Reply(
        f"I write to {WORD}.",
        ToolUse("send", {"to": WORD}),
        usage=Usage(1200, 40, cache_read=800),
        service_tier={"type": "priority"},
        chunk_size=2,
    )
    bedrock_emulator.script(MODEL, reply)
    made = bedrock_emulator.client()
    yield made
    made.close()


def _calls(client: Any) -> None:
    client.converse(modelId=MODEL, messages=ASKED)
    list(client.converse_stream(modelId=MODEL, messages=ASKED)["stream"])
    assert outcrop.flush()


def _rows(api: ApiReader) -> list[dict[str, Any]]:
    """What the list shows, without what is other in every run."""
    varying = {"trace_id", "start_time_ns", "duration_ns", "request_preview", "response_preview"}
    rows = reversed(api("/api/traces")["traces"])
    return [{name: value for name, value in row.items() if name not in varying} for row in rows]


@pytest.mark.parametrize("mode", ["no_content", "metadata"])
def test_lists_and_costs_are_the_same_without_content(
    client: Any, tracing: str, api: ApiReader, tmp_path: Path, mode: str
) -> None:
    assert tracing
    outcrop.configure(content=mode)
    _calls(client)
    emptied = _rows(api)
    assert not any(WORD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    outcrop.configure(content="everything")
    _calls(client)
    whole = _rows(api)[2:]
    for rows in (emptied, whole):
        assert rows[0].pop("time_to_first_chunk_ns") is None
        assert rows[1].pop("time_to_first_chunk_ns") > 0
    assert emptied == whole
    assert emptied[1]["tools"] == ["send"]
    assert emptied[1]["usage"]["cache_read_input_tokens"] == 800
    # A tier without a known price: that it was asked for is known without the body.
    assert emptied[1]["cost_reason"] == "service-tier"


def test_a_redacted_stream_is_shown_as_the_redacted_conversation(
    client: Any, tracing: str, api: ApiReader, tmp_path: Path
) -> None:
    assert tracing
    outcrop.configure(redact="email_addresses")
    _calls(client)
    for trace in api("/api/traces")["traces"]:
        spans = api(f"/api/traces/{trace['trace_id']}")["spans"]
        detail = api(f"/api/traces/{trace['trace_id']}/spans/{spans[0]['span_id']}")
        assert trace["request_preview"] == "Write to [hidden: e-mail address]."
        assert trace["response_preview"] == "I write to [hidden: e-mail address]."
        parts = detail["chat"]["output"][0]["parts"]
        assert parts[0]["content"] == "I write to [hidden: e-mail address]."
        assert parts[1]["arguments"] == {"to": "[hidden: e-mail address]"}
    assert not any(WORD.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
