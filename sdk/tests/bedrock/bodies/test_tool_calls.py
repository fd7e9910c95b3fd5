"""Tool calls in every family that has them: asked for, streamed, and answered in the next turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from outcrop.genai.messages import Tool
from outcrop.genai.view import SpanView
from outcrop.testing import BedrockEmulator, Reply, ToolUse

Call = Callable[[str, dict[str, Any]], SpanView]

ASKED = "Which song?"
SCHEMA = {"type": "object", "properties": {"sign": {"type": "string"}}, "required": ["sign"]}
FUNCTION = {"name": "top_song", "description": "Most popular song", "parameters": SCHEMA}
OPENAI_CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "top_song", "arguments": '{"sign": "WZPZ"}'},
}
OPENAI_BODY: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": "", "tool_calls": [OPENAI_CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "Elemental Hotel"},
    ],
    "tools": [{"type": "function", "function": FUNCTION}],
}
ANTHROPIC_BODY: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 9,
    "messages": [
        {"role": "user", "content": ASKED},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "top_song", "input": {"sign": "WZPZ"}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "Elemental Hotel"}],
        },
    ],
    "tools": [{"name": "top_song", "description": "Most popular song", "input_schema": SCHEMA}],
}
NOVA_BODY: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"text": ASKED}]},
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "c1", "name": "top_song", "input": {"sign": "WZPZ"}}}],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "Elemental Hotel"}]}}],
        },
    ],
    "toolConfig": {
        "tools": [
            {
                "toolSpec": {
                    "name": "top_song",
                    "description": "Most popular song",
                    "inputSchema": {"json": SCHEMA},
                }
            }
        ]
    },
}
BODIES = {
    "anthropic.claude-3-haiku-20240307-v1:0": ANTHROPIC_BODY,
    "amazon.nova-pro-v1:0": NOVA_BODY,
    "mistral.mistral-large-2407-v1:0": OPENAI_BODY,
    "openai.gpt-oss-20b-1:0": OPENAI_BODY,
    "qwen.qwen3-32b-v1:0": OPENAI_BODY,
    "ai21.jamba-1-5-mini-v1:0": OPENAI_BODY,
    "us.writer.palmyra-x4-v1:0": OPENAI_BODY,
    "deepseek.v3-v1:0": OPENAI_BODY,
}


@pytest.mark.parametrize("model", BODIES)
@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_parallel_tool_calls_are_parsed(
    bedrock_emulator: BedrockEmulator, request: pytest.FixtureRequest, model: str, way: str
) -> None:
    call: Call = request.getfixturevalue(way)
    wanted = [
        ToolUse("top_song", {"sign": "WZPZ"}, tool_use_id="c8"),
        ToolUse("weather", {"at": [1, 2]}, tool_use_id="c9"),
    ]
    bedrock_emulator.script(model, Reply("One moment.", *wanted, chunk_size=3))
    view = call(model, BODIES[model])
    assert view.chat is not None
    (answer,) = view.chat.output
    assert answer.parts == [
        {"type": "text", "content": "One moment."},
        {"type": "tool_call", "id": "c8", "name": "top_song", "arguments": {"sign": "WZPZ"}},
        {"type": "tool_call", "id": "c9", "name": "weather", "arguments": {"at": [1, 2]}},
    ]
    assert view.tool_calls == ("top_song", "weather")
    assert view.finish_reason in {"tool_use", "tool_calls"}


@pytest.mark.parametrize("model", BODIES)
def test_a_turn_with_tools_is_read_back(invoke: Call, model: str) -> None:
    view = invoke(model, BODIES[model])
    assert view.chat is not None
    assert [message.role for message in view.chat.messages] == ["user", "assistant", "tool"]
    assert view.chat.messages[1].parts == [
        {"type": "tool_call", "id": "c1", "name": "top_song", "arguments": {"sign": "WZPZ"}}
    ]
    (result,) = view.chat.messages[2].parts
    assert (result["id"], result["response"]) == ("c1", "Elemental Hotel")
    assert view.chat.tools == [Tool("top_song", "Most popular song", SCHEMA)]
    assert view.request_preview == ASKED


@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_command_r_calls_tools_and_reads_their_results(
    bedrock_emulator: BedrockEmulator, request: pytest.FixtureRequest, way: str
) -> None:
    call: Call = request.getfixturevalue(way)
    model = "cohere.command-r-v1:0"
    bedrock_emulator.script(model, Reply(ToolUse("top_song", {"sign": "WZPZ"})))
    definition = {"sign": {"description": "The call sign", "type": "str", "required": True}}
    view = call(
        model,
        {
            "message": ASKED,
            "preamble": "Be brief.",
            "chat_history": [{"role": "USER", "message": "Hi"}, {"role": "CHATBOT", "message": "Ho"}],
            "documents": [{"title": "Songs", "snippet": "Elemental Hotel leads."}],
            "tools": [
                {"name": "top_song", "description": "Most popular", "parameter_definitions": definition}
            ],
            "tool_results": [
                {"call": {"name": "top_song", "parameters": {"sign": "A"}}, "outputs": [{"song": "B"}]}
            ],
            "temperature": 0.1,
        },
    )
    assert view.chat is not None
    assert view.chat.system == [{"type": "text", "content": "Be brief."}]
    assert [message.role for message in view.chat.messages] == ["user", "assistant", "user", "tool"]
    assert view.chat.messages[2].parts == [
        {"type": "text", "content": ASKED},
        {"type": "generic", "value": {"document": {"title": "Songs", "snippet": "Elemental Hotel leads."}}},
    ]
    assert view.chat.messages[3].parts == [
        {"type": "tool_call_response", "id": None, "response": [{"song": "B"}], "name": "top_song"}
    ]
    schema = {
        "type": "object",
        "properties": {"sign": {"description": "The call sign", "type": "string"}},
        "required": ["sign"],
    }
    assert view.chat.tools == [Tool("top_song", "Most popular", schema)]
    assert view.chat.parameters == {"temperature": 0.1}
    assert view.chat.output[0].parts == [
        {"type": "tool_call", "id": None, "name": "top_song", "arguments": {"sign": "WZPZ"}}
    ]
    assert view.response_preview == "→ top_song"
