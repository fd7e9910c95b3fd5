"""OpenInference (Arize Phoenix and the instrumentations around it): everything flattened into names.

Source: Arize-ai/openinference, spec/semantic_conventions.md. Prompt counts include cached input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outcrop.entities import SpanType
from outcrop.genai.messages import Chat, Message, Part, reasoning_part, text_part, tool_result_part
from outcrop.genai.stated import StatedCost
from outcrop.genai.usage import Usage
from outcrop.json_reading import as_list, as_object, as_text
from outcrop.semconv import open_inference as names
from outcrop.vocabularies.blocks import read_blocks, read_call
from outcrop.vocabularies.counting import counted
from outcrop.vocabularies.flattened import entries
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.said import conversation
from outcrop.vocabularies.tools import read_tool
from outcrop.vocabularies.values import (
    below,
    dollars,
    first,
    first_int,
    first_text,
    first_word,
    marks,
    structured,
    structured_object,
    texts,
)

_COUNT = "llm.token_count."
_DETAILS = "llm.token_count.prompt_details."
_MODELS = (
    "llm.request.model_name",
    names.LLM_MODEL_NAME,
    names.EMBEDDING_MODEL_NAME,
    names.RERANKER_MODEL_NAME,
    "decision.request.model_name",
    "decision.model_name",
)
_KINDS = {"PROMPT": SpanType.CHAIN, "DECISION": SpanType.LLM}


def read(attributes: Attributes, _events: Sequence[Event]) -> Reading:
    """Reads OpenInference's attributes."""
    kind = (first_text(attributes, names.SPAN_KIND) or "").upper()
    system = first_text(attributes, "llm.system", "decision.system")
    return Reading(
        span_type=_KINDS.get(kind, kind) or None,
        inputs=_inputs(attributes),
        outputs=_outputs(attributes),
        chat=_chat(attributes),
        usage=_usage(attributes),
        request_model=first_text(attributes, *_MODELS),
        response_model=first_text(attributes, "llm.response.model_name", "decision.response.model_name"),
        finish_reason=first_text(attributes, "llm.finish_reason"),
        provider=first_text(attributes, "llm.provider", "decision.provider") or system,
        vendor=system,
        session_id=first_word(attributes, "session.id"),
        user_id=first_word(attributes, "user.id"),
        tags=marks(attributes.get("tag.tags")),
        metadata=texts(attributes.get("metadata")),
        tool_name=first_text(attributes, "tool.name"),
        cost=_cost(attributes),
    )


def _value(attributes: Attributes, name: str, mime_name: str) -> Any:
    value = attributes.get(name)
    return value if attributes.get(mime_name) == "text/plain" else structured(value)


def _inputs(attributes: Attributes) -> Any:
    given = _value(attributes, names.INPUT_VALUE, names.INPUT_MIME_TYPE)
    if given is None:
        given = structured(first(attributes, "reranker.query", "tool.parameters"))
    if given is None:
        # Vectors stay in the raw attributes.
        embedded = (as_object(each).get("embedding") for each in entries(attributes, "embedding.embeddings."))
        given = [text for each in embedded if (text := as_object(each).get("text")) is not None] or None
    return given


def _outputs(attributes: Attributes) -> Any:
    given = _value(attributes, names.OUTPUT_VALUE, names.OUTPUT_MIME_TYPE)
    if given is not None:
        return given
    for prefix in ("retrieval.documents.", "reranker.output_documents."):
        documents = [as_object(each).get("document", each) for each in entries(attributes, prefix)]
        if documents:
            return [
                {n: structured(v) if n == "metadata" else v for n, v in as_object(d).items()}
                for d in documents
            ]
    return None


def _chat(attributes: Attributes) -> Chat | None:
    prompts = [as_object(each) for each in entries(attributes, "llm.prompts.")]
    choices = [as_object(each) for each in entries(attributes, "llm.choices.")]
    sent = [message for each in entries(attributes, "llm.input_messages.") for message in _messages(each)]
    answered = [
        message for each in entries(attributes, "llm.output_messages.") for message in _messages(each)
    ]
    return conversation(
        sent or [_plain("user", as_object(each.get("prompt")).get("text")) for each in prompts],
        answered or [_plain("assistant", as_object(each.get("completion")).get("text")) for each in choices],
        tools=[
            read_tool(as_object(as_object(each).get("tool")).get("json_schema"))
            for each in entries(attributes, "llm.tools.")
        ],
        parameters=_parameters(attributes),
    )


def _parameters(attributes: Attributes) -> dict[str, Any]:
    """Inference parameters; that the model is among them is said once."""
    given = structured_object(
        first(attributes, names.LLM_INVOCATION_PARAMETERS, "embedding.invocation_parameters")
    )
    model = first_text(attributes, *_MODELS)
    return {name: value for name, value in given.items() if name != "model" or value != model}


def _plain(role: str, text: Any) -> Message:
    return Message(role, [text_part(text)] if isinstance(text, str) else read_blocks(text))


def _messages(value: Any) -> list[Message]:
    source = as_object(as_object(value).get("message"))
    role = as_text(source.get("role")) or "user"
    parts = [part for each in as_list(source.get("contents")) for part in _content(each)]
    parts = parts or read_blocks(source.get("content"))
    if role in {"tool", "function"}:
        words = source.get("content")
        part = tool_result_part(
            first_text(source, "tool_call_id"), parts if words is None else structured(words)
        )
        name = first_text(source, "name")
        return [Message("tool", [part if name is None else {**part, "name": name}])]
    calls = [as_object(each).get("tool_call") for each in as_list(source.get("tool_calls"))]
    parts = parts + [read_call(as_object(call)) for call in calls]
    if "function_call_name" in source:
        arguments = source.get("function_call_arguments_json")
        parts.append(read_call({"name": source["function_call_name"], "arguments": arguments}))
    return [Message(role, parts)]


def _content(value: Any) -> list[Part]:
    source = as_object(as_object(value).get("message_content"))
    kind = as_text(source.get("type")) or ""
    words = as_text(source.get("text"))
    if kind == "reasoning":
        hidden = first_text(source, "data", "encrypted_content")
        return [reasoning_part(words, signature=as_text(source.get("signature")), redacted=hidden)]
    media = as_object(as_object(source.get(kind)).get(kind))
    address = first_text(media, "url")
    if address is not None:
        # The part's own name for an address at which media lie, or which holds them.
        found = read_blocks([{"type": f"{kind}-url", "url": address}])
        return [{**part, "name": media["name"]} if "name" in media else part for part in found]
    if words is None:
        words = first_text(media, "content")
    return [text_part(words)] if words is not None else read_blocks([source])


def _usage(attributes: Attributes) -> Usage | None:
    return counted(
        input_tokens=first_int(attributes, names.LLM_COUNT_PROMPT, "decision.token_count.input"),
        output_tokens=first_int(attributes, names.LLM_COUNT_COMPLETION, "decision.token_count.output"),
        cache_read=first_int(attributes, _DETAILS + "cache_read", _DETAILS + "cache_input"),
        cache_write=first_int(attributes, _DETAILS + "cache_write"),
        raw={_COUNT + name: value for name, value in below(attributes, _COUNT).items()},
    )


def _cost(attributes: Attributes) -> StatedCost | None:
    sent, answered = (dollars(attributes.get(f"llm.cost.{kind}")) for kind in ("prompt", "completion"))
    total = dollars(attributes.get("llm.cost.total"))
    if total is None and sent is not None and answered is not None:
        total = sent + answered
    return None if total is None else StatedCost(total, sent, answered)


OPEN_INFERENCE = Vocabulary(
    "openinference", frozenset({names.SPAN_KIND, names.LLM_MODEL_NAME, names.LLM_COUNT_PROMPT}), read
)
