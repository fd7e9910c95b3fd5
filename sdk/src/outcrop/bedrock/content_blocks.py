"""Reads Converse content blocks into GenAI parts; what is unknown is kept as a generic part.

Source: botocore's bedrock-runtime service model, shape ContentBlock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outcrop.genai.messages import (
    Message,
    Part,
    blob_part,
    generic_part,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_result_part,
    uri_part,
)
from outcrop.json_reading import JsonObject, as_list, as_object, as_text, only_member

_MIME_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mpg": "video/mpeg",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
    "mp3": "audio/mpeg",
}


def read_message(message: JsonObject) -> list[Message]:
    """Reads one message; tool results, which Bedrock sends as the user's, become messages of `tool`."""
    role = as_text(message.get("role")) or "unknown"
    messages: list[Message] = []
    for part in read_blocks(message.get("content")):
        part_role = "tool" if role == "user" and part["type"] == "tool_call_response" else role
        if messages and messages[-1].role == part_role:
            messages[-1].parts.append(part)
        else:
            messages.append(Message(part_role, [part]))
    return messages or [Message(role, [])]


def read_blocks(content: Any) -> list[Part]:
    """Reads a list of content blocks. Plain text, which botocore refuses, is shown all the same."""
    if isinstance(content, str):
        return [text_part(content)]
    parts: list[Part] = []
    for block in as_list(content):
        parts.extend(_read_block(block))
    return parts


def _read_block(block: Any) -> list[Part]:
    member = only_member(as_object(block))
    if member is None:
        return [text_part(block)] if isinstance(block, str) else [generic_part(block)]
    name, value = member
    if name == "text" and isinstance(value, str):
        return [text_part(value)]
    reader = _READERS.get(name)
    if reader is None or not isinstance(value, dict):
        return [generic_part(block)]
    return reader(as_object(value)) or [generic_part(block)]


def _tool_use(value: JsonObject) -> list[Part]:
    part = tool_call_part(
        as_text(value.get("toolUseId")), as_text(value.get("name")) or "unknown", value.get("input")
    )
    return [_with_rest(part, value, "toolUseId", "name", "input")]


def _with_rest(part: Part, value: JsonObject, *read: str) -> Part:
    """Adds the members that no part has a place for, under their own names."""
    rest = {"tool_type" if name == "type" else name: v for name, v in value.items() if name not in read}
    return {**rest, **part}


def _tool_result(value: JsonObject) -> list[Part]:
    content = as_list(value.get("content"))
    response: Any
    if len(content) == 1 and only_member(as_object(content[0])):
        block = as_object(content[0])
        response = block["json"] if "json" in block else block.get("text", read_blocks(content))
    else:
        response = read_blocks(content)
    part = tool_result_part(as_text(value.get("toolUseId")), response, status=as_text(value.get("status")))
    return [_with_rest(part, value, "toolUseId", "content", "status")]


def _reasoning(value: JsonObject) -> list[Part]:
    redacted = as_text(value.get("redactedContent"))
    if redacted is not None:
        return [reasoning_part(None, redacted=redacted)]
    words = as_object(value.get("reasoningText"))
    if not words:
        return []
    return [reasoning_part(as_text(words.get("text")), signature=as_text(words.get("signature")))]


def _citations(value: JsonObject) -> list[Part]:
    parts = read_blocks(value.get("content"))
    citations = as_list(value.get("citations"))
    if parts and citations:
        parts[-1] = {**parts[-1], "citations": citations}
    return parts


def _guard(value: JsonObject) -> list[Part]:
    text = as_object(value.get("text"))
    words = as_text(text.get("text"))
    if words is None:
        return _media("image")(as_object(value.get("image")))
    return [{**text_part(words), "guard": as_list(text.get("qualifiers"))}]


def _media(modality: str) -> Callable[[JsonObject], list[Part]]:
    def read(value: JsonObject) -> list[Part]:
        format_name = as_text(value.get("format"))
        mime_type = _mime_type(modality, format_name)
        name = as_text(value.get("name"))
        source = as_object(value.get("source"))
        if isinstance(source.get("bytes"), str):
            part = blob_part(modality, mime_type, source["bytes"], name=name)
            return [_with_rest(part, value, "format", "name", "source")]
        location = as_object(source.get("s3Location"))
        uri = as_text(location.get("uri"))
        if uri is None:
            return []
        part = uri_part(modality, mime_type, uri, name=name)
        return [_with_rest(_with_rest(part, location, "uri"), value, "format", "name", "source")]

    return read


def _mime_type(modality: str, format_name: str | None) -> str | None:
    if format_name is None:
        return None
    return _MIME_TYPES.get(format_name, f"{modality}/{format_name}")


_READERS: dict[str, Callable[[JsonObject], list[Part]]] = {
    "toolUse": _tool_use,
    "toolResult": _tool_result,
    "reasoningContent": _reasoning,
    "citationsContent": _citations,
    "guardContent": _guard,
    "image": _media("image"),
    "document": _media("document"),
    "video": _media("video"),
    "audio": _media("audio"),
}
