"""Anthropic's blocks: every kind that Claude takes or gives, whole and as it streams."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from outcrop.bedrock.bodies.anthropic import AnthropicCodec
from outcrop.genai.messages import Part, Tool
from outcrop.genai.view import SpanView
from outcrop.testing import BedrockEmulator, RawBlock, Reasoning, Reply, ToolUse, Usage

Call = Callable[[str, dict[str, Any]], SpanView]

CLAUDE = "us.anthropic.claude-sonnet-4-20250514-v1:0"
BODY: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hello?"}],
}
WEB_RESULT = {"type": "web_search_result", "url": "https://a.example", "title": "A", "encrypted_content": "x"}


def _read(*blocks: Any) -> list[Part]:
    body = {**BODY, "messages": [{"role": "user", "content": list(blocks)}]}
    chat = AnthropicCodec().read(body, {}).chat
    assert chat is not None
    return chat.messages[0].parts


def test_thinking_tools_and_unknown_blocks_stream_into_the_plain_answer(
    bedrock_emulator: BedrockEmulator, invoke: Call, stream: Call
) -> None:
    blocks = (
        Reasoning("Let me see.", signature="c2ln"),
        Reasoning(redacted=b"\x01"),
        RawBlock({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "rock"}}),
        RawBlock({"type": "web_search_tool_result", "tool_use_id": "s1", "content": [WEB_RESULT]}),
        "It is granite.",
        ToolUse("find", {"a": [1, 2]}, tool_use_id="t1"),
        RawBlock({"type": "tomorrows_block", "x": 1}),
    )
    replies = [Reply(*blocks, usage=Usage(9, 4, cache_read=3, cache_write=2), chunk_size=3)] * 2
    bedrock_emulator.script(CLAUDE, *replies)
    plain, streamed = invoke(CLAUDE, BODY), stream(CLAUDE, BODY)
    assert plain.chat is not None
    assert plain.chat.output[0].parts == [
        {"type": "reasoning", "content": "Let me see.", "signature": "c2ln"},
        {"type": "reasoning", "content": None, "redacted": "AQ=="},
        {
            "type": "tool_call",
            "id": "s1",
            "name": "web_search",
            "arguments": {"query": "rock"},
            "tool_type": "server_tool_use",
        },
        {
            "type": "tool_call_response",
            "id": "s1",
            "response": [WEB_RESULT],
            "tool_type": "web_search_tool_result",
        },
        {"type": "text", "content": "It is granite."},
        {"type": "tool_call", "id": "t1", "name": "find", "arguments": {"a": [1, 2]}},
        {"type": "generic", "value": {"type": "tomorrows_block", "x": 1}},
    ]
    assert streamed.chat == plain.chat
    assert {**streamed.outputs["body"], "id": ""} == {**plain.outputs["body"], "id": ""}
    for view in (plain, streamed):
        assert view.usage is not None
        assert (view.usage.input_tokens, view.usage.output_tokens) == (14, 4)
        assert (view.usage.cache_read_input_tokens, view.usage.cache_write_input_tokens) == (3, 2)
        assert view.usage.raw["input_tokens"] == 9


def test_citations_and_a_server_tools_input_grow_with_their_deltas() -> None:
    page = {"type": "page_location", "cited_text": "granite", "document_index": 0}
    server_tool: dict[str, Any] = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}}
    merged = AnthropicCodec().merge(
        [
            {"type": "message_start", "message": {"role": "assistant", "usage": {"input_tokens": 5}}},
            {"type": "content_block_start", "index": 0, "content_block": server_tool},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "It is "}},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": '{"query":'},
            },
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "citations_delta", "citation": page},
            },
            {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "granite"}},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "input_json_delta", "partial_json": '"rock"}'},
            },
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": 4, "input_tokens": None},
                "context_management": {"applied_edits": []},
            },
            {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 5}},
        ]
    )
    assert merged == {
        "role": "assistant",
        "content": [
            {**server_tool, "input": {"query": "rock"}},
            {"type": "text", "text": "It is granite", "citations": [page]},
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 5, "output_tokens": 4},
        "context_management": {"applied_edits": []},
    }


def test_what_a_guardrail_says_in_a_stream_is_kept() -> None:
    merged = AnthropicCodec().merge(
        [{"type": "message_stop", "amazon-bedrock-guardrailAction": "INTERVENED"}]
    )
    assert merged == {"amazon-bedrock-guardrailAction": "INTERVENED", "content": []}


def test_pictures_and_documents_are_media() -> None:
    assert _read(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://a.example/x.png"}},
        {
            "type": "document",
            "title": "Rocks",
            "context": "Of a geologist.",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"},
        },
        {"type": "document", "title": "Note", "source": {"type": "text", "data": "Granite."}},
        {
            "type": "document",
            "source": {
                "type": "content",
                "content": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}],
            },
        },
        {"type": "document", "source": {"type": "file", "file_id": "f1"}},
    ) == [
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        {"type": "uri", "modality": "image", "mime_type": None, "uri": "https://a.example/x.png"},
        {
            "type": "blob",
            "modality": "document",
            "mime_type": "application/pdf",
            "content": "BBBB",
            "name": "Rocks",
            "context": "Of a geologist.",
        },
        {"type": "text", "content": "Granite.", "name": "Note"},
        {"type": "text", "content": "One.\nTwo."},
        {"type": "generic", "value": {"type": "document", "source": {"type": "file", "file_id": "f1"}}},
    ]


def test_a_tool_result_may_hold_pictures_and_may_have_failed() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    parts = _read(
        {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [image]},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s1",
            "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"},
        },
    )
    assert parts[0]["status"] == parts[1]["status"] == "error"
    assert parts[0]["response"][0]["type"] == "blob"
    assert parts[1]["tool_type"] == "web_search_tool_result"


def test_system_tools_and_parameters_stand_apart() -> None:
    body = {
        **BODY,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"type": "web_search_20250305", "name": "web_search"}, {"type": "bash_20250124"}],
        "temperature": 0.5,
    }
    chat = AnthropicCodec().read(body, {}).chat
    assert chat is not None
    assert chat.system == [{"type": "text", "content": "Be brief."}]
    assert chat.tools == [Tool("web_search"), Tool("bash_20250124")]
    assert chat.parameters == {"max_tokens": 9, "temperature": 0.5}


def test_a_tool_input_that_broke_off_is_kept_as_text() -> None:
    merged = AnthropicCodec().merge(
        [
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "tool_use", "id": "t", "name": "f"},
            },
            {"type": "content_block_delta", "index": 0, "delta": {"partial_json": '{"a": [1,'}},
        ]
    )
    assert merged == {"content": [{"type": "tool_use", "id": "t", "name": "f", "input": '{"a": [1,'}]}
    assert json.dumps(merged)
