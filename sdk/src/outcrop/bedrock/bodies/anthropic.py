"""Anthropic messages, plain and streamed.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
and, for blocks that it leaves out, https://docs.anthropic.com/en/api/messages. Content is read in
`anthropic_content`.
"""

from __future__ import annotations

import json
from typing import Any

from outcrop.bedrock.bodies.anthropic_content import read_content, read_message
from outcrop.bedrock.bodies.codec import (
    BEDROCK_PREFIX,
    BodyClues,
    BodyRead,
    ChunkWords,
    without,
    without_metrics,
)
from outcrop.genai.messages import Chat, Message, Tool
from outcrop.genai.stream import ChunkKind
from outcrop.genai.usage import Usage, UsageRule
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text

_SHOWN_APART = frozenset({"messages", "system", "tools", "anthropic_version"})
_GROWING = frozenset({"text", "thinking", "signature"})


class AnthropicCodec:
    """The messages API as Bedrock carries it."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By vendor and messages."""
        return clues.vendor == "anthropic" and "messages" in clues.request

    def has_shape(self, clues: BodyClues) -> bool:
        """By the version member that every such body has on Bedrock."""
        return "anthropic_version" in clues.request and "messages" in clues.request

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        finish_reason = as_text(response.get("stop_reason"))
        output: list[Message] = []
        if "content" in response:
            role = as_text(response.get("role")) or "assistant"
            output = [Message(role, read_content(response["content"]), finish_reason)]
        chat = Chat(
            system=read_content(request.get("system")),
            messages=[m for message in as_list(request.get("messages")) for m in read_message(message)],
            output=output,
            tools=[_read_tool(as_object(tool)) for tool in as_list(request.get("tools"))],
            parameters=without(request, _SHOWN_APART),
        )
        return BodyRead(chat, read_usage(as_object(response.get("usage"))), finish_reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges message_start, content_block_*, message_delta and message_stop."""
        merged: JsonObject = {}
        blocks: dict[int, _Block] = {}
        for chunk in map(without_metrics, chunks):
            kind = chunk.get("type")
            index = as_int(chunk.get("index")) or 0
            # What a guardrail says travels in chunks under names of Bedrock's own.
            merged.update({n: v for n, v in chunk.items() if n.startswith(BEDROCK_PREFIX)})
            if kind == "message_start":
                merged.update(as_object(chunk.get("message")))
            elif kind == "content_block_start":
                blocks.setdefault(index, _Block()).start(as_object(chunk.get("content_block")))
            elif kind == "content_block_delta":
                blocks.setdefault(index, _Block()).add(as_object(chunk.get("delta")))
            elif kind == "message_delta":
                rest = without(chunk, {"type", "delta", "usage"})
                merged.update({**rest, **as_object(chunk.get("delta")), "usage": _join_usage(merged, chunk)})
        if merged or blocks:
            merged["content"] = [blocks[index].whole() for index in sorted(blocks)]
        return merged

    def describe(self, chunk: JsonObject) -> ChunkWords:
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
    return Usage(total, as_int(raw.get("output_tokens")), read, written, raw, UsageRule.EXCLUSIVE)


class _Block:
    """One content block as it grows."""

    def __init__(self) -> None:
        self._members: JsonObject = {}
        self._texts: dict[str, list[str]] = {}
        self._input: list[str] = []
        self._citations: list[Any] = []

    def start(self, block: JsonObject) -> None:
        self._members.update(block)

    def add(self, delta: JsonObject) -> None:
        for name, value in without(delta, {"type"}).items():
            if name == "partial_json" and isinstance(value, str):
                self._input.append(value)
            elif name == "citation":
                self._citations.append(value)
            elif name in _GROWING and isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
            else:
                self._members[name] = value

    def whole(self) -> JsonObject:
        block = dict(self._members)
        for name, pieces in self._texts.items():
            block[name] = (as_text(block.get(name)) or "") + "".join(pieces)
        if "".join(self._input):
            block["input"] = _parse_or_text("".join(self._input))
        if self._citations:
            block["citations"] = [*as_list(block.get("citations")), *self._citations]
        return block


def _join_usage(merged: JsonObject, chunk: JsonObject) -> JsonObject:
    """The counts so far and the later ones over them; a null says nothing."""
    later = {name: count for name, count in as_object(chunk.get("usage")).items() if count is not None}
    return {**as_object(merged.get("usage")), **later}


def _parse_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # A stream that broke off leaves half a JSON text; half is better than none.
        return text


def _read_tool(tool: JsonObject) -> Tool:
    name = as_text(tool.get("name")) or as_text(tool.get("type")) or "unknown"
    return Tool(name, as_text(tool.get("description")), tool.get("input_schema"))
