"""Messages as tracers write them down in JSON, in the form of whichever provider or library they trace.

The conventions' own, OpenAI's, Anthropic's, Converse's, the AI SDK's and LangChain's. Whatever it is, a
message comes out; what nobody knows is a generic part. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from outcrop.genai.messages import Chat, Message, Part, reasoning_part, text_part, tool_result_part
from outcrop.json_reading import JsonObject, as_list, as_object, as_text
from outcrop.vocabularies.blocks import read_blocks, read_call, reasoning_words
from outcrop.vocabularies.values import structured

_ROLES = {"human": "user", "ai": "assistant", "model": "assistant", "developer": "system", "function": "tool"}
_SYSTEM = "system"
_TOOL = "tool"
_THINKING = "thinking"


def read_messages(value: Any, role: str = "user") -> list[Message]:
    """Reads messages.

    Args:
        value: a list of them, one of them, or their JSON; text that is no JSON is one message.
        role: whose it is where a message does not say it.
    """
    given = structured(value)
    if isinstance(given, str):
        return [Message(role, [text_part(given)])] if given else []
    entries: list[Any] = [given] if isinstance(given, dict) else as_list(given)
    found: list[Message] = []
    for entry in entries:
        # LangChain sends a list of conversations, of which there is one.
        held: list[Any] = as_list(entry) if isinstance(entry, list) else [entry]
        found.extend(message for each in held for message in _read_message(each, role))
    return _with_thoughts(found)


def _with_thoughts(messages: list[Message]) -> list[Message]:
    """Thoughts that stand in a message of their own go to the answer that follows them."""
    found: list[Message] = []
    for message in messages:
        if found and message.role == "assistant" and _is_thought(found[-1]):
            found.append(replace(message, parts=[*found.pop().parts, *message.parts]))
        else:
            found.append(message)
    return found


def _is_thought(message: Message) -> bool:
    return message.role == "assistant" and {part["type"] for part in message.parts} == {"reasoning"}


def conversation(
    messages: list[Message],
    output: list[Message] | None = None,
    *,
    system: list[Part] | None = None,
    **rest: Any,
) -> Chat | None:
    """A conversation whose system prompt may stand first among its messages; None if nothing is said."""
    instructions = list(system or ())
    sent = list(messages)
    while sent and sent[0].role == _SYSTEM:
        instructions.extend(sent.pop(0).parts)
    if not (instructions or sent or output):
        return None
    return Chat(system=instructions, messages=sent, output=list(output or ()), **rest)


def answers_apart(messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """What was said before, and the answers with which it ends."""
    end = len(messages)
    while end and messages[end - 1].role == "assistant":
        end -= 1
    return list(messages[:end]), list(messages[end:])


def _read_message(value: Any, role: str) -> list[Message]:
    source = as_object(value)
    if not source:
        return [] if value in (None, {}) else [Message(role, read_blocks(value))]
    source = _unwrapped(source)
    named = as_text(source.get("role")) or as_text(source.get("type")) or role
    named = _ROLES.get(named.lower(), named)
    reason = as_text(source.get("finish_reason")) or None
    if named == _TOOL and not _has_results(source):
        return [Message(_TOOL, [_result(source)], reason)]
    if named == _THINKING:
        # OpenLLMetry writes a model's reasoning down as a message before the answer.
        words = as_text(source.get("content"))
        if words is not None:
            return [Message("assistant", [reasoning_part(words)], reason)]
    parts = [*reasoning_words(source), *read_blocks(_content(source)), *_calls(source)]
    return _by_role(named, parts, reason)


def _unwrapped(source: JsonObject) -> JsonObject:
    """OpenAI's choices and LangChain's generations hold their message, and why it ended beside it."""
    inner = as_object(source.get("message"))
    if not inner or "content" in source or "parts" in source:
        return _without_class(source)
    reason = source.get("finish_reason", source.get("stop_reason"))
    return {**_without_class(inner), **({"finish_reason": reason} if reason is not None else {})}


def _without_class(source: JsonObject) -> JsonObject:
    # LangChain's serialised messages, and those of its `dumpd`.
    kwargs = as_object(source.get("kwargs"))
    if "content" in kwargs:
        return kwargs
    data = as_object(source.get("data"))
    return {**data, "role": source.get("type")} if "content" in data else source


def _content(source: JsonObject) -> Any:
    parts = source.get("parts")
    return as_list(parts) or structured(source.get("content"))


def _calls(source: JsonObject) -> list[Part]:
    calls = source.get("tool_calls")
    if not calls and isinstance(source.get("function_call"), dict):
        calls = [source["function_call"]]
    return [read_call(as_object(call)) for call in as_list(structured(calls))]


def _has_results(source: JsonObject) -> bool:
    blocks = [as_object(block) for block in as_list(_content(source))]
    kinds = {str(block.get("type", "")).replace("-", "_") for block in blocks}
    return bool(kinds & {"tool_result", "tool_call_response"}) or any("toolResult" in b for b in blocks)


def _result(source: JsonObject) -> Part:
    call_id = as_text(source.get("tool_call_id")) or as_text(source.get("id"))
    content = structured(source.get("content"))
    part = tool_result_part(call_id, content)
    name = as_text(source.get("name"))
    return part if name is None else {**part, "name": name}


def _by_role(role: str, parts: list[Part], reason: str | None) -> list[Message]:
    """One message; tool results, which some send as the user's, become messages of `tool`."""
    messages: list[Message] = []
    for part in parts:
        part_role = _TOOL if role == "user" and part["type"] == "tool_call_response" else role
        if messages and messages[-1].role == part_role:
            messages[-1].parts.append(part)
        else:
            messages.append(Message(part_role, [part], reason))
    return messages or [Message(role, [], reason)]
