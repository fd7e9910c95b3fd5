"""Amazon Nova: Converse's blocks in camelCase, with usage and stream events of the same names.

Source: https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock import converse, converse_stream
from outcrop.bedrock.bodies.codec import BodyRead
from outcrop.genai.stream import ChunkKind
from outcrop.json_reading import JsonObject, as_object, only_member

# Counts that Nova's body spells unlike Converse.
_USAGE_NAMES = {
    "cacheReadInputTokenCount": "cacheReadInputTokens",
    "cacheWriteInputTokenCount": "cacheWriteInputTokens",
}


class NovaCodec:
    """Nova's understanding models."""

    def matches(self, vendor: str | None, request: JsonObject) -> bool:
        """By schema version, or by Amazon's vendor name with messages."""
        version = request.get("schemaVersion") == "messages-v1"
        return version or (vendor == "amazon" and "messages" in request)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        plain = {name: value for name, value in request.items() if name != "schemaVersion"}
        usage = as_object(response.get("usage"))
        renamed = {_USAGE_NAMES.get(name, name): value for name, value in usage.items()}
        counted = {**response, "usage": renamed} if renamed else response
        return BodyRead(
            converse.read_chat(plain, counted),
            converse.read_usage(counted),
            converse.read_finish_reason(response),
        )

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges events that wrap their payload in their own name."""
        events = [only_member(_without_metrics(chunk)) or ("unknown", chunk) for chunk in chunks]
        return converse_stream.merge_events(events)

    def describe(self, chunk: JsonObject) -> tuple[str, ChunkKind, str | None, int | None]:
        """The wrapped event's type and words."""
        kind, payload = only_member(_without_metrics(chunk)) or ("chunk", chunk)
        return (kind, *converse_stream.describe_event(kind, payload))


def _without_metrics(chunk: Any) -> JsonObject:
    return {name: v for name, v in as_object(chunk).items() if name != "amazon-bedrock-invocationMetrics"}
