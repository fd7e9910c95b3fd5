"""An answer in Converse's own shapes: content blocks, usage, the events of a stream.

Converse and ConverseStream send them as they are; Nova's InvokeModel body wraps the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outcrop.testing.answer import Answer
from outcrop.testing.json_values import JsonObject, as_object, as_objects, to_base64, to_json
from outcrop.testing.replies import Block, RawBlock, Reasoning, Text, ToolUse, Usage

Event = tuple[str, JsonObject]


def message(answer: Answer) -> JsonObject:
    """`output` of Converse."""
    return {"message": {"role": "assistant", "content": [block_json(block) for block in answer.blocks]}}


def block_json(block: Block) -> JsonObject:
    """A ContentBlock; blobs are base64."""
    if isinstance(block, Text):
        return {"text": block.text}
    if isinstance(block, RawBlock):
        return dict(block.block)
    if isinstance(block, ToolUse):
        return {"toolUse": {**_tool_start(block), "input": block.input}}
    if block.redacted is not None:
        return {"reasoningContent": {"redactedContent": to_base64(block.redacted)}}
    thought: JsonObject = {"text": block.text}
    if block.signature is not None:
        thought["signature"] = block.signature
    return {"reasoningContent": {"reasoningText": thought}}


def usage_json(usage: Usage) -> JsonObject:
    """A TokenUsage."""
    members: JsonObject = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.total,
    }
    if usage.cache_read is not None:
        members["cacheReadInputTokens"] = usage.cache_read
    if usage.cache_write is not None:
        members["cacheWriteInputTokens"] = usage.cache_write
    if usage.cache_details:
        members["cacheDetails"] = [dict(detail) for detail in usage.cache_details]
    return members


def content_events(answer: Answer) -> Iterator[Event]:
    """The events of a stream from messageStart up to the last contentBlockStop."""
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(answer.blocks):
        at = {"contentBlockIndex": index}
        start = _start(block)
        if start:
            yield "contentBlockStart", {**at, "start": start}
        for delta in _deltas(answer, block):
            yield "contentBlockDelta", {**at, "delta": delta}
        yield "contentBlockStop", at


def stop_event(answer: Answer) -> Event:
    """The event messageStop."""
    members: JsonObject = {"stopReason": answer.stop_reason}
    if answer.reply.additional_model_response_fields is not None:
        members["additionalModelResponseFields"] = answer.reply.additional_model_response_fields
    return "messageStop", members


def closing_members(answer: Answer) -> JsonObject:
    """What Converse's answer and a stream's metadata event both end with."""
    members: JsonObject = {
        "usage": usage_json(answer.usage),
        "metrics": {"latencyMs": answer.latency_ms()},
    }
    reply = answer.reply
    for name, value in (
        ("trace", reply.trace),
        ("performanceConfig", reply.performance_config),
        ("serviceTier", reply.service_tier),
    ):
        if value is not None:
            members[name] = value
    return members


def _tool_start(block: ToolUse) -> JsonObject:
    members: JsonObject = {"toolUseId": block.tool_use_id, "name": block.name}
    if block.type is not None:
        members["type"] = block.type
    return members


def _start(block: Block) -> JsonObject:
    """A ContentBlockStart; the API has one for tool uses, tool results and images only."""
    if isinstance(block, ToolUse):
        return {"toolUse": _tool_start(block)}
    if not isinstance(block, RawBlock):
        return {}
    kind, value = _only_member(block)
    if kind == "toolUse":
        return {kind: _without(value, "input")}
    if kind == "toolResult":
        return {kind: _without(value, "content")}
    return {kind: {"format": value.get("format")}} if kind == "image" else {}


def _deltas(answer: Answer, block: Block) -> Iterator[JsonObject]:
    if isinstance(block, Text):
        yield from ({"text": piece} for piece in answer.pieces(block.text))
    elif isinstance(block, ToolUse):
        yield from _input_deltas(answer, block.input)
    elif isinstance(block, RawBlock):
        yield from _raw_deltas(answer, block)
    else:
        yield from ({"reasoningContent": part} for part in _reasoning_deltas(answer, block))


def _input_deltas(answer: Answer, value: object) -> Iterator[JsonObject]:
    return ({"toolUse": {"input": piece}} for piece in answer.pieces(to_json(value).decode()))


def _reasoning_deltas(answer: Answer, block: Reasoning) -> Iterator[JsonObject]:
    if block.redacted is not None:
        yield {"redactedContent": to_base64(block.redacted)}
        return
    yield from ({"text": piece} for piece in answer.pieces(block.text))
    if block.signature is not None:
        yield {"signature": block.signature}


def _raw_deltas(answer: Answer, block: RawBlock) -> Iterator[JsonObject]:
    kind, value = _only_member(block)
    if kind == "text":
        yield from ({"text": piece} for piece in answer.pieces(str(block.block["text"])))
    elif kind == "toolUse":
        yield from _input_deltas(answer, value.get("input", {}))
    elif kind == "toolResult":
        yield {kind: value.get("content", [])}
    elif kind == "image":
        yield {kind: _without(value, "format")}
    elif kind == "citationsContent":
        yield from ({"text": part.get("text", "")} for part in as_objects(value.get("content")))
        yield from ({"citation": citation} for citation in as_objects(value.get("citations")))
    elif kind == "reasoningContent":
        yield from ({kind: part} for part in _raw_reasoning(value))
    else:
        # Not in the API's model of a delta: botocore shows it as an unknown member.
        yield dict(block.block)


def _raw_reasoning(value: JsonObject) -> Iterator[JsonObject]:
    thought = as_object(value.get("reasoningText"))
    yield from ({name: part} for name, part in thought.items())
    yield from ({name: part} for name, part in value.items() if name != "reasoningText")


def _only_member(block: RawBlock) -> tuple[str, JsonObject]:
    kind = next(iter(block.block), "")
    return kind, as_object(block.block.get(kind))


def _without(value: JsonObject, name: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != name}
