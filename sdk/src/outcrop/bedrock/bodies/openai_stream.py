"""Merges chunks of OpenAI's schema: deltas grow by choice, tool calls by their index within one.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html. Mistral's chunks
carry a `message` where the others carry a `delta`, and its tool calls whole and without an index
(model-parameters-mistral-large-2407.html beside it).
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.codec import ChunkWords, without, without_metrics
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text

_GROWING = frozenset({"content", "reasoning_content", "reasoning", "refusal"})


def merge_choices(chunks: list[Any]) -> JsonObject:
    """Merges chunks into a chat completion; of a stream that broke off, what came."""
    merged: JsonObject = {}
    choices: dict[int, _Choice] = {}
    for chunk in map(without_metrics, chunks):
        for position, entry in enumerate(map(as_object, as_list(chunk.get("choices")))):
            index = as_int(entry.get("index"))
            choices.setdefault(position if index is None else index, _Choice()).add(entry)
        merged.update({n: v for n, v in chunk.items() if n != "choices" and v is not None})
    if merged.get("object") == "chat.completion.chunk":
        merged["object"] = "chat.completion"
    if choices:
        merged["choices"] = [choices[index].whole() for index in sorted(choices)]
    return merged


def describe_choices(chunk: JsonObject) -> ChunkWords:
    """What a chunk carries, by its first choice."""
    choices = as_list(chunk.get("choices"))
    delta = _delta(as_object(choices[0])) if choices else {}
    for name in ("reasoning_content", "reasoning"):
        if as_text(delta.get(name)):
            return "chunk", "reasoning", delta[name], None
    calls = as_list(delta.get("tool_calls"))
    if calls:
        call = as_object(calls[0])
        words = as_text(as_object(call.get("function")).get("arguments"))
        return "chunk", "tool_input", words, as_int(call.get("index"))
    content = as_text(delta.get("content"))
    return "chunk", "other" if content is None else "text", content, None


def _delta(choice: JsonObject) -> JsonObject:
    return as_object(choice.get("delta")) or as_object(choice.get("message"))


class _Choice:
    """One choice as it grows."""

    def __init__(self) -> None:
        self._members: JsonObject = {}
        self._message: JsonObject = {}
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[int, _ToolCall] = {}

    def add(self, entry: JsonObject) -> None:
        for name, value in without(entry, {"delta", "message"}).items():
            if value is not None or name not in self._members:
                self._members[name] = value
        for name, value in _delta(entry).items():
            if name in _GROWING and isinstance(value, str):
                self._texts.setdefault(name, []).append(value)
            elif name == "tool_calls":
                self._add_calls(as_list(value))
            elif value is not None:
                self._message[name] = value

    def _add_calls(self, calls: list[Any]) -> None:
        for position, call in enumerate(map(as_object, calls)):
            index = as_int(call.get("index"))
            self._calls.setdefault(position if index is None else index, _ToolCall()).add(call)

    def whole(self) -> JsonObject:
        message: JsonObject = {"role": "assistant", **self._message}
        message.update({name: "".join(pieces) for name, pieces in self._texts.items()})
        if self._calls:
            message["tool_calls"] = [self._calls[index].whole() for index in sorted(self._calls)]
        return {**self._members, "message": message}


class _ToolCall:
    """One tool call as it grows; its arguments come in pieces of text."""

    def __init__(self) -> None:
        self._members: JsonObject = {}
        self._function: JsonObject = {}
        self._arguments: list[str] = []

    def add(self, call: JsonObject) -> None:
        self._members.update({n: v for n, v in without(call, {"index", "function"}).items() if v is not None})
        for name, value in as_object(call.get("function")).items():
            if name == "arguments" and isinstance(value, str):
                self._arguments.append(value)
            elif value is not None:
                self._function[name] = value

    def whole(self) -> JsonObject:
        arguments = {"arguments": "".join(self._arguments)} if self._arguments else {}
        return {**self._members, "function": {**self._function, **arguments}}
