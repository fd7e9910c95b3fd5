"""Chat completions in OpenAI's schema, plain and streamed: one codec for all vendors that speak it.

gpt-oss, Qwen, DeepSeek V3, Writer Palmyra, AI21 Jamba, Mistral chat, imported and custom models, and the
guess for a vendor of tomorrow. Sources:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html and, beside it,
model-parameters-mistral-chat-completion, -palmyra-x5, -jamba and invoke-imported-model.html.
Mistral says `stop_reason` where the others say `finish_reason`; Writer has both, one of them null.
"""

from __future__ import annotations

import json
from typing import Any

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, ChunkWords, without
from outcrop.bedrock.bodies.media import address_part
from outcrop.bedrock.bodies.openai_stream import describe_choices, merge_choices
from outcrop.bedrock.bodies.openai_usage import read_openai_usage
from outcrop.bedrock.bodies.reasoning_tags import read_answer_text
from outcrop.genai.messages import (
    Chat,
    Message,
    Part,
    Tool,
    blob_part,
    generic_part,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_result_part,
)
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

_SHOWN_APART = frozenset({"messages", "tools", "functions"})
_SYSTEM_ROLES = frozenset({"system", "developer"})
_TOOL_ROLES = frozenset({"tool", "function"})
# Names under which vendors give a model's reasoning; gpt-oss writes it into the text instead.
_REASONING = ("reasoning_content", "reasoning")


class OpenAIChatCodec:
    """Messages in, choices out."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """No vendor has this schema for itself; the messages tell."""
        return clues.vendor in {"openai", "mistral", "qwen", "writer", "deepseek"} and self.has_shape(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By messages; the table asks the vendors with messages of their own kind first."""
        return isinstance(clues.request.get("messages"), list)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        system, messages = _read_messages(as_list(request.get("messages")))
        choices = list(map(as_object, as_list(response.get("choices"))))
        output = [_read_choice(choice) for choice in choices]
        chat = Chat(
            system=system,
            messages=messages,
            output=output,
            tools=[_read_tool(as_object(tool)) for tool in as_list(request.get("tools"))],
            parameters=without(request, _SHOWN_APART),
        )
        reason = next((message.finish_reason for message in output if message.finish_reason), None)
        return BodyRead(chat, read_openai_usage(response.get("usage")), reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges deltas by choice, and tool calls by their index."""
        return merge_choices(chunks)

    def describe(self, chunk: JsonObject) -> ChunkWords:
        """The first choice's words."""
        return describe_choices(chunk)


def _read_messages(messages: list[Any]) -> tuple[list[Part], list[Message]]:
    system: list[Part] = []
    read: list[Message] = []
    for message in map(as_object, messages):
        # A later system message is part of the conversation's course, so it keeps its place.
        if as_text(message.get("role")) in _SYSTEM_ROLES and not read:
            system.extend(_read_content(message.get("content")))
        else:
            read.append(_read_message(message))
    return system, read


def _read_message(message: JsonObject) -> Message:
    role = as_text(message.get("role")) or "unknown"
    if role not in _TOOL_ROLES:
        return Message(role, _read_parts(message))
    content = message.get("content")
    response = content if isinstance(content, str) else _read_content(content)
    part = tool_result_part(as_text(message.get("tool_call_id")), response)
    name = as_text(message.get("name"))
    return Message("tool", [part if name is None else {**part, "name": name}])


def _read_choice(choice: JsonObject) -> Message:
    message = as_object(choice.get("message"))
    reason = as_text(choice.get("finish_reason")) or as_text(choice.get("stop_reason"))
    return Message(as_text(message.get("role")) or "assistant", _read_parts(message, is_answer=True), reason)


def _read_parts(message: JsonObject, *, is_answer: bool = False) -> list[Part]:
    thoughts = (as_text(message.get(name)) for name in _REASONING)
    parts: list[Part] = [reasoning_part(thought) for thought in thoughts if thought]
    content = message.get("content")
    if is_answer and isinstance(content, str) and content:
        parts.extend(read_answer_text(content))
    else:
        parts.extend(_read_content(content))
    refusal = as_text(message.get("refusal"))
    if refusal:
        parts.append({**text_part(refusal), "refusal": True})
    calls = as_list(message.get("tool_calls"))
    if "function_call" in message and not calls:
        calls = [{"function": message["function_call"]}]
    parts.extend(_read_tool_call(as_object(call)) for call in calls)
    return parts


def _read_content(content: Any) -> list[Part]:
    """Text, a list of typed parts, or (in Writer's documentation) one part without its list."""
    if isinstance(content, str):
        return [text_part(content)] if content else []
    blocks: list[Any] = [content] if isinstance(content, dict) else as_list(content)
    return [_read_block(block) for block in blocks]


def _read_block(block: Any) -> Part:
    members = as_object(block)
    if isinstance(members.get("text"), str):
        return text_part(members["text"])
    for modality in ("image", "video", "audio"):
        address = members.get(f"{modality}_url")
        url = as_text(address) or as_text(as_object(address).get("url"))
        if url is not None:
            return address_part(modality, url)
    audio = as_object(members.get("input_audio"))
    if isinstance(audio.get("data"), str):
        return blob_part("audio", f"audio/{audio.get('format')}", audio["data"])
    return text_part(block) if isinstance(block, str) else generic_part(block)


def _read_tool_call(call: JsonObject) -> Part:
    function = as_object(call.get("function"))
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        arguments = _parse_or_text(arguments)
    return tool_call_part(as_text(call.get("id")), as_text(function.get("name")) or "unknown", arguments)


def _parse_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _read_tool(tool: JsonObject) -> Tool:
    function = as_object(tool.get("function"))
    name = (
        as_text(function.get("name")) or as_text(tool.get("name")) or as_text(tool.get("type")) or "unknown"
    )
    return Tool(name, as_text(function.get("description")), function.get("parameters"))
