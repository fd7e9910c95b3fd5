"""MLflow's tracing: inputs and outputs as the traced function or API had them, JSON in most attributes.

Source: mlflow-tracing 3.17.2, `mlflow/tracing/constant.py`. Sent to a tracking server the values are
structured; through an OTLP exporter each is JSON in text. Both are read. Input counts include cached input.
"""

from __future__ import annotations

import ast
import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from outcrop.bedrock import converse
from outcrop.bedrock.bodies.table import find_codec
from outcrop.bedrock.model_id import parse_model_id
from outcrop.genai.messages import Chat, Message, Part
from outcrop.genai.stated import StatedCost
from outcrop.genai.usage import Usage
from outcrop.json_reading import as_list, as_object, as_text
from outcrop.semconv import gen_ai
from outcrop.vocabularies.counting import counted
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.said import conversation, read_messages
from outcrop.vocabularies.tools import read_tools
from outcrop.vocabularies.values import (
    as_words,
    below,
    dollars,
    first_int,
    first_text,
    first_word,
    structured,
    structured_object,
)

_TAG = "mlflow.traceTag."
_OWN_TAGS = "mlflow."
_HANDED_OVER = frozenset({"messages", "tools", "model", "input", "system", "functions"})


def read(attributes: Attributes, _events: Sequence[Event]) -> Reading:
    """Reads MLflow's attributes."""
    words = {name: structured(attributes.get(name)) for name in _WORDS}
    inputs = structured(attributes.get("mlflow.spanInputs"))
    outputs = structured(attributes.get("mlflow.spanOutputs"))
    span_type = first_text(words, "mlflow.spanType")
    is_model_call = span_type in {"LLM", "CHAT_MODEL"}
    asked = as_text(as_object(inputs).get("modelId"))
    model = first_text(words, "mlflow.llm.model") or asked
    answer = as_object(outputs)
    return Reading(
        span_type=span_type,
        inputs=inputs,
        outputs=outputs,
        chat=_chat(attributes, inputs, outputs) if is_model_call else None,
        usage=_usage(structured_object(attributes.get("mlflow.chat.tokenUsage"))),
        request_model=model or (first_text(as_object(inputs), "model") if is_model_call else None),
        response_model=first_text(answer, "model") if is_model_call else None,
        finish_reason=_finish_reason(answer) if is_model_call else None,
        # Of a Bedrock model MLflow names whoever stands first in its id.
        provider=gen_ai.PROVIDER_BEDROCK if asked else first_text(words, "mlflow.llm.provider"),
        session_id=first_word(words, "session.id", "mlflow.trace.session"),
        user_id=first_word(words, "user.id", "mlflow.trace.user"),
        tags={
            name: as_words(structured(value))
            for name, value in below(attributes, _TAG).items()
            if value is not None and not name.startswith(_OWN_TAGS)
        },
        cost=_cost(structured_object(attributes.get("mlflow.llm.cost"))),
    )


def _chat(attributes: Attributes, inputs: Any, outputs: Any) -> Chat | None:
    request, answer = as_object(inputs), as_object(outputs)
    if "modelId" in request:
        return _bedrock_chat(request, answer)
    # LangChain hands over its list of messages as it is.
    sent = request.get("messages", request.get("input", request.get("prompt"))) if request else inputs
    tools = read_tools(attributes.get("mlflow.chat.tools")) or read_tools(request.get("tools"))
    return conversation(
        read_messages(sent),
        _answers(answer, outputs),
        system=[part for each in read_messages(request.get("system"), "system") for part in each.parts],
        tools=tools,
        parameters={name: value for name, value in request.items() if name not in _HANDED_OVER},
    )


def _bedrock_chat(request: dict[str, Any], answer: dict[str, Any]) -> Chat | None:
    if "body" not in request:
        chat = converse.read_chat(request, answer)
        return replace(chat, messages=_mended(chat.messages), output=_mended(chat.output))
    body, response = structured_object(request["body"]), structured_object(answer.get("body"))
    model = parse_model_id(as_text(request["modelId"]) or "")
    codec = find_codec(model.vendor, body, response, model.name)
    return None if codec is None else codec.read(body, response).chat


def _mended(messages: list[Message]) -> list[Message]:
    return [replace(message, parts=[_mended_part(part) for part in message.parts]) for message in messages]


def _mended_part(part: Part) -> Part:
    """A streamed call's arguments are JSON in text; media are what Python's `repr` makes of bytes."""
    if part["type"] == "tool_call":
        return {**part, "arguments": structured(part["arguments"])}
    content = part.get("content")
    if part["type"] != "blob" or not isinstance(content, str) or not content.startswith(("b'", 'b"')):
        return part
    try:
        data = ast.literal_eval(content)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # What MLflow cut is no literal any more; it is shown as it came.
        return part
    return {**part, "content": base64.b64encode(data).decode()} if isinstance(data, bytes) else part


def _answers(answer: dict[str, Any], outputs: Any) -> list[Message]:
    for name in ("choices", "generations", "candidates", "output", "messages"):
        held = answer.get(name)
        if isinstance(held, list):
            return read_messages(held, "assistant")
    if "content" in answer or "message" in answer:
        return read_messages(answer, "assistant")
    return read_messages(outputs, "assistant") if isinstance(outputs, (str, list)) else []


def _finish_reason(answer: dict[str, Any]) -> str | None:
    choices = as_list(answer.get("choices"))
    held = as_object(choices[0]) if choices else answer
    body = as_object(answer.get("body"))
    return first_text(held, "finish_reason", "stop_reason", "stopReason") or first_text(body, "stop_reason")


def _usage(raw: dict[str, Any]) -> Usage | None:
    return counted(
        input_tokens=first_int(raw, "input_tokens"),
        output_tokens=first_int(raw, "output_tokens"),
        cache_read=first_int(raw, "cache_read_input_tokens"),
        cache_write=first_int(raw, "cache_creation_input_tokens"),
        raw=raw,
    )


def usage_in_words(usage: Usage) -> dict[str, int]:
    """Tokens as MLflow writes them down, which `read` reads; what is not known is left out."""
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "cache_creation_input_tokens": usage.cache_write_input_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None}


def _cost(raw: dict[str, Any]) -> StatedCost | None:
    total = dollars(raw.get("total_cost"))
    if total is None:
        return None
    return StatedCost(total, dollars(raw.get("input_cost")), dollars(raw.get("output_cost")))


_WORDS = (
    "mlflow.spanType",
    "mlflow.llm.model",
    "mlflow.llm.provider",
    "session.id",
    "user.id",
    "mlflow.trace.session",
    "mlflow.trace.user",
)
MLFLOW = Vocabulary(
    "mlflow", frozenset({"mlflow.spanType", "mlflow.spanInputs", "mlflow.traceRequestId"}), read
)
