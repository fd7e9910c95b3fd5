"""Cohere Command R and R+, plain and streamed.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command-r-plus.html; the
stream's events are those of https://docs.cohere.com/v2/reference/chat-stream-v1, which AWS's page leaves out.
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, ChunkWords, without, without_metrics
from outcrop.genai.messages import (
    Chat,
    Message,
    Part,
    Tool,
    generic_part,
    text_part,
    tool_call_part,
    tool_result_part,
)
from outcrop.genai.usage import Usage, UsageRule
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text

_SHOWN_APART = frozenset({"message", "chat_history", "preamble", "documents", "tools", "tool_results"})
_ROLES = {"USER": "user", "CHATBOT": "assistant", "SYSTEM": "system", "TOOL": "tool"}
# Events whose lists are members of the plain answer.
_LISTS = ("citations", "tool_calls", "search_queries", "documents", "search_results")
# Python's type names, which Cohere's definitions use, as JSON Schema has them.
_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object"}


class CommandRCodec:
    """A message with a history, documents and tools; a text with citations or tool calls."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By vendor and the message."""
        return clues.vendor == "cohere" and self.has_shape(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By the message: no other family has one text under this name."""
        return isinstance(clues.request.get("message"), str)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        reason = as_text(response.get("finish_reason"))
        preamble = as_text(request.get("preamble"))
        chat = Chat(
            system=[text_part(preamble)] if preamble else [],
            messages=_read_messages(request),
            output=_read_output(response, reason),
            tools=[_read_tool(as_object(tool)) for tool in as_list(request.get("tools"))],
            parameters=without(request, _SHOWN_APART),
        )
        return BodyRead(chat, _read_usage(as_object(response.get("meta"))), reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Takes the whole answer that `stream-end` brings; of a stream that broke off, what came."""
        texts: list[str] = []
        merged: JsonObject = {}
        end: JsonObject = {}
        for chunk in map(without_metrics, chunks):
            kind = chunk.get("event_type")
            if kind == "text-generation":
                texts.append(as_text(chunk.get("text")) or "")
            elif kind == "stream-end":
                end = {**without(chunk, {"response"}), **as_object(chunk.get("response"))}
            elif kind == "stream-start":
                merged.update(chunk)
            for name in _LISTS:
                if name in chunk:
                    merged[name] = [*as_list(merged.get(name)), *as_list(chunk[name])]
        if texts:
            merged["text"] = "".join(texts)
        return without({**merged, **end}, {"event_type", "is_finished"})

    def describe(self, chunk: JsonObject) -> ChunkWords:
        """The event's own type and its words."""
        kind = as_text(chunk.get("event_type")) or "chunk"
        if kind == "text-generation":
            return kind, "text", as_text(chunk.get("text")), None
        function = as_object(as_object(chunk.get("tool_call_delta")).get("parameters"))
        words = as_text(as_object(chunk.get("tool_call_delta")).get("parameters")) or as_text(
            function.get("text")
        )
        return kind, "other" if words is None else "tool_input", words, None


def _read_messages(request: JsonObject) -> list[Message]:
    messages = [_read_turn(as_object(turn)) for turn in as_list(request.get("chat_history"))]
    parts: list[Part] = []
    words = as_text(request.get("message"))
    # With tool results, the message may be empty or repeat the question that led to them.
    if words:
        parts.append(text_part(words))
    parts.extend(generic_part({"document": document}) for document in as_list(request.get("documents")))
    if parts:
        messages.append(Message("user", parts))
    results = [_read_result(as_object(result)) for result in as_list(request.get("tool_results"))]
    return [*messages, Message("tool", results)] if results else messages


def _read_turn(turn: JsonObject) -> Message:
    role = as_text(turn.get("role")) or "unknown"
    words = as_text(turn.get("message"))
    parts: list[Part] = [text_part(words)] if words else []
    parts.extend(_read_call(as_object(call)) for call in as_list(turn.get("tool_calls")))
    parts.extend(_read_result(as_object(result)) for result in as_list(turn.get("tool_results")))
    return Message(_ROLES.get(role.upper(), role), parts)


def _read_call(call: JsonObject) -> Part:
    return tool_call_part(None, as_text(call.get("name")) or "unknown", call.get("parameters"))


def _read_result(result: JsonObject) -> Part:
    name = as_text(as_object(result.get("call")).get("name"))
    part = tool_result_part(None, result.get("outputs"))
    return part if name is None else {**part, "name": name}


def _read_output(response: JsonObject, reason: str | None) -> list[Message]:
    text = as_text(response.get("text"))
    calls = as_list(response.get("tool_calls"))
    searches = as_list(response.get("search_queries"))
    if text is None and not calls and not searches:
        return []
    parts: list[Part] = [text_part(text)] if text else []
    citations = as_list(response.get("citations"))
    if parts and citations:
        parts[0]["citations"] = citations
    parts.extend(generic_part({"search_query": search}) for search in searches)
    parts.extend(_read_call(as_object(call)) for call in calls)
    return [Message("assistant", parts, reason)]


def _read_tool(tool: JsonObject) -> Tool:
    definitions = as_object(tool.get("parameter_definitions"))
    schema: JsonObject = {"type": "object", "properties": {}}
    for name, definition in definitions.items():
        members = without(as_object(definition), {"required"})
        kind = as_text(members.get("type"))
        schema["properties"][name] = {**members, "type": _TYPES.get(kind, kind)} if kind else members
    needed = [
        name for name, definition in definitions.items() if as_object(definition).get("required") is True
    ]
    if needed:
        schema["required"] = needed
    return Tool(as_text(tool.get("name")) or "unknown", as_text(tool.get("description")), schema)


def _read_usage(meta: JsonObject) -> Usage | None:
    """AWS's page names `billed_units`; Cohere's newer answers also have `tokens`, all that the model saw."""
    raw = as_object(meta.get("tokens")) or as_object(meta.get("billed_units"))
    if not raw:
        return None
    counts = as_int(raw.get("input_tokens")), as_int(raw.get("output_tokens"))
    return Usage(*counts, raw=raw, rule=UsageRule.INCLUSIVE)
