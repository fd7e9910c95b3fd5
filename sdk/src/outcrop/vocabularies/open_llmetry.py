"""OpenLLMetry (Traceloop): `gen_ai.prompt.N.role` and the like, functions as `traceloop.entity`.

Source: traceloop/openllmetry, opentelemetry-semantic-conventions-ai 0.5.1. What it has in common with the
conventions, usage and cache above all, is read in `gen_ai`.
"""

from __future__ import annotations

from collections.abc import Sequence

from outcrop.bedrock.identity import is_bedrock
from outcrop.bedrock.model_id import parse_model_id
from outcrop.entities import SpanType
from outcrop.genai.messages import Chat
from outcrop.semconv import gen_ai
from outcrop.vocabularies.flattened import entries
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.said import conversation, read_messages
from outcrop.vocabularies.tools import read_tools
from outcrop.vocabularies.values import as_words, below, first, first_text, first_word, structured

_KINDS = {
    "workflow": SpanType.WORKFLOW,
    "task": SpanType.TASK,
    "agent": SpanType.AGENT,
    "tool": SpanType.TOOL,
}
_REQUESTS = {
    "chat": SpanType.CHAT_MODEL,
    "completion": SpanType.LLM,
    "embedding": SpanType.EMBEDDING,
    "rerank": SpanType.RERANKER,
}
# A name of this vocabulary alone.
_TOTAL = "gen_ai.usage.total_tokens"
# Whose models on Bedrock begin so; OpenLLMetry writes their ids without the vendor.
_VENDORS = {
    "claude": "anthropic",
    "command": "cohere",
    "deepseek": "deepseek",
    "gpt-oss": "openai",
    "jamba": "ai21",
    "llama": "meta",
    "mistral": "mistral",
    "mixtral": "mistral",
    "nova": "amazon",
    "pixtral": "mistral",
    "qwen": "qwen",
    "titan": "amazon",
}
_PROPERTIES = "traceloop.association.properties."
_SESSIONS = ("session_id", "sessionId", "thread_id", "conversation_id", "chat_id")
_USERS = ("user_id", "userId", "user")


def read(attributes: Attributes, _events: Sequence[Event]) -> Reading:
    """Reads OpenLLMetry's attributes."""
    kind = first_text(attributes, "traceloop.span.kind")
    requested = first_text(attributes, "llm.request.type")
    properties = below(attributes, _PROPERTIES)
    is_tool = kind == "tool"
    return Reading(
        span_type=_KINDS.get(kind or "") or _REQUESTS.get(requested or ""),
        inputs=structured(attributes.get("traceloop.entity.input")),
        outputs=structured(attributes.get("traceloop.entity.output")),
        chat=_chat(attributes),
        response_model=_whole_id(attributes),
        finish_reason=first_text(
            attributes,
            "gen_ai.response.finish_reason",
            "llm.response.finish_reason",
            "gen_ai.response.stop_reason",
            "llm.response.stop_reason",
            "gen_ai.completion.0.finish_reason",
        ),
        session_id=first_word(properties, *_SESSIONS),
        user_id=first_word(properties, *_USERS) or first_word(attributes, "llm.user"),
        metadata={
            name: as_words(value)
            for name, value in properties.items()
            if name not in {*_SESSIONS, *_USERS} and value is not None
        },
        tool_name=first_text(attributes, "traceloop.entity.name") if is_tool else None,
        is_stream=True if first(attributes, "gen_ai.is_streaming", "llm.is_streaming") is True else None,
    )


def _chat(attributes: Attributes) -> Chat | None:
    return conversation(
        read_messages(entries(attributes, "gen_ai.prompt.")),
        read_messages(entries(attributes, "gen_ai.completion."), "assistant"),
        tools=read_tools(entries(attributes, "llm.request.functions.")),
    )


def _whole_id(attributes: Attributes) -> str | None:
    """A Bedrock model's id with its vendor, so that it has a price."""
    name = first_text(attributes, gen_ai.REQUEST_MODEL) or ""
    if (
        not is_bedrock(first_text(attributes, gen_ai.PROVIDER_NAME, gen_ai.SYSTEM))
        or parse_model_id(name).vendor
    ):
        return None
    return next((f"{vendor}.{name}" for start, vendor in _VENDORS.items() if name.startswith(start)), None)


OPEN_LLMETRY = Vocabulary(
    "openllmetry",
    frozenset(
        {
            "traceloop.span.kind",
            "traceloop.entity.name",
            "traceloop.workflow.name",
            "llm.request.type",
            _TOTAL,
            "gen_ai.prompt.0.role",
            "gen_ai.prompt.0.content",
            "gen_ai.completion.0.role",
            "gen_ai.completion.0.content",
        }
    ),
    read,
)
