"""The AI SDK (Vercel): `ai.operationId` says what a span is, prompts and answers are JSON in text.

Source: vercel/ai, content/docs/03-ai-sdk-core/60-telemetry.mdx and packages/ai/src/telemetry. A function such
as `ai.generateText` sums up the provider's calls below it, `ai.generateText.doGenerate` and the like.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outcrop.entities import SpanType
from outcrop.genai.messages import Chat, Message, Part, text_part
from outcrop.genai.usage import Usage
from outcrop.json_reading import as_list, as_object
from outcrop.vocabularies.blocks import read_call
from outcrop.vocabularies.counting import counted
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.said import conversation, read_messages
from outcrop.vocabularies.tools import read_tools
from outcrop.vocabularies.values import (
    as_words,
    below,
    first,
    first_int,
    first_text,
    first_word,
    ns_from_ms,
    structured,
    structured_object,
)

_METADATA = "ai.telemetry.metadata."
_USAGE = "ai.usage."
_SESSIONS = ("sessionId", "session_id", "conversationId", "threadId", "chatId")
_USERS = ("userId", "user_id", "user")
# Each name as it is now and as it was in version 3.
_TEXT = ("ai.response.text", "ai.result.text")
_OBJECT = ("ai.response.object", "ai.result.object")
_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")
_REASON = ("ai.response.finishReason", "ai.finishReason")


def read(attributes: Attributes, _events: Sequence[Event]) -> Reading:
    """Reads the AI SDK's attributes."""
    operation = first_text(attributes, "ai.operationId", "operation.name") or ""
    # `operation.name` may be followed by the name that the user gave to the call.
    operation = operation.split(" ", 1)[0]
    metadata = below(attributes, _METADATA)
    provider = first_text(attributes, "ai.model.provider")
    return Reading(
        span_type=_span_type(operation),
        inputs=_structured(attributes, "ai.toolCall.args", "ai.prompt", "ai.value", "ai.values"),
        outputs=_outputs(attributes),
        chat=_chat(attributes),
        usage=_usage(attributes, provider or ""),
        request_model=first_text(attributes, "ai.model.id"),
        response_model=first_text(attributes, "ai.response.model"),
        finish_reason=first_text(attributes, *_REASON),
        provider=provider,
        session_id=first_word(metadata, *_SESSIONS),
        user_id=first_word(metadata, *_USERS),
        metadata={
            name: as_words(value)
            for name, value in metadata.items()
            if name not in {*_SESSIONS, *_USERS} and value is not None
        },
        tool_name=first_text(attributes, "ai.toolCall.name"),
        time_to_first_chunk_ns=ns_from_ms(
            first(attributes, "ai.response.msToFirstChunk", "ai.stream.msToFirstChunk")
        ),
        is_stream=True if operation.endswith(".doStream") else None,
    )


def _span_type(operation: str) -> str | None:
    if operation == "ai.toolCall":
        return SpanType.TOOL
    if not operation.startswith("ai."):
        return None
    if operation.endswith(".doEmbed"):
        return SpanType.EMBEDDING
    return SpanType.CHAT_MODEL if operation.endswith((".doGenerate", ".doStream")) else SpanType.CHAIN


def _structured(attributes: Attributes, *names: str) -> Any:
    value = structured(first(attributes, *names))
    return [structured(each) for each in as_list(value)] if isinstance(value, list) else value


def _outputs(attributes: Attributes) -> Any:
    found = _structured(attributes, "ai.toolCall.result", *_OBJECT, "ai.embedding", "ai.embeddings")
    return first_text(attributes, *_TEXT) if found is None else found


def _chat(attributes: Attributes) -> Chat | None:
    sent = first(attributes, "ai.prompt.messages")
    system: list[Part] = []
    if sent is None:
        prompt = structured_object(attributes.get("ai.prompt"))
        sent = prompt.get("messages") or prompt.get("prompt")
        words = first_text(prompt, "system")
        system = [text_part(words)] if words is not None else []
    settings = below(attributes, "ai.settings.")
    return conversation(
        read_messages(sent),
        _answer(attributes),
        system=system,
        tools=read_tools(attributes.get("ai.prompt.tools")),
        parameters={name: value for name, value in settings.items() if "." not in name},
    )


def _answer(attributes: Attributes) -> list[Message]:
    body = {
        "reasoning": first_text(attributes, "ai.response.reasoning"),
        "content": first(attributes, *_TEXT, *_OBJECT),
    }
    (message,) = read_messages({"role": "assistant", **body}) or [Message("assistant", [])]
    calls = [read_call(as_object(call)) for call in as_list(structured(first(attributes, *_CALLS)))]
    parts = [*message.parts, *calls]
    return [Message("assistant", parts, first_text(attributes, *_REASON))] if parts else []


def _usage(attributes: Attributes, provider: str) -> Usage | None:
    """Counts include cached input where the SDK tells them apart (version 6).

    Before that it handed on what the provider counts, and Anthropic and Bedrock count cached input apart.
    """
    details = _USAGE + "inputTokenDetails."
    is_told_apart = any(name.startswith(details) for name in attributes)
    told = structured_object(attributes.get("ai.response.providerMetadata"))
    written = first_int(attributes, details + "cacheWriteTokens")
    if written is None:
        written = first_int(as_object(told.get("anthropic")), "cacheCreationInputTokens")
    if written is None:
        written = first_int(as_object(as_object(told.get("bedrock")).get("usage")), "cacheWriteInputTokens")
    return counted(
        input_tokens=first_int(attributes, *(_USAGE + n for n in ("inputTokens", "promptTokens", "tokens"))),
        output_tokens=first_int(attributes, _USAGE + "outputTokens", _USAGE + "completionTokens"),
        cache_read=first_int(attributes, details + "cacheReadTokens", _USAGE + "cachedInputTokens"),
        cache_write=written,
        raw={_USAGE + name: value for name, value in below(attributes, _USAGE).items()},
        is_exclusive=not is_told_apart and provider.startswith(("anthropic", "amazon-bedrock")),
    )


VERCEL_AI = Vocabulary(
    "vercel-ai",
    frozenset({"ai.operationId", "ai.model.id", "ai.prompt", "ai.prompt.messages", "ai.toolCall.name"}),
    read,
)
