"""Messages in the GenAI conventions' schema: a role and parts.

Codecs make these from a vendor's JSON; the server hands them to the page. A part is a plain mapping
so that members which no codec knows survive as they came.
Schema: semantic-conventions-genai, model/gen-ai/gen-ai-input-messages.json.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from outcrop.json_reading import as_text

Part = dict[str, Any]
# Where a conversation that was not read yet keeps what reads it.
_DEFERRED = "_read"


def text_part(content: str) -> Part:
    """A run of plain text or markdown."""
    return {"type": "text", "content": content}


def reasoning_part(content: str | None, *, signature: str | None = None, redacted: str | None = None) -> Part:
    """A model's reasoning. `redacted` holds what the provider encrypted, base64, instead of words."""
    part: Part = {"type": "reasoning", "content": content}
    if signature is not None:
        part["signature"] = signature
    if redacted is not None:
        part["redacted"] = redacted
    return part


def tool_call_part(call_id: str | None, name: str, arguments: Any) -> Part:
    """A tool that the model asks for; `arguments` as JSON, or as text if they never became JSON."""
    return {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}


def tool_result_part(call_id: str | None, response: Any, *, status: str | None = None) -> Part:
    """What a tool gave back; `response` is a list of parts, text or JSON."""
    part: Part = {"type": "tool_call_response", "id": call_id, "response": response}
    if status is not None:
        part["status"] = status
    return part


def blob_part(modality: str, mime_type: str | None, content: str, *, name: str | None = None) -> Part:
    """Inline media; `content` is base64. Modality: image, document, video or audio."""
    part: Part = {"type": "blob", "modality": modality, "mime_type": mime_type, "content": content}
    if name is not None:
        part["name"] = name
    return part


def uri_part(modality: str, mime_type: str | None, uri: str, *, name: str | None = None) -> Part:
    """Media that lies elsewhere, such as `s3://bucket/key`."""
    part: Part = {"type": "uri", "modality": modality, "mime_type": mime_type, "uri": uri}
    if name is not None:
        part["name"] = name
    return part


def generic_part(value: Any) -> Part:
    """What no codec knows, kept as it came under `value`."""
    return {"type": "generic", "value": value}


@dataclass(frozen=True)
class Message:
    """One message; `finish_reason` only on answers, in the provider's own word."""

    role: str
    parts: list[Part]
    finish_reason: str | None = None


@dataclass(frozen=True)
class Tool:
    """A tool that was offered; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: Any = None


@dataclass(frozen=True)
class Chat:
    """A model call as a conversation: what was sent (`messages`) and what came back (`output`)."""

    system: list[Part] = field(default_factory=list[Part])
    messages: list[Message] = field(default_factory=list[Message])
    output: list[Message] = field(default_factory=list[Message])
    tools: list[Tool] = field(default_factory=list[Tool])
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def deferred(cls, read: Callable[[], Chat]) -> Chat:
        """A conversation that is read when it is first looked at: lists of traces show but its last words.

        Args:
            read: gives it; may be called from several threads, and more than once.
        """
        chat = cls.__new__(cls)
        vars(chat)[_DEFERRED] = read
        return chat

    def __getattr__(self, name: str) -> Any:
        # Asked for what is not there: nothing, once the conversation has been read.
        read = vars(self).get(_DEFERRED)
        if read is None or name not in Chat.__dataclass_fields__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        whole: Chat = read()
        vars(self).update(vars(whole))
        vars(self)[_DEFERRED] = None
        return vars(self)[name]


def preview(parts: list[Part], limit: int = 200) -> str | None:
    """The first words of some parts as one line of text; None if they hold no text.

    Reasoning is left out: a list should show what was said, not what was thought.
    """
    contents = [part.get("content") for part in parts if part.get("type") == "text"]
    return words_of([content for content in contents if isinstance(content, str)], limit)


def words_of(texts: Iterable[str], limit: int = 200) -> str | None:
    """The first words of some texts as one line; None if they hold none."""
    words: list[str] = []
    length = 0
    for text in texts:
        if not text or text.isspace():
            continue
        if not words and len(text) > limit:
            # No other is looked at. Of one without any white space but lone blanks, nothing is to be folded.
            head = text[: 2 * limit]
            if head.isprintable() and "  " not in head and head[0] != " ":
                line = head.rstrip(" ")
                return line if len(line) <= limit else line[: limit - 1] + "…"
        # Twice the limit is enough to fill it after white space has been folded.
        words.extend(text[: 2 * limit].split())
        length += len(text)
        if length > limit:
            break
    line = " ".join(words)
    if not line:
        return None
    return line if len(line) <= limit else line[: limit - 1] + "…"


def media_preview(parts: list[Part]) -> str | None:
    """What media some parts hold, such as `2 images`; None if they hold none."""
    counts: dict[str, int] = {}
    for part in parts:
        if as_text(part.get("type")) in {"blob", "uri"}:
            modality = str(part.get("modality"))
            counts[modality] = counts.get(modality, 0) + 1
    named = (f"1 {modality}" if count == 1 else f"{count} {modality}s" for modality, count in counts.items())
    return ", ".join(named) or None
