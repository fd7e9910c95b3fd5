"""Reads a span that speaks the GenAI conventions itself, and writes a view in their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outcrop.genai.messages import Chat, Message, Part, Tool, generic_part
from outcrop.genai.usage import Usage, UsageRule
from outcrop.genai.view import SpanView
from outcrop.json_reading import as_int, as_list, as_object, as_text, parse_json
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.semconv.span_types import SpanType

_SPAN_TYPES = {
    gen_ai.OPERATION_CHAT: SpanType.CHAT_MODEL,
    gen_ai.OPERATION_TEXT_COMPLETION: SpanType.LLM,
    "generate_content": SpanType.CHAT_MODEL,
    gen_ai.OPERATION_EMBEDDINGS: SpanType.EMBEDDING,
    "execute_tool": SpanType.TOOL,
    "invoke_agent": SpanType.AGENT,
    "invoke_workflow": SpanType.WORKFLOW,
    "retrieval": SpanType.RETRIEVER,
}
_USAGE_PREFIX = "gen_ai.usage."


def span_type_of(attributes: Mapping[str, Any]) -> str:
    """The span type that the operation's name implies."""
    operation = as_text(attributes.get(gen_ai.OPERATION_NAME))
    return _SPAN_TYPES.get(operation or "", SpanType.UNKNOWN)


def read_chat(attributes: Mapping[str, Any]) -> Chat | None:
    """The messages of a span that carries them as the conventions say; None if it carries none."""
    sent = _json(attributes.get(gen_ai.INPUT_MESSAGES))
    answered = _json(attributes.get(gen_ai.OUTPUT_MESSAGES))
    if not sent and not answered:
        return None
    return Chat(
        system=_parts(_json(attributes.get(gen_ai.SYSTEM_INSTRUCTIONS))),
        messages=[_message(message) for message in as_list(sent)],
        output=[_message(message) for message in as_list(answered)],
        tools=[_tool(tool) for tool in as_list(_json(attributes.get(gen_ai.TOOL_DEFINITIONS)))],
    )


def read_usage(attributes: Mapping[str, Any]) -> Usage | None:
    """Token counts; the conventions count cached input within the input."""
    input_tokens = as_int(attributes.get(gen_ai.USAGE_INPUT_TOKENS))
    output_tokens = as_int(attributes.get(gen_ai.USAGE_OUTPUT_TOKENS))
    if input_tokens is None and output_tokens is None:
        return None
    return Usage(
        input_tokens,
        output_tokens,
        as_int(attributes.get(gen_ai.USAGE_CACHE_READ_INPUT_TOKENS)),
        as_int(attributes.get(gen_ai.USAGE_CACHE_WRITE_INPUT_TOKENS)),
        {name: value for name, value in attributes.items() if name.startswith(_USAGE_PREFIX)},
        UsageRule.INCLUSIVE,
    )


def attributes_of(view: SpanView) -> dict[str, Any]:
    """What a view knows, as the conventions' attributes; content is left out."""
    found: dict[str, Any] = {
        **view.request_attributes,
        gen_ai.RESPONSE_MODEL: view.response_model,
        gen_ai.RESPONSE_FINISH_REASONS: [view.finish_reason] if view.finish_reason else None,
        names.MODEL_VENDOR: view.vendor,
        names.MODEL_FAMILY: view.model_family,
        names.MODEL_REGION_GROUP: view.model_region_group,
        names.MODEL_ARN_KIND: view.model_arn_kind,
    }
    if view.usage is not None:
        found[gen_ai.USAGE_INPUT_TOKENS] = view.usage.input_tokens
        found[gen_ai.USAGE_OUTPUT_TOKENS] = view.usage.output_tokens
        found[gen_ai.USAGE_CACHE_READ_INPUT_TOKENS] = view.usage.cache_read_input_tokens
        found[gen_ai.USAGE_CACHE_WRITE_INPUT_TOKENS] = view.usage.cache_write_input_tokens
    if view.stream is not None and view.stream.time_to_first_chunk_ns is not None:
        found[gen_ai.RESPONSE_TIME_TO_FIRST_CHUNK] = view.stream.time_to_first_chunk_ns / 1e9
        found[names.STREAM_TOKENS_PER_SECOND] = _tokens_per_second(view)
    return {name: value for name, value in found.items() if value is not None}


def _tokens_per_second(view: SpanView) -> float | None:
    """How fast the answer came once it had begun; None where that cannot be said."""
    if view.stream is None or view.usage is None or not view.usage.output_tokens:
        return None
    chunks = view.stream.chunks
    seconds = (chunks[-1].offset_ns - chunks[0].offset_ns) / 1e9 if chunks else 0.0
    return round(view.usage.output_tokens / seconds, 2) if seconds > 0 else None


def _json(value: Any) -> Any:
    return parse_json(value) if isinstance(value, str) else value


def _parts(value: Any) -> list[Part]:
    return [
        generic_part(part) if as_text(as_object(part).get("type")) is None else as_object(part)
        for part in as_list(value)
    ]


def _message(value: Any) -> Message:
    source = as_object(value)
    reason = as_text(source.get("finish_reason"))
    return Message(as_text(source.get("role")) or "unknown", _parts(source.get("parts")), reason)


def _tool(value: Any) -> Tool:
    source = as_object(value)
    name = as_text(source.get("name")) or as_text(source.get("type")) or "unknown"
    return Tool(name, as_text(source.get("description")), source.get("parameters"))
