"""Reads Anthropic's content blocks into GenAI parts; what is unknown is kept as a generic part.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
and, for server tools and sources, https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

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
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

# Calls of tools that run on the model's side, such as `server_tool_use` and `mcp_tool_use`.
_CALL_END = "tool_use"
# Their results, such as `web_search_tool_result`.
_RESULT_END = "tool_result"


def read_message(message: Any) -> list[Message]:
    """Reads one message; tool results, which Anthropic sends as the user's, become messages of `tool`."""
    source = as_object(message)
    role = as_text(source.get("role")) or "unknown"
    messages: list[Message] = []
    for part in read_content(source.get("content")):
        part_role = "tool" if role == "user" and part["type"] == "tool_call_response" else role
        if messages and messages[-1].role == part_role:
            messages[-1].parts.append(part)
        else:
            messages.append(Message(part_role, [part]))
    return messages or [Message(role, [])]


def read_content(content: Any) -> list[Part]:
    """Reads text, or a list of blocks."""
    if isinstance(content, str):
        return [text_part(content)]
    return [_read_block(block) for block in as_list(content)]


def _read_block(value: Any) -> Part:
    if isinstance(value, str):
        return text_part(value)
    block = as_object(value)
    kind = as_text(block.get("type")) or ""
    if kind == "text":
        part = text_part(as_text(block.get("text")) or "")
        return {**part, "citations": block["citations"]} if block.get("citations") else part
    if kind == "thinking":
        return reasoning_part(as_text(block.get("thinking")), signature=as_text(block.get("signature")))
    if kind == "redacted_thinking":
        return reasoning_part(None, redacted=as_text(block.get("data")) or "")
    if kind.endswith(_CALL_END):
        return _read_call(kind, block)
    if kind.endswith(_RESULT_END):
        return _read_result(kind, block)
    if kind in {"image", "document"}:
        return _read_media(kind, block)
    return generic_part(value)


def _read_call(kind: str, block: JsonObject) -> Part:
    name = as_text(block.get("name")) or "unknown"
    part = tool_call_part(as_text(block.get("id")), name, block.get("input"))
    return part if kind == _CALL_END else {**part, "tool_type": kind}


def _read_result(kind: str, block: JsonObject) -> Part:
    content = block.get("content")
    call_id = as_text(block.get("tool_use_id"))
    is_error = block.get("is_error") is True or "error_code" in as_object(content)
    status = "error" if is_error else None
    if kind == _RESULT_END:
        response = content if isinstance(content, str) else read_content(content)
        return tool_result_part(call_id, response, status=status)
    # What a tool on the model's side found is of the tool's own making: shown as the JSON that it is.
    return {**tool_result_part(call_id, content, status=status), "tool_type": kind}


def _read_media(modality: str, block: JsonObject) -> Part:
    source = as_object(block.get("source"))
    mime_type = as_text(source.get("media_type"))
    name = as_text(block.get("title"))
    part = _read_source(modality, mime_type, source, name) or generic_part(block)
    # Shown beside the document, since the model reads it with it.
    return {**part, "context": block["context"]} if isinstance(block.get("context"), str) else part


def _read_source(modality: str, mime_type: str | None, source: JsonObject, name: str | None) -> Part | None:
    if isinstance(source.get("data"), str):
        if source.get("type") == "text":
            return _named(text_part(source["data"]), name)
        return blob_part(modality, mime_type, source["data"], name=name)
    if isinstance(source.get("url"), str):
        return uri_part(modality, mime_type, source["url"], name=name)
    texts = read_content(source.get("content"))
    if texts and all(part["type"] == "text" for part in texts):
        return _named(text_part("\n".join(part["content"] for part in texts)), name)
    return None


def _named(part: Part, name: str | None) -> Part:
    return part if name is None else {**part, "name": name}
