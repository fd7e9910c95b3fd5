"""Merging ConverseStream's events: by block index, and with whatever a newer API may send."""

from __future__ import annotations

import base64
from typing import Any

from outcrop.bedrock.converse_stream import merge_events

Event = tuple[str, dict[str, Any]]


def _delta(index: int, **delta: Any) -> Event:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}


def _start(index: int, **start: Any) -> Event:
    return "contentBlockStart", {"contentBlockIndex": index, "start": start}


def _content(*events: Event) -> list[dict[str, Any]]:
    merged = merge_events([("messageStart", {"role": "assistant"}), *events])
    content: list[dict[str, Any]] = merged["output"]["message"]["content"]
    return content


def test_parallel_tool_calls_may_interleave() -> None:
    assert _content(
        _start(0, toolUse={"toolUseId": "a", "name": "f"}),
        _start(1, toolUse={"toolUseId": "b", "name": "g"}),
        _delta(1, toolUse={"input": '{"x":'}),
        _delta(0, toolUse={"input": '{"y": 1}'}),
        _delta(1, toolUse={"input": " 2}"}),
    ) == [
        {"toolUse": {"toolUseId": "a", "name": "f", "input": {"y": 1}}},
        {"toolUse": {"toolUseId": "b", "name": "g", "input": {"x": 2}}},
    ]


def test_a_tool_input_that_broke_off_is_kept_as_text() -> None:
    assert _content(
        _start(0, toolUse={"toolUseId": "a", "name": "f"}), _delta(0, toolUse={"input": '{"x'})
    ) == [{"toolUse": {"toolUseId": "a", "name": "f", "input": '{"x'}}]


def test_a_tool_without_input_gets_an_empty_one() -> None:
    assert _content(_start(0, toolUse={"toolUseId": "a", "name": "f", "type": "server_tool_use"})) == [
        {"toolUse": {"toolUseId": "a", "name": "f", "type": "server_tool_use", "input": {}}}
    ]


def test_reasoning_has_text_and_signature_or_redacted_bytes() -> None:
    pieces = [base64.b64encode(piece).decode() for piece in (b"ab", b"cde")]
    assert _content(
        _delta(0, reasoningContent={"text": "I "}),
        _delta(0, reasoningContent={"text": "think."}),
        _delta(0, reasoningContent={"signature": "sig"}),
        _delta(1, reasoningContent={"redactedContent": pieces[0]}),
        _delta(1, reasoningContent={"redactedContent": pieces[1]}),
    ) == [
        {"reasoningContent": {"reasoningText": {"text": "I think.", "signature": "sig"}}},
        {"reasoningContent": {"redactedContent": base64.b64encode(b"abcde").decode()}},
    ]


def test_citations_belong_to_the_text_of_their_block() -> None:
    citation = {"title": "Guide", "location": {"web": {"url": "u"}}}
    assert _content(_delta(0, text="As they say"), _delta(0, citation=citation), _delta(0, text=".")) == [
        {"citationsContent": {"content": [{"text": "As they say."}], "citations": [citation]}}
    ]


def test_images_and_tool_results_that_begin_with_a_start_are_completed() -> None:
    assert _content(
        _start(0, image={"format": "png"}),
        _delta(0, image={"source": {"bytes": "AA=="}}),
        _start(1, toolResult={"toolUseId": "a", "status": "success"}),
        _delta(1, toolResult=[{"text": "found"}]),
        _delta(1, toolResult=[{"json": {"n": 1}}]),
    ) == [
        {"image": {"format": "png", "source": {"bytes": "AA=="}}},
        {
            "toolResult": {
                "toolUseId": "a",
                "status": "success",
                "content": [{"text": "found"}, {"json": {"n": 1}}],
            }
        },
    ]


def test_what_is_unknown_passes_through() -> None:
    merged = merge_events(
        [
            ("messageStart", {"role": "assistant"}),
            _start(0, hologram={"kind": "blue"}),
            _delta(0, hologram={"depth": 3}),
            ("novelEvent", {"a": 1}),
            ("messageStop", {"stopReason": "end_turn", "novelMember": True}),
        ]
    )
    assert merged["output"]["message"]["content"] == [{"hologram": {"kind": "blue", "depth": 3}}]
    assert merged["novelEvent"] == {"a": 1}
    assert merged["novelMember"] is True


def test_nothing_gives_nothing() -> None:
    assert merge_events([]) == {}
