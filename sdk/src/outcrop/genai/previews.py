"""The first words of what was asked and answered, as one line of text for a list. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from outcrop.genai.messages import Message, media_preview, preview, text_part
from outcrop.json_reading import as_object


def request_preview(newest_first: Callable[[], Iterable[Message]]) -> str | None:
    """The newest words of the user; a turn that only brings tool results has none of its own."""
    for message in newest_first():
        words = preview(message.parts) if message.role != "tool" else None
        if words:
            return words
    in_order = list(newest_first())[::-1]
    return media_preview([part for message in in_order for part in message.parts])


def response_preview(output: list[Message]) -> str | None:
    """The first words of the answer, else the tools it asks for, else its media."""
    for message in output:
        words = preview(message.parts)
        if words:
            return words
    calls = tool_calls(output)
    if calls:
        return f"→ {', '.join(calls)}"
    return media_preview([part for message in output for part in message.parts])


def tool_calls(output: list[Message]) -> tuple[str, ...]:
    """Names of the tools that an answer asks for, in order."""
    parts = [part for message in output for part in message.parts]
    return tuple(str(part.get("name")) for part in parts if part.get("type") == "tool_call")


def value_preview(value: Any) -> str | None:
    """The words of a function's input or output: of a lone argument, the argument itself."""
    members = as_object(value)
    if len(members) == 1:
        value = next(iter(members.values()))
    if value is None or value in ({}, []):
        return None
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        # Read from JSON that was as deep as reading it allows.
        return None
    return preview([text_part(text)])
