"""What one vocabulary finds in a span, and what several find together. Plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple, Protocol

from outcrop.genai.messages import Chat
from outcrop.genai.stated import StatedCost
from outcrop.genai.usage import Usage

Attributes = Mapping[str, Any]


class Event(Protocol):
    """A span's event; both the SDK's and the server's records are such."""

    @property
    def name(self) -> str:
        """Such as `gen_ai.user.message`."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What it says."""
        ...


@dataclass(frozen=True)
class Reading:
    """A part of what a `SpanView` shows; None or empty is what the vocabulary does not say.

    Attributes are those of `SpanView` and `Stated` of the same names; `parameters` are those of a
    conversation, whoever tells it.
    """

    span_type: str | None = None
    inputs: Any = None
    outputs: Any = None
    chat: Chat | None = None
    usage: Usage | None = None
    request_model: str | None = None
    response_model: str | None = None
    finish_reason: str | None = None
    provider: str | None = None
    vendor: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict[str, str])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    tool_name: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    cost: StatedCost | None = None
    time_to_first_chunk_ns: int | None = None
    is_stream: bool | None = None

    def over(self, other: Reading) -> Reading:
        """Both together; where both say something, this one counts. Conversations are joined part by part."""
        found: dict[str, Any] = {}
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            found[each.name] = theirs if mine is None or mine == {} else mine
        if self.chat is not None and other.chat is not None:
            found["chat"] = _joined(self.chat, other.chat)
        for name in ("tags", "metadata", "parameters"):
            found[name] = {**getattr(other, name), **getattr(self, name)}
        return Reading(**found)


class Vocabulary(NamedTuple):
    """One sender's words.

    Attributes:
        name: what it is called in `Stated.vocabulary`.
        keys: attributes of which a span that speaks it has at least one.
        read: finds what it says; raises nothing, whatever the attributes hold.
    """

    name: str
    keys: frozenset[str]
    read: Callable[[Attributes, Sequence[Event]], Reading]


def _joined(chat: Chat, other: Chat) -> Chat:
    return Chat(
        system=chat.system or other.system,
        messages=chat.messages or other.messages,
        output=chat.output or other.output,
        tools=chat.tools or other.tools,
        parameters={**other.parameters, **chat.parameters},
    )
