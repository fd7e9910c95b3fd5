"""A conversation in the exact schema of the conventions' content attributes. Pure.

Outcrop's own parts are nearly those; what differs is told here. Schema: semantic-conventions-genai,
model/gen-ai/gen-ai-{input-messages,output-messages,system-instructions,tool-definitions}.json.
"""

from __future__ import annotations

from collections.abc import Callable

from outcrop.genai.messages import Chat, Part, Tool
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_object, as_text, only_member
from outcrop.normalised.finish_reasons import answer_reason

_FILE_MODALITIES = frozenset({"image", "document", "video", "audio"})
_SYSTEM_TYPES = frozenset({"text", "generic"})


def input_messages(chat: Chat) -> list[JsonObject]:
    """What was sent."""
    return [{"role": message.role, "parts": _parts(message.parts)} for message in chat.messages]


def output_messages(chat: Chat, view: SpanView) -> list[JsonObject]:
    """What came back, one message an answer."""
    return [
        {
            "role": message.role,
            "parts": _parts(message.parts),
            "finish_reason": answer_reason(message.finish_reason, view),
        }
        for message in chat.output
    ]


def system_instructions(chat: Chat) -> list[JsonObject]:
    """The system's words; the schema has text and generic parts alone here."""
    return [
        part if part["type"] in _SYSTEM_TYPES else _as_generic(str(part["type"]), part)
        for part in _parts(chat.system)
    ]


def tool_definitions(chat: Chat) -> list[JsonObject]:
    """The tools that were offered."""
    return [_tool(tool) for tool in chat.tools]


def text_message(role: str, words: str) -> JsonObject:
    """A message of words alone."""
    return {"role": role, "parts": [{"type": "text", "content": words}]}


def spoken_answer(words: str, view: SpanView) -> JsonObject:
    """The answer of an agent or the like, which came as words alone."""
    return {**text_message("assistant", words), "finish_reason": answer_reason(None, view)}


def _parts(parts: list[Part]) -> list[JsonObject]:
    return [_part(part) for part in parts]


def _part(part: Part) -> JsonObject:
    reader = _SPECIAL.get(str(part.get("type")))
    return part if reader is None else reader(part)


def _reasoning(part: Part) -> JsonObject:
    """Reasoning that the provider encrypted has no words, and the schema demands some text."""
    return part if isinstance(part.get("content"), str) else {**part, "content": ""}


def _tool_call(part: Part) -> JsonObject:
    if "tool_type" not in part:
        return part
    # A tool on the provider's side: its schema discriminates by the tool, which is its name.
    rest = {name: value for name, value in part.items() if name != "arguments"}
    call = {"type": part.get("name"), "arguments": part.get("arguments")}
    return {**rest, "type": "server_tool_call", "server_tool_call": call}


def _tool_response(part: Part) -> JsonObject:
    if "tool_type" not in part:
        return part
    rest = {name: value for name, value in part.items() if name != "response"}
    answer = {"type": str(part["tool_type"]), "response": part.get("response")}
    return {**rest, "type": "server_tool_call_response", "server_tool_call_response": answer}


def _generic(part: Part) -> JsonObject:
    """What no codec knows, under the name that its vendor gives it."""
    value = part.get("value")
    members = as_object(value)
    file = _file(members)
    if file is not None:
        return file
    kind = as_text(members.get("type"))
    if kind is not None:
        return _as_generic(kind, members)
    member = only_member(members)
    if member is None:
        return part
    name, body = member
    fields = as_object(body)
    if fields and not fields.keys() & {"type", "generic_type"}:
        return _as_generic(name, fields)
    return {"type": "generic", "generic_type": name, "value": body}


def _as_generic(kind: str, members: JsonObject) -> JsonObject:
    return {**members, "type": "generic", "generic_type": kind}


def _file(members: JsonObject) -> JsonObject | None:
    """A file that was handed to the provider before (Anthropic's and OpenAI's forms)."""
    kind = as_text(members.get("type")) or ""
    source = as_object(members.get("source") or members.get("file"))
    file_id = as_text(source.get("file_id"))
    if file_id is None:
        return None
    modality = kind if kind in _FILE_MODALITIES else "document"
    return {"type": "file", "modality": modality, "mime_type": None, "file_id": file_id}


_SPECIAL: dict[str, Callable[[Part], JsonObject]] = {
    "reasoning": _reasoning,
    "tool_call": _tool_call,
    "tool_call_response": _tool_response,
    "generic": _generic,
}


def _tool(tool: Tool) -> JsonObject:
    found: JsonObject = {"type": "generic", "name": tool.name}
    parameters = tool.parameters
    if isinstance(parameters, dict) or (parameters is None and tool.description is not None):
        # What is none is a cache point, a tool of the provider's own, or has parameters that are no schema.
        found["type"] = "function"
    if tool.description is not None:
        found["description"] = tool.description
    if tool.parameters is not None:
        found["parameters"] = tool.parameters
    return found
