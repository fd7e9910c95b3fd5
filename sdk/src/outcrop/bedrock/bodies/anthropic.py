"""Anthropic messages, plain and streamed.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
"""

from __future__ import annotations

import json
from typing import Any

from outcrop.bedrock.bodies.codec import BodyRead
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
    uri_part,
)
from outcrop.genai.stream import ChunkKind
from outcrop.genai.usage import Usage
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text

_SHOWN_APART = frozenset({"messages", "system", "tools", "anthropic_version"})


class AnthropicCodec:
    """The messages API as Bedrock carries it."""

    def matches(self, vendor: str | None, request: JsonObject) -> bool:
        """By vendor, or by the version member that every such body has."""
        return (vendor == "anthropic" and "messages" in request) or "anthropic_version" in request

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        finish_reason = as_text(response.get("stop_reason"))
        output: list[Message] = []
        if "content" in response:
            role = as_text(response.get("role")) or "assistant"
            output = [Message(role, _read_content(response["content"]), finish_reason)]
        chat = Chat(
            system=_read_content(request.get("system")),
            messages=[m for message in as_list(request.get("messages")) for m in _read_message(message)],
            output=output,
            tools=[_read_tool(as_object(tool)) for tool in as_list(request.get("tools"))],
            parameters={name: value for name, value in request.items() if name not in _SHOWN_APART},
        )
        return BodyRead(chat, read_usage(as_object(response.get("usage"))), finish_reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges message_start, content_block_*, message_delta and message_stop."""
        merged: JsonObject = {}
        blocks: dict[int, JsonObject] = {}
        tool_input: dict[int, list[str]] = {}
        for chunk in map(as_object, chunks):
            kind = chunk.get("type")
            index = as_int(chunk.get("index")) or 0
            if kind == "message_start":
                merged = dict(as_object(chunk.get("message")))
            elif kind == "content_block_start":
                blocks[index] = dict(as_object(chunk.get("content_block")))
            elif kind == "content_block_delta":
                block = blocks.setdefault(index, {})
                _add_delta(block, as_object(chunk.get("delta")), tool_input.setdefault(index, []))
            elif kind == "message_delta":
                usage = {**as_object(merged.get("usage")), **as_object(chunk.get("usage"))}
                merged = {**merged, **as_object(chunk.get("delta")), "usage": usage}
        for index, pieces in tool_input.items():
            if pieces:
                blocks[index]["input"] = _parse_or_text("".join(pieces))
        if merged or blocks:
            merged["content"] = [blocks[index] for index in sorted(blocks)]
        return merged

    def describe(self, chunk: JsonObject) -> tuple[str, ChunkKind, str | None, int | None]:
        """The event's own type and the delta's words."""
        kind = as_text(chunk.get("type")) or "chunk"
        delta = as_object(chunk.get("delta"))
        index = as_int(chunk.get("index"))
        kinds: dict[str, ChunkKind] = {"text": "text", "thinking": "reasoning", "partial_json": "tool_input"}
        for member, chunk_kind in kinds.items():
            if isinstance(delta.get(member), str):
                return kind, chunk_kind, delta[member], index
        return kind, "other", None, index


def read_usage(raw: JsonObject) -> Usage | None:
    """Anthropic counts cached input apart from input_tokens, so the total adds it."""
    if not raw:
        return None
    fresh = as_int(raw.get("input_tokens"))
    read = as_int(raw.get("cache_read_input_tokens"))
    written = as_int(raw.get("cache_creation_input_tokens"))
    total = None if fresh is None else fresh + (read or 0) + (written or 0)
    return Usage(total, as_int(raw.get("output_tokens")), read, written, raw)


def _add_delta(block: JsonObject, delta: JsonObject, tool_input: list[str]) -> None:
    for member in ("text", "thinking", "signature"):
        if isinstance(delta.get(member), str):
            block[member] = (as_text(block.get(member)) or "") + delta[member]
    if isinstance(delta.get("partial_json"), str):
        tool_input.append(delta["partial_json"])
    if "citation" in delta:
        block["citations"] = [*as_list(block.get("citations")), delta["citation"]]


def _parse_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_message(message: Any) -> list[Message]:
    source = as_object(message)
    role = as_text(source.get("role")) or "unknown"
    messages: list[Message] = []
    for part in _read_content(source.get("content")):
        part_role = "tool" if role == "user" and part["type"] == "tool_call_response" else role
        if messages and messages[-1].role == part_role:
            messages[-1].parts.append(part)
        else:
            messages.append(Message(part_role, [part]))
    return messages


def _read_content(content: Any) -> list[Part]:
    if isinstance(content, str):
        return [text_part(content)]
    return [_read_block(as_object(block)) for block in as_list(content)]


def _read_block(block: JsonObject) -> Part:
    kind = block.get("type")
    if kind == "text":
        part = text_part(as_text(block.get("text")) or "")
        return {**part, "citations": block["citations"]} if block.get("citations") else part
    if kind == "thinking":
        return reasoning_part(as_text(block.get("thinking")), signature=as_text(block.get("signature")))
    if kind == "redacted_thinking":
        return reasoning_part(None, redacted=as_text(block.get("data")) or "")
    if kind == "tool_use":
        name = as_text(block.get("name")) or "unknown"
        return tool_call_part(as_text(block.get("id")), name, block.get("input"))
    if kind == "tool_result":
        content = block.get("content")
        response = content if isinstance(content, str) else _read_content(content)
        status = "error" if block.get("is_error") else None
        return tool_result_part(as_text(block.get("tool_use_id")), response, status=status)
    if kind in {"image", "document"}:
        return _read_media(kind, block)
    return generic_part(block)


def _read_media(modality: str, block: JsonObject) -> Part:
    source = as_object(block.get("source"))
    mime_type = as_text(source.get("media_type"))
    if isinstance(source.get("data"), str):
        if source.get("type") == "text":
            return text_part(source["data"])
        return blob_part(modality, mime_type, source["data"], name=as_text(block.get("title")))
    if isinstance(source.get("url"), str):
        return uri_part(modality, mime_type, source["url"])
    return generic_part(block)


def _read_tool(tool: JsonObject) -> Tool:
    name = as_text(tool.get("name")) or as_text(tool.get("type")) or "unknown"
    return Tool(name, as_text(tool.get("description")), tool.get("input_schema"))
