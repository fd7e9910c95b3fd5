"""Amazon Nova: Converse's blocks in camelCase, with usage and stream events of the same names.

Source: https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from outcrop.bedrock import converse, converse_stream
from outcrop.bedrock.bodies.codec import (
    BEDROCK_PREFIX,
    BodyClues,
    BodyRead,
    ChunkWords,
    without,
    without_metrics,
)
from outcrop.json_reading import JsonObject, as_list, as_object, only_member

# Counts that Nova's body spells unlike Converse.
_USAGE_NAMES = {
    "cacheReadInputTokenCount": "cacheReadInputTokens",
    "cacheWriteInputTokenCount": "cacheWriteInputTokens",
}
_CONVERSE_MEMBERS = ("inferenceConfig", "toolConfig", "stopReason", "messageStart")


class NovaCodec:
    """Nova's understanding models."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By Amazon's vendor name with messages."""
        return clues.vendor == "amazon" and "messages" in clues.request

    def has_shape(self, clues: BodyClues) -> bool:
        """By schema version, a member that Converse has too, or content blocks without a type."""
        request = clues.request
        if request.get("schemaVersion") == "messages-v1":
            return True
        if not isinstance(request.get("messages"), list):
            return False
        return clues.has_any(_CONVERSE_MEMBERS) or any(map(_has_untyped_blocks, as_list(request["messages"])))

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        plain = without(request, {"schemaVersion"})
        usage = as_object(response.get("usage"))
        renamed = {_USAGE_NAMES.get(name, name): value for name, value in usage.items()}
        counted = {**response, "usage": renamed} if renamed else response
        read = converse.read_usage(counted)
        return BodyRead(
            converse.read_chat(plain, counted),
            None if read is None else replace(read, raw=usage),
            converse.read_finish_reason(response),
        )

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges events that wrap their payload in their own name."""
        merged = converse_stream.merge_events(map(_event, chunks))
        for chunk in chunks:
            # What a guardrail says travels beside the event.
            merged.update({n: v for n, v in without_metrics(chunk).items() if n.startswith(BEDROCK_PREFIX)})
        return merged

    def describe(self, chunk: JsonObject) -> ChunkWords:
        """The wrapped event's type and words."""
        kind, payload = _event(chunk)
        return (kind, *converse_stream.describe_event(kind, payload))


def _event(chunk: Any) -> tuple[str, Any]:
    members = {n: v for n, v in as_object(chunk).items() if not n.startswith(BEDROCK_PREFIX)}
    return only_member(members) or ("chunk", members)


def _has_untyped_blocks(message: Any) -> bool:
    blocks = as_list(as_object(message).get("content"))
    return bool(blocks) and all(isinstance(block, dict) and "type" not in block for block in blocks)
