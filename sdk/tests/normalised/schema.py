"""An independent reading of the conventions' JSON schemas: what each part, message and tool must have.

From semantic-conventions-genai, model/gen-ai/gen-ai-*.json, as they stood in November 2026; nothing here is
shared with the code under test.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

# The members that each type of part must have, with their JSON types.
PARTS: dict[str, dict[str, type]] = {
    "text": {"content": str},
    "tool_call": {"name": str},
    "tool_call_response": {"response": object},
    "server_tool_call": {"name": str, "server_tool_call": dict},
    "server_tool_call_response": {"server_tool_call_response": dict},
    "blob": {"modality": str, "content": str},
    "file": {"modality": str, "file_id": str},
    "uri": {"modality": str, "uri": str},
    "reasoning": {"content": str},
    "compaction": {},
    "generic": {},
}
# Members that may be missing or null, and their type otherwise.
NULLABLE = {"id": str, "mime_type": str, "generic_type": str, "transcript": str}
FINISH_REASONS = frozenset({"stop", "length", "content_filter", "tool_call", "compaction", "error"})


def check_messages(text: Any, *, is_output: bool = False) -> list[dict[str, Any]]:
    """Checks a JSON string of messages and gives the messages.

    Raises:
        AssertionError: it breaks the schema; says where.
    """
    messages = _list(text)
    for message in messages:
        assert isinstance(message.get("role"), str), message
        assert isinstance(message.get("parts"), list), message
        for part in message["parts"]:
            check_part(part)
        if is_output:
            assert isinstance(message.get("finish_reason"), str), message
    return messages


def check_part(part: Any) -> None:
    """Checks one part of a message."""
    assert isinstance(part, dict), part
    members = cast("dict[str, Any]", part)
    kind = members.get("type")
    assert kind in PARTS, part
    for name, expected in PARTS[str(kind)].items():
        assert name in members, part
        assert isinstance(members[name], expected), part
    for name, expected in NULLABLE.items():
        if name != "id" or str(kind).startswith(("tool", "server")):
            assert isinstance(members.get(name), expected | None), part
    for name in ("server_tool_call", "server_tool_call_response"):
        if kind == name:
            assert isinstance(members[name].get("type"), str), part
    if kind == "blob":
        base64.b64decode(members["content"], validate=True)


def check_system_instructions(text: Any) -> list[dict[str, Any]]:
    """System instructions hold text and generic parts alone."""
    parts = _list(text)
    for part in parts:
        check_part(part)
        assert part["type"] in {"text", "generic"}, part
    return parts


def check_tools(text: Any) -> list[dict[str, Any]]:
    """A function has a name and perhaps a JSON Schema; any other tool has a name."""
    tools = _list(text)
    for tool in tools:
        assert isinstance(tool.get("type"), str), tool
        assert isinstance(tool.get("name"), str), tool
        if tool["type"] == "function":
            assert isinstance(tool.get("parameters", {}), dict | bool), tool
            assert isinstance(tool.get("description"), str | None), tool
    return tools


def check_documents(text: Any) -> list[dict[str, Any]]:
    """Documents have an identifier and a score, both optional."""
    documents = _list(text)
    for document in documents:
        assert isinstance(document.get("id", ""), str), document
        assert isinstance(document.get("score"), int | float | None), document
    return documents


# What is no text, and what each attribute's type is.
_TYPES: dict[str, type | tuple[type, ...]] = {
    "gen_ai.request.temperature": float,
    "gen_ai.request.top_p": float,
    "gen_ai.request.frequency_penalty": float,
    "gen_ai.request.presence_penalty": float,
    "gen_ai.request.top_k": int,
    "gen_ai.request.max_tokens": int,
    "gen_ai.request.seed": int,
    "gen_ai.request.choice.count": int,
    "gen_ai.request.stream": bool,
    "gen_ai.request.stop_sequences": list,
    "gen_ai.request.encoding_formats": list,
    "gen_ai.response.finish_reasons": list,
    "gen_ai.response.time_to_first_chunk": float,
    "gen_ai.embeddings.dimension.count": int,
    "gen_ai.usage.input_tokens": int,
    "gen_ai.usage.output_tokens": int,
    "gen_ai.usage.cache_read.input_tokens": int,
    "gen_ai.usage.cache_write.input_tokens": int,
    "gen_ai.usage.reasoning.output_tokens": int,
}
_CHECKS = {
    "gen_ai.input.messages": check_messages,
    "gen_ai.system_instructions": check_system_instructions,
    "gen_ai.tool.definitions": check_tools,
    "gen_ai.retrieval.documents": check_documents,
}


def check_attributes(attributes: Mapping[str, Any]) -> None:
    """Checks all of a span's attributes: types of scalars, schemas of content, nothing binary.

    Raises:
        AssertionError: says which.
    """
    for name, value in attributes.items():
        assert not isinstance(value, bytes), name
        if name in _CHECKS:
            _CHECKS[name](value)
        elif name == "gen_ai.output.messages":
            check_messages(value, is_output=True)
        elif name.startswith(("gen_ai.", "llm.", "openinference.", "input.", "output.")):
            expected = _TYPES.get(name, int if name.startswith("llm.token_count.") else str)
            assert type(value) is expected, (name, value)
            if expected is list:
                assert all(isinstance(each, str) for each in cast("list[Any]", value)), (name, value)


def words(messages: Iterable[Mapping[str, Any]]) -> str:
    """All text of some messages."""
    parts = [part for message in messages for part in message["parts"]]
    return " ".join(part["content"] for part in parts if part["type"] == "text")


def _list(text: Any) -> list[dict[str, Any]]:
    assert isinstance(text, str), text
    found: Any = json.loads(text, parse_constant=_refuse)
    assert isinstance(found, list), text
    for entry in cast("list[Any]", found):
        assert isinstance(entry, dict), entry
    return cast("list[dict[str, Any]]", found)


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON.")
