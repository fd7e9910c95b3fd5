"""What every body codec offers, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from outcrop.genai.messages import Chat
from outcrop.genai.stream import ChunkKind
from outcrop.genai.usage import Usage
from outcrop.json_reading import JsonObject


@dataclass(frozen=True)
class BodyRead:
    """A body exchange, read."""

    chat: Chat = field(default_factory=Chat)
    usage: Usage | None = None
    finish_reason: str | None = None


class BodyCodec(Protocol):
    """Reads one model family's JSON. Implementations are pure and never raise on odd input."""

    def matches(self, vendor: str | None, request: JsonObject) -> bool:
        """Whether this family wrote the request; by shape too, since an ARN hides the vendor."""
        ...

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its (possibly empty) answer."""
        ...

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges a stream's chunks into the answer that `invoke_model` would have given."""
        ...

    def describe(self, chunk: JsonObject) -> tuple[str, ChunkKind, str | None, int | None]:
        """A chunk's event type, what it carries, its text if any, and its block."""
        ...
