"""What every body codec offers, what it is chosen by, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from outcrop.genai.messages import Chat
from outcrop.genai.retrieval import Embedding, Ranking
from outcrop.genai.stream import ChunkKind
from outcrop.genai.usage import Usage
from outcrop.json_reading import JsonObject, as_object

# A chunk's event type, what it carries, its text if any, and its block.
ChunkWords = tuple[str, ChunkKind, "str | None", "int | None"]

# Bedrock's own members of a body: counts that are read apart, and what a guardrail says, which stays.
BEDROCK_PREFIX = "amazon-bedrock-"
METRICS = "amazon-bedrock-invocationMetrics"


@dataclass(frozen=True)
class BodyRead:
    """A body exchange, read.

    Attributes:
        chat: the exchange as a conversation; None where it is none.
        usage: tokens, as far as the body counts them.
        finish_reason: why the model stopped, in its own word.
        embedding: of an embedding model.
        ranking: of a ranking model.
    """

    chat: Chat | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    embedding: Embedding | None = None
    ranking: Ranking | None = None


@dataclass(frozen=True)
class BodyClues:
    """What a codec is chosen by.

    Attributes:
        vendor: such as `anthropic`; None where the model id hides it.
        model: the model's name behind the vendor; None where hidden.
        request: the request body.
        answer: the answer, or a stream's first chunk; empty if none came.
    """

    vendor: str | None
    model: str | None = None
    request: JsonObject = field(default_factory=dict[str, Any])
    answer: JsonObject = field(default_factory=dict[str, Any])

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether request or answer has a member of one of these names."""
        return any(name in self.request or name in self.answer for name in names)


class BodyCodec(Protocol):
    """Reads one model family's JSON. Implementations are pure and never raise on odd input."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """Whether the model id names this family's vendor and the request is one of the family."""
        ...

    def has_shape(self, clues: BodyClues) -> bool:
        """Whether the bodies alone tell this family, for ids that hide the vendor."""
        ...

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its (possibly empty) answer."""
        ...

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Merges a stream's chunks into the answer that `invoke_model` would have given."""
        ...

    def describe(self, chunk: JsonObject) -> ChunkWords:
        """A chunk's event type, what it carries, its text if any, and its block."""
        ...


class WholeAnswerCodec:
    """The half of a codec that families without a stream of their own have in common."""

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Such models answer at once; should chunks come, the last value of each member stands."""
        merged: JsonObject = {}
        for chunk in chunks:
            merged.update(without_metrics(chunk))
        return merged

    def describe(self, chunk: JsonObject) -> ChunkWords:  # noqa: ARG002  # nothing in it is streamed text
        """A chunk that carries no words."""
        return "chunk", "other", None, None


def without_metrics(chunk: Any) -> JsonObject:
    """A chunk without Bedrock's counts, which the plain answer has in its headers."""
    return {name: value for name, value in as_object(chunk).items() if name != METRICS}


def without(source: JsonObject, names: Iterable[str]) -> JsonObject:
    """The members that are not shown apart: a request's parameters."""
    hidden = frozenset(names)
    return {name: value for name, value in source.items() if name not in hidden}
