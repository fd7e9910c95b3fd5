"""OpenTelemetry's GenAI conventions, as they are and as they were: messages as attributes of the span.

Source: open-telemetry/semantic-conventions-genai, docs/gen-ai; older names from semantic-conventions v1.27.
What other vocabularies add to these names stands in their own files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outcrop.bedrock.identity import is_bedrock
from outcrop.bedrock.model_id import parse_model_id
from outcrop.entities import SpanType
from outcrop.genai.conventions import span_type_of
from outcrop.genai.messages import Chat
from outcrop.genai.usage import Usage
from outcrop.json_reading import as_list
from outcrop.semconv import gen_ai
from outcrop.vocabularies.blocks import read_blocks
from outcrop.vocabularies.counting import counted
from outcrop.vocabularies.message_events import chat_of_events
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.said import conversation, read_messages
from outcrop.vocabularies.tools import read_tools
from outcrop.vocabularies.values import below, first, first_int, first_text, first_word, structured

INPUT_TOKENS = (gen_ai.USAGE_INPUT_TOKENS, "gen_ai.usage.prompt_tokens")
OUTPUT_TOKENS = (gen_ai.USAGE_OUTPUT_TOKENS, "gen_ai.usage.completion_tokens")
CACHE_READ = (
    gen_ai.USAGE_CACHE_READ_INPUT_TOKENS,
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.details.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
)
CACHE_WRITE = (
    gen_ai.USAGE_CACHE_WRITE_INPUT_TOKENS,
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
)
_STRANDS = "strands-agents"
_PROMPT = "gen_ai.prompt"
_COMPLETION = "gen_ai.completion"
_USAGE = "gen_ai.usage."
_REQUEST = "gen_ai.request."
# Of the request, what is no inference parameter.
_NO_PARAMETERS = frozenset({"model", "stream", "type"})
# Operations that `conventions.span_type_of` does not name.
_OPERATIONS = {
    "create_agent": SpanType.AGENT,
    "plan": SpanType.TASK,
    "execute_task": SpanType.TASK,
    "rerank": SpanType.RERANKER,
    "vector_db_retrieve": SpanType.RETRIEVER,
    "llm_request": SpanType.LLM,
    "responses": SpanType.CHAT_MODEL,
}


def read(attributes: Attributes, events: Sequence[Event]) -> Reading:
    """Reads the conventions' attributes and the events that older ones put the messages into."""
    provider = _provider(attributes)
    reasons = as_list(attributes.get(gen_ai.RESPONSE_FINISH_REASONS))
    chat = _chat(attributes, events)
    reason = first_text({"reason": reasons[0]} if reasons else {}, "reason")
    return Reading(
        span_type=_span_type(attributes),
        inputs=_value(attributes, gen_ai.TOOL_CALL_ARGUMENTS, gen_ai.RETRIEVAL_QUERY_TEXT),
        outputs=_value(attributes, gen_ai.TOOL_CALL_RESULT, gen_ai.RETRIEVAL_DOCUMENTS),
        chat=chat,
        usage=_usage(attributes, provider),
        request_model=first_text(attributes, gen_ai.REQUEST_MODEL),
        response_model=first_text(attributes, gen_ai.RESPONSE_MODEL),
        finish_reason=reason or _spoken_reason(chat),
        provider=provider,
        session_id=first_word(attributes, "session.id", gen_ai.CONVERSATION_ID),
        user_id=first_word(attributes, "user.id", "enduser.id", "gen_ai.user"),
        tool_name=first_text(attributes, gen_ai.TOOL_NAME),
        parameters=_parameters(attributes),
        is_stream=True if attributes.get(gen_ai.REQUEST_STREAM) is True else None,
    )


def _provider(attributes: Attributes) -> str | None:
    """Who was asked; Strands Agents names itself there, and the model's id tells whether it was Bedrock."""
    named = first_text(attributes, gen_ai.PROVIDER_NAME, gen_ai.SYSTEM)
    if named != _STRANDS:
        return named
    vendor = parse_model_id(first_text(attributes, gen_ai.REQUEST_MODEL) or "").vendor
    return gen_ai.PROVIDER_BEDROCK if vendor is not None else None


def _span_type(attributes: Attributes) -> str | None:
    found = span_type_of(attributes)
    if found != SpanType.UNKNOWN:
        return found
    operation = first_text(attributes, gen_ai.OPERATION_NAME)
    if operation is not None:
        return SpanType.MEMORY if "memory" in operation else _OPERATIONS.get(operation)
    if gen_ai.TOOL_NAME in attributes:
        return SpanType.TOOL
    return SpanType.LLM if gen_ai.REQUEST_MODEL in attributes else None


def _value(attributes: Attributes, *names: str) -> Any:
    return structured(first(attributes, *names))


def _usage(attributes: Attributes, provider: str | None) -> Usage | None:
    """Bedrock counts cached input apart, and whoever writes these names hands its counts on as they are.

    Measured: opentelemetry-instrumentation-botocore 0.66b2, -genai-bedrock 1.3b0, -bedrock (OpenLLMetry)
    0.62.4. Of other providers the conventions are believed, which count cached input within.
    """
    return counted(
        input_tokens=first_int(attributes, *INPUT_TOKENS),
        output_tokens=first_int(attributes, *OUTPUT_TOKENS),
        cache_read=first_int(attributes, *CACHE_READ),
        cache_write=first_int(attributes, *CACHE_WRITE),
        raw={_USAGE + name: value for name, value in below(attributes, _USAGE).items()},
        is_exclusive=is_bedrock(provider) and not _is_summed_up(attributes),
    )


def _is_summed_up(attributes: Attributes) -> bool:
    """Whether the sender is known to count Bedrock's cached input within, as MLflow and Pydantic AI do."""
    return "mlflow.traceRequestId" in attributes or "logfire.json_schema" in attributes


def _chat(attributes: Attributes, events: Sequence[Event]) -> Chat | None:
    sent = first(attributes, gen_ai.INPUT_MESSAGES, _PROMPT)
    answered = first(attributes, gen_ai.OUTPUT_MESSAGES, _COMPLETION)
    said = conversation(
        read_messages(sent),
        read_messages(answered, "assistant"),
        system=read_blocks(structured(attributes.get(gen_ai.SYSTEM_INSTRUCTIONS))),
        tools=read_tools(attributes.get(gen_ai.TOOL_DEFINITIONS)),
    )
    told = chat_of_events(events) if events else None
    if said is None or told is None:
        return said or told
    return Reading(chat=said).over(Reading(chat=told)).chat


def _parameters(attributes: Attributes) -> dict[str, Any]:
    """Inference parameters under the conventions' names, without the namespace."""
    given = below(attributes, _REQUEST)
    return {name: value for name, value in given.items() if name not in _NO_PARAMETERS}


def _spoken_reason(chat: Chat | None) -> str | None:
    return None if chat is None else next((m.finish_reason for m in chat.output if m.finish_reason), None)


GEN_AI = Vocabulary(
    "gen_ai",
    frozenset(
        {
            gen_ai.OPERATION_NAME,
            gen_ai.PROVIDER_NAME,
            gen_ai.SYSTEM,
            gen_ai.REQUEST_MODEL,
            gen_ai.RESPONSE_MODEL,
            gen_ai.INPUT_MESSAGES,
            gen_ai.OUTPUT_MESSAGES,
            gen_ai.TOOL_NAME,
            gen_ai.AGENT_NAME,
            gen_ai.CONVERSATION_ID,
            _PROMPT,
            _COMPLETION,
            *INPUT_TOKENS,
            *OUTPUT_TOKENS,
        }
    ),
    read,
)
