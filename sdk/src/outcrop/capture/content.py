"""Takes the content out of JSON and leaves its structure: roles, kinds of blocks, tools, counts. Pure.

Safe by default: a string is content unless its key is known to hold a word of the API's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

# Keys whose values are words of the API, names that a program gives its parts, or identifiers.
STRUCTURAL = frozenset(
    [
        "role",
        "type",
        "object",
        "model",
        "modelId",
        "invokedModelId",
        "status",
        "action",
        "format",
        "media_type",
        "mediaType",
        "mime_type",
        "stopReason",
        "stop_reason",
        "finish_reason",
        "finishReason",
        "completionReason",
        "completion_reason",
        "toolUseId",
        "tool_use_id",
        "tool_call_id",
        "id",
        "event_type",
        "eventType",
        "taskType",
        "anthropic_version",
        "schemaVersion",
        "guardrailIdentifier",
        "guardrailVersion",
        "latency",
        "tier",
        "service_tier",
        "serviceTier",
        "contentType",
        "accept",
        "performanceConfigLatency",
        "trace_id",
    ]
)
# Keys whose whole value is content, numbers and keys within it too.
_CONTENT = frozenset(
    [
        "input",
        "arguments",
        "json",
        "result",
        "tool_input",
        "requestMetadata",
        "metadata",
        "promptVariables",
        "sessionAttributes",
        "promptSessionAttributes",
        "parameters",
        "inputs",
        "documents",
    ]
)
# Likewise, where another key stands beside them: what a tool gave back.
_CONTENT_BESIDE = {"outputs": "call", "response": "id"}
# A name is kept where it is a tool's: beside or under one of these.
_BESIDE_TOOL_NAME = frozenset(
    [
        "toolUseId",
        "inputSchema",
        "input_schema",
        "input",
        "arguments",
        "parameters",
        "parameter_definitions",
        "function",
        "description",
    ]
)
_ABOVE_TOOL_NAME = frozenset(
    ["toolUse", "toolSpec", "systemTool", "tool", "function", "toolChoice", "tool_choice", "content_block"]
)
# Ends of keys in the arguments that travel in the address or in headers.
_IDENTIFIER_ENDS = ("Id", "Identifier", "Arn", "Version", "Type")
_JSON_PIECES = frozenset({"input", "partial_json", "arguments"})


def is_structural(key: Any, holder: Any, parent: str | None) -> bool:
    """Whether the string under a key says how something is built, not what was said."""
    if not isinstance(key, str):
        return False
    members = cast("dict[str, Any]", holder)
    if key in STRUCTURAL:
        return _word_form().fullmatch(members[key]) is not None
    if key == "name":
        is_tools = parent in _ABOVE_TOOL_NAME or not _BESIDE_TOOL_NAME.isdisjoint(members)
        return is_tools and _word_form().fullmatch(members[key]) is not None
    return False


def without_content(value: Any, mark: Callable[[str], str] | None = None) -> Any:
    """A JSON value without its content.

    Args:
        value: any JSON.
        mark: what takes the place of a string; its length by default.
    """
    return _without(value, mark or text_mark, None, None, None)


def without_arguments(params: dict[str, Any]) -> dict[str, Any]:
    """Arguments that are not in the body: what names a thing stays."""
    kept = {
        name: value
        for name, value in params.items()
        if isinstance(value, str) and name.endswith(_IDENTIFIER_ENDS)
    }
    return {**cast("dict[str, Any]", without_content(params)), **kept}


def text_mark(text: str) -> str:
    """What takes the place of a string."""
    return f"[no content: {len(text):,} characters]" if text else text


def value_mark(value: Any) -> Any:
    """What takes the place of a value that is content as a whole."""
    if isinstance(value, str):
        return text_mark(value)
    if isinstance(value, dict):
        return f"[no content: object of {len(cast('dict[str, Any]', value))}]"
    if isinstance(value, list):
        return f"[no content: list of {len(cast('list[Any]', value))}]"
    return None if value is None else f"[no content: {type(value).__name__}]"


def lane_marks(pieces: list[str], key: Any) -> list[str]:
    """The pieces of a text without what they say: the first one with any text tells how long it was."""
    length = sum(map(len, pieces))
    mark = text_mark("x" * length)
    if key in _JSON_PIECES:
        mark = f'"{mark}"'  # these pieces are put together and read as JSON
    first = next((number for number, piece in enumerate(pieces) if piece), -1)
    return [mark if number == first else "" for number in range(len(pieces))]


def _without(value: Any, mark: Callable[[str], str], holder: Any, key: Any, parent: str | None) -> Any:
    if isinstance(value, str):
        return value if holder is not None and is_structural(key, holder, parent) else mark(value)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        above = key if isinstance(key, str) else parent
        return {
            name: _content_under(members, name, mark)
            if _is_content(members, name)
            else _without(member, mark, members, name, above)
            for name, member in members.items()
        }
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        if entries and all(isinstance(member, int | float) for member in entries):
            # A vector says what its text said; how long it is says which model made it.
            return [0] * len(entries)
        above = key if isinstance(key, str) else parent
        return [_without(member, mark, None, None, above) for member in entries]
    return value


def _content_under(members: dict[str, Any], name: str, mark: Callable[[str], str]) -> Any:
    value = members[name]
    return mark(value) if isinstance(value, str) else value_mark(value)


def _is_content(members: dict[str, Any], name: str) -> bool:
    if name not in _CONTENT:
        return name in _CONTENT_BESIDE and _CONTENT_BESIDE[name] in members
    value = members[name]
    # Converse's `inputSchema.json` and OpenAI's `function.parameters` describe tools.
    return not (isinstance(value, dict) and "properties" in value and "type" in value)


@lru_cache(maxsize=1)
def _word_form() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z0-9_.:/+ -]{1,256}")
