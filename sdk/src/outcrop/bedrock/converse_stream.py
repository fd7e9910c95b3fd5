"""Merges ConverseStream's events into the answer that Converse would have given.

Blocks are built by `contentBlockIndex`, since parallel blocks may interleave. What is unknown is kept.
Source: botocore's bedrock-runtime service model, shape ConverseStreamOutput.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any

from outcrop.genai.stream import ChunkKind
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, as_text, only_member

# What is read of the events that a message is built from; one that says more is shown beside the message.
_READ_WHOLE = {
    "messageStart": frozenset({"role"}),
    "contentBlockStart": frozenset({"contentBlockIndex", "start"}),
    "contentBlockDelta": frozenset({"contentBlockIndex", "delta"}),
    "contentBlockStop": frozenset({"contentBlockIndex"}),
}


def merge_events(events: Iterable[tuple[str, Any]]) -> JsonObject:
    """Merges (event type, payload) pairs; of a stream that broke off, what came.

    Returns:
        An answer in the shape of ConverseResponse; members that never came are missing.
    """
    merged: JsonObject = {}
    role: str | None = None
    blocks: dict[int, _Block] = {}
    for kind, payload in events:
        data = as_object(payload)
        if kind == "messageStart":
            role = as_text(data.get("role"))
        elif kind in {"contentBlockStart", "contentBlockDelta"}:
            block = blocks.setdefault(as_int(data.get("contentBlockIndex")) or 0, _Block())
            block.add(as_object(data.get("start", data.get("delta"))), is_start="start" in data)
        elif kind in {"messageStop", "metadata"}:
            merged.update(data)
        elif kind not in _READ_WHOLE and not kind.endswith("Exception"):
            _list_event(merged, kind, payload)
        if kind in _READ_WHOLE and not data.keys() <= _READ_WHOLE[kind]:
            _list_event(merged, kind, payload)
    if role is not None or blocks:
        content = [blocks[index].result() for index in sorted(blocks)]
        merged["output"] = {"message": {"role": role or "assistant", "content": content}}
    return merged


def describe_event(kind: str, payload: Any) -> tuple[ChunkKind, str | None, int | None]:
    """What a chunk carries: its kind, its text if any, and its block."""
    data = as_object(payload)
    index = as_int(data.get("contentBlockIndex"))
    if kind != "contentBlockDelta":
        return "other", None, index
    delta = as_object(data.get("delta"))
    if isinstance(delta.get("text"), str):
        return "text", delta["text"], index
    tool_input = as_object(delta.get("toolUse")).get("input")
    if isinstance(tool_input, str):
        return "tool_input", tool_input, index
    reasoning = as_object(delta.get("reasoningContent")).get("text")
    if isinstance(reasoning, str):
        return "reasoning", reasoning, index
    return "other", None, index


class _Block:
    """One content block as it grows."""

    def __init__(self) -> None:
        self._start: JsonObject = {}
        self._text: list[str] = []
        self._tool_input: list[str] = []
        self._reasoning: list[str] = []
        self._signature: list[str] = []
        self._redacted: list[str] = []
        self._citations: list[Any] = []
        self._listed: dict[str, list[Any]] = {}
        self._other: JsonObject = {}

    def add(self, member: JsonObject, *, is_start: bool) -> None:
        if is_start:
            self._start.update(member)
            return
        for name, value in member.items():
            if name == "text" and isinstance(value, str):
                self._text.append(value)
            elif name == "toolUse" and isinstance(as_object(value).get("input"), str):
                self._tool_input.append(value["input"])
                beside = {n: v for n, v in value.items() if n != "input"}
                if beside:
                    self._add_other(name, beside)
            elif name == "reasoningContent" and self._add_reasoning(as_object(value)):
                continue
            elif name == "citation":
                self._citations.append(value)
            elif isinstance(value, list):
                self._listed.setdefault(name, []).extend(as_list(value))
            else:
                self._add_other(name, value)

    def _add_reasoning(self, value: JsonObject) -> bool:
        member = only_member(value)
        if member is None or not isinstance(member[1], str):
            return False
        name, words = member
        target = {"text": self._reasoning, "signature": self._signature, "redactedContent": self._redacted}
        if name not in target:
            return False
        target[name].append(words)
        return True

    def _add_other(self, name: str, value: Any) -> None:
        self._other[name] = _merged(self._other.get(name), value)

    def result(self) -> JsonObject:
        block = self._of_known_kind()
        return self._rest() if block is None else as_object(_merged(block, self._other))

    def _of_known_kind(self) -> JsonObject | None:
        if "toolUse" in self._start or self._tool_input:
            return {"toolUse": {**as_object(self._start.get("toolUse")), "input": self._parsed_input()}}
        if self._redacted:
            return {"reasoningContent": {"redactedContent": _join_base64(self._redacted)}}
        if self._reasoning or self._signature:
            words: JsonObject = {"text": "".join(self._reasoning)}
            if self._signature:
                words["signature"] = "".join(self._signature)
            return {"reasoningContent": {"reasoningText": words}}
        if self._citations:
            content = [{"text": "".join(self._text)}] if self._text else []
            return {"citationsContent": {"content": content, "citations": self._citations}}
        return None

    def _rest(self) -> JsonObject:
        block: JsonObject = {**self._start}
        for name, values in self._listed.items():
            block[name] = {**as_object(block.get(name)), "content": values}
        for name, value in self._other.items():
            merged = {**as_object(block.get(name)), **as_object(value)}
            block[name] = merged if isinstance(value, dict) else value
        if self._text or not block:
            block["text"] = "".join(self._text)
        return block

    def _parsed_input(self) -> Any:
        text = "".join(self._tool_input)
        if not text:
            return {}
        try:
            return json.loads(text)
        except ValueError:
            # A stream that broke off leaves half a JSON text; half is better than none.
            return text


def _list_event(merged: JsonObject, kind: str, payload: Any) -> None:
    """Keeps an event that no message is built from; several of a kind become a list."""
    if kind not in merged:
        merged[kind] = payload
    elif isinstance(merged[kind], list):
        merged[kind].append(payload)
    else:
        merged[kind] = [merged[kind], payload]


def _merged(known: Any, new: Any, name: str = "") -> Any:
    """Two deltas of a kind that has no rule of its own: texts, bytes and lists go on, the rest is renewed."""
    if isinstance(known, dict) and isinstance(new, dict):
        old, added = as_object(known), as_object(new)
        return {**old, **{inner: _merged(old.get(inner), value, inner) for inner, value in added.items()}}
    if isinstance(known, list) and isinstance(new, list):
        return [*as_list(known), *as_list(new)]
    if isinstance(known, str) and isinstance(new, str):
        return _join_base64([known, new]) if name == "bytes" else known + new
    return new


def _join_base64(pieces: list[str]) -> str:
    if len(pieces) == 1:
        return pieces[0]
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece) for piece in pieces)).decode()
    except binascii.Error:
        return "".join(pieces)
