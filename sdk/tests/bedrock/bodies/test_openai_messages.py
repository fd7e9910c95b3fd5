"""OpenAI's chat schema as the vendors on Bedrock bend it: reasoning, pictures, roles, counts, streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from outcrop.bedrock.bodies.openai_chat import OpenAIChatCodec
from outcrop.genai.view import SpanView
from outcrop.testing import BedrockEmulator, Reasoning, Reply, Usage

Call = Callable[[str, dict[str, Any]], SpanView]

BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello?"}]}
THOUGHT_AND_WORDS = [{"type": "reasoning", "content": "Let me see."}, {"type": "text", "content": "Granite."}]


@pytest.mark.parametrize("model", ["openai.gpt-oss-120b-1:0", "qwen.qwen3-32b-v1:0"])
@pytest.mark.parametrize("way", ["invoke", "stream"])
def test_reasoning_is_told_from_words_in_tags_and_in_its_own_member(
    bedrock_emulator: BedrockEmulator, request: pytest.FixtureRequest, model: str, way: str
) -> None:
    call: Call = request.getfixturevalue(way)
    bedrock_emulator.script(model, Reply(Reasoning("Let me see."), "Granite.", chunk_size=3))
    view = call(model, BODY)
    assert view.chat is not None
    assert view.chat.output[0].parts == THOUGHT_AND_WORDS
    assert view.response_preview == "Granite."


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Hello?", "<think>\nLet me see.\n</think>\n\nGranite."),
        (
            "<\uff5cbegin\u2581of\u2581sentence\uff5c><\uff5cUser\uff5c>Hello?<\uff5cAssistant\uff5c><think>\n",
            "Let me see.\n</think>\n\nGranite.",
        ),
    ],
)
def test_deepseek_thinks_before_it_speaks(
    bedrock_emulator: BedrockEmulator, invoke: Call, prompt: str, text: str
) -> None:
    model = "us.deepseek.r1-v1:0"
    bedrock_emulator.script(model, Reply(text))
    view = invoke(model, {"prompt": prompt})
    assert view.chat is not None
    assert view.chat.output[0].parts == THOUGHT_AND_WORDS
    assert view.request_preview == "Hello?"


def test_reasoning_that_a_broken_stream_left_open_is_reasoning() -> None:
    answer = {"choices": [{"message": {"content": "<reasoning>Let me"}}]}
    chat = OpenAIChatCodec().read(BODY, answer).chat
    assert chat is not None
    assert chat.output[0].parts == [{"type": "reasoning", "content": "Let me"}]


def test_cached_tokens_are_a_part_of_the_prompts_and_not_added(
    bedrock_emulator: BedrockEmulator, invoke: Call
) -> None:
    model = "openai.gpt-oss-20b-1:0"
    bedrock_emulator.script(model, Reply("Hi", usage=Usage(9, 4, cache_read=3)))
    usage = invoke(model, BODY).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (12, 4, 3)
    assert usage.raw["prompt_tokens_details"] == {"cached_tokens": 3}


def test_leading_instructions_are_the_systems_and_later_ones_keep_their_place() -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "Hello?"},
        {"role": "system", "content": "Now sing."},
    ]
    chat = OpenAIChatCodec().read({"messages": messages, "reasoning_effort": "low"}, {}).chat
    assert chat is not None
    assert [part["content"] for part in chat.system] == ["Be brief.", "Be kind."]
    assert [message.role for message in chat.messages] == ["user", "system"]
    assert chat.parameters == {"reasoning_effort": "low"}


def test_pictures_and_sound_are_media() -> None:
    content = [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": "https://a.example/x.png"},
        {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "wav"}},
        {"type": "tomorrows", "x": 1},
    ]
    chat = OpenAIChatCodec().read({"messages": [{"role": "user", "content": content}]}, {}).chat
    assert chat is not None
    assert chat.messages[0].parts == [
        {"type": "text", "content": "What is it?"},
        {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AAAA"},
        {"type": "uri", "modality": "image", "mime_type": None, "uri": "https://a.example/x.png"},
        {"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "BBBB"},
        {"type": "generic", "value": {"type": "tomorrows", "x": 1}},
    ]


def test_tool_calls_in_pieces_are_joined_by_their_index() -> None:
    def delta(**members: Any) -> dict[str, Any]:
        return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": members}]}

    chunks: list[Any] = [
        delta(role="assistant", content=None),
        delta(
            tool_calls=[
                {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
            ]
        ),
        delta(tool_calls=[{"index": 1, "id": "b", "type": "function", "function": {"name": "g"}}]),
        delta(tool_calls=[{"index": 1, "function": {"arguments": '{"y": '}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"x": 1}'}}]),
        delta(tool_calls=[{"index": 1, "function": {"arguments": "2}"}}]),
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
    ]
    codec = OpenAIChatCodec()
    merged = codec.merge(chunks)
    assert merged == {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
                        {"id": "b", "type": "function", "function": {"name": "g", "arguments": '{"y": 2}'}},
                    ],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    assert codec.describe(chunks[3]) == ("chunk", "tool_input", '{"y": ', 1)
    assert codec.describe(delta(reasoning="Hm")) == ("chunk", "reasoning", "Hm", None)
    read = codec.read(BODY, merged)
    assert read.usage is not None
    assert (read.usage.input_tokens, read.finish_reason) == (3, "tool_calls")


def test_several_choices_are_several_answers() -> None:
    chunks: list[Any] = [
        {"choices": [{"index": 1, "delta": {"content": "B"}}]},
        {"choices": [{"index": 0, "delta": {"content": "A"}}]},
        {"choices": [{"index": 1, "delta": {}, "finish_reason": "length"}]},
    ]
    codec = OpenAIChatCodec()
    chat = codec.read(BODY, codec.merge(chunks)).chat
    assert chat is not None
    assert [(message.parts[0]["content"], message.finish_reason) for message in chat.output] == [
        ("A", None),
        ("B", "length"),
    ]


def test_a_refusal_and_a_legacy_function_call_are_shown() -> None:
    message = {"content": None, "refusal": "No.", "function_call": {"name": "f", "arguments": "{broken"}}
    chat = OpenAIChatCodec().read(BODY, {"choices": [{"message": message}]}).chat
    assert chat is not None
    assert chat.output[0].parts == [
        {"type": "text", "content": "No.", "refusal": True},
        {"type": "tool_call", "id": None, "name": "f", "arguments": "{broken"},
    ]
