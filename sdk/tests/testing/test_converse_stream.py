"""ConverseStream through real boto3: events, their order and time, and how a stream breaks."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from botocore.exceptions import EventStreamError
from urllib3.exceptions import ProtocolError

from outcrop.testing import (
    BedrockEmulator,
    Disconnect,
    RawBlock,
    Reasoning,
    Reply,
    StreamFailure,
    ToolUse,
    Usage,
)
from sdk.tests.testing.installed_botocore import needs_member

_MODEL = "amazon.nova-pro-v1:0"
_HELLO = [{"role": "user", "content": [{"text": "Hello"}]}]


def _events(emulator: BedrockEmulator, *blocks: Any, **options: Any) -> list[dict[str, Any]]:
    emulator.script(_MODEL, Reply(*blocks, **options))
    return list(emulator.client().converse_stream(modelId=_MODEL, messages=_HELLO)["stream"])


def _deltas(events: list[dict[str, Any]], index: int) -> list[dict[str, Any]]:
    deltas = [event["contentBlockDelta"] for event in events if "contentBlockDelta" in event]
    return [delta["delta"] for delta in deltas if delta["contentBlockIndex"] == index]


def test_text_comes_in_deltas_without_a_block_start(bedrock_emulator: BedrockEmulator) -> None:
    events = _events(bedrock_emulator, "abcdefgh", chunk_size=3, usage=Usage(7, 2))

    latency_ms = events[-1]["metadata"]["metrics"].pop("latencyMs")
    assert latency_ms >= 1
    assert events == [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "abc"}}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "def"}}},
        {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "gh"}}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
        {
            "metadata": {
                "usage": {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9},
                "metrics": {},
            }
        },
    ]


@needs_member("ToolUseBlockStart", "type")
def test_parallel_tool_calls_stream_their_inputs_under_their_own_index(
    bedrock_emulator: BedrockEmulator,
) -> None:
    events = _events(
        bedrock_emulator,
        "Both:",
        ToolUse("get_weather", {"city": "Tokyo"}, tool_use_id="a"),
        ToolUse("get_weather", {"city": "Oslo"}, tool_use_id="b", type="server_tool_use"),
        chunk_size=4,
    )

    starts = [event["contentBlockStart"] for event in events if "contentBlockStart" in event]
    assert starts == [
        {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "get_weather"}}},
        {
            "contentBlockIndex": 2,
            "start": {"toolUse": {"toolUseId": "b", "name": "get_weather", "type": "server_tool_use"}},
        },
    ]
    assert "".join(delta["toolUse"]["input"] for delta in _deltas(events, 1)) == '{"city":"Tokyo"}'
    assert "".join(delta["toolUse"]["input"] for delta in _deltas(events, 2)) == '{"city":"Oslo"}'
    assert events[-2] == {"messageStop": {"stopReason": "tool_use"}}


@needs_member("ContentBlockDelta", "reasoningContent")
def test_reasoning_streams_text_then_signature_and_redacted_bytes(bedrock_emulator: BedrockEmulator) -> None:
    events = _events(
        bedrock_emulator, Reasoning("Let me", signature="c2ln"), Reasoning(redacted=b"\x01\x02"), chunk_size=3
    )

    assert _deltas(events, 0) == [
        {"reasoningContent": {"text": "Let"}},
        {"reasoningContent": {"text": " me"}},
        {"reasoningContent": {"signature": "c2ln"}},
    ]
    assert _deltas(events, 1) == [{"reasoningContent": {"redactedContent": b"\x01\x02"}}]
    assert not any("contentBlockStart" in event for event in events)


@needs_member("ContentBlockStart", "image")
def test_images_and_tool_results_open_with_a_block_start(bedrock_emulator: BedrockEmulator) -> None:
    result = {"toolUseId": "a", "status": "success", "content": [{"text": "found"}]}
    events = _events(
        bedrock_emulator,
        RawBlock({"image": {"format": "png", "source": {"bytes": b"PNG"}}}),
        RawBlock({"toolResult": result}),
    )

    starts = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
    assert starts == [
        {"image": {"format": "png"}},
        {"toolResult": {"toolUseId": "a", "status": "success"}},
    ]
    assert _deltas(events, 0) == [{"image": {"source": {"bytes": b"PNG"}}}]
    assert _deltas(events, 1) == [{"toolResult": [{"text": "found"}]}]


@needs_member("ContentBlockDelta", "citation")
def test_citations_and_reasoning_given_raw_become_documented_deltas(
    bedrock_emulator: BedrockEmulator,
) -> None:
    citation = {"title": "Guide", "location": {"web": {"url": "https://example.com"}}}
    thought = {"text": "Hm", "signature": "c2ln"}
    events = _events(
        bedrock_emulator,
        RawBlock({"citationsContent": {"content": [{"text": "Yes."}], "citations": [citation]}}),
        RawBlock({"reasoningContent": {"reasoningText": thought}}),
        RawBlock({"hologram": {"depth": 3}}),
    )

    assert _deltas(events, 0) == [{"text": "Yes."}, {"citation": citation}]
    assert _deltas(events, 1) == [
        {"reasoningContent": {"text": "Hm"}},
        {"reasoningContent": {"signature": "c2ln"}},
    ]
    assert _deltas(events, 2) == [{"SDK_UNKNOWN_MEMBER": {"name": "hologram"}}]


@needs_member("ConverseStreamMetadataEvent", "serviceTier")
def test_the_last_events_carry_every_further_member(bedrock_emulator: BedrockEmulator) -> None:
    events = _events(
        bedrock_emulator,
        "x",
        additional_model_response_fields={"top_k": 3},
        trace={"promptRouter": {"invokedModelId": "m"}},
        performance_config={"latency": "optimized"},
        service_tier={"type": "flex"},
    )

    assert events[-2]["messageStop"]["additionalModelResponseFields"] == {"top_k": 3}
    metadata = events[-1]["metadata"]
    assert metadata["trace"] == {"promptRouter": {"invokedModelId": "m"}}
    assert metadata["performanceConfig"] == {"latency": "optimized"}
    assert metadata["serviceTier"] == {"type": "flex"}


def test_an_unscripted_stream_arrives_in_many_small_deltas() -> None:
    with BedrockEmulator(default_chunk_delay_s=0.0) as emulator:
        events = list(emulator.client().converse_stream(modelId=_MODEL, messages=_HELLO)["stream"])

    deltas = _deltas(events, 0)
    assert len(deltas) > 20
    assert "“Hello”" in "".join(delta["text"] for delta in deltas)


def test_an_event_reaches_the_caller_while_the_rest_is_still_to_come(
    bedrock_emulator: BedrockEmulator,
) -> None:
    bedrock_emulator.script(_MODEL, Reply("never seen", chunk_delay_s=600.0))
    started = time.monotonic()

    stream = bedrock_emulator.client().converse_stream(modelId=_MODEL, messages=_HELLO)["stream"]
    first = next(iter(stream))
    stream.close()
    bedrock_emulator.stop()

    assert first == {"messageStart": {"role": "assistant"}}
    assert time.monotonic() - started < 60


def test_delays_of_a_stream_add_up_to_its_latency(bedrock_emulator: BedrockEmulator) -> None:
    events = _events(
        bedrock_emulator,
        "ab",
        chunk_size=1,
        latency_s=0.02,
        first_chunk_delay_s=0.03,
        chunk_delay_s=0.01,
    )

    # Before metadata come: the wait, the first event's, and that of five more events.
    assert events[-1]["metadata"]["metrics"]["latencyMs"] >= 90


def test_an_exception_in_mid_stream_is_raised_while_reading(bedrock_emulator: BedrockEmulator) -> None:
    failure = StreamFailure(message="out of breath", after_events=3, original_status_code=500)
    bedrock_emulator.script(_MODEL, Reply("abcdefgh", chunk_size=2, failure=failure))
    stream = bedrock_emulator.client().converse_stream(modelId=_MODEL, messages=_HELLO)["stream"]

    with contextlib.closing(stream), pytest.raises(EventStreamError, match="out of breath") as caught:
        list(stream)

    assert caught.value.response.get("Error", {}).get("Code") == "modelStreamErrorException"


def test_events_before_a_failure_are_delivered(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, StreamFailure("throttlingException", "slow down", after_events=2))
    stream = bedrock_emulator.client().converse_stream(modelId=_MODEL, messages=_HELLO)["stream"]

    with contextlib.closing(stream):
        events = iter(stream)
        assert "messageStart" in next(events)
        assert "contentBlockDelta" in next(events)
        with pytest.raises(EventStreamError, match="slow down"):
            next(events)


def test_a_disconnect_in_mid_stream_loses_the_rest(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, Reply("abcdefgh", chunk_size=2, failure=Disconnect(after_events=2)))
    stream = iter(bedrock_emulator.client().converse_stream(modelId=_MODEL, messages=_HELLO)["stream"])

    assert next(stream) == {"messageStart": {"role": "assistant"}}
    assert next(stream) == {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "ab"}}}
    with pytest.raises(ProtocolError):
        next(stream)


def test_a_caller_that_leaves_early_does_not_disturb_the_next_one(bedrock_emulator: BedrockEmulator) -> None:
    bedrock_emulator.script(_MODEL, Reply("x" * 100_000, chunk_size=10))
    client = bedrock_emulator.client()
    stream = client.converse_stream(modelId=_MODEL, messages=_HELLO)["stream"]
    next(iter(stream))
    stream.close()
    bedrock_emulator.script(_MODEL, "still here")

    answer = client.converse(modelId=_MODEL, messages=_HELLO)

    assert answer["output"]["message"]["content"] == [{"text": "still here"}]
