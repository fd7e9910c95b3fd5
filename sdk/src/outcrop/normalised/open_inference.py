"""The few OpenInference attributes that back ends need beside the conventions'. Pure.

The kind of span, since the conventions know no chain, ranking or guardrail; model and token totals, which
cost a few bytes; all parameters, also those that the conventions have no name for. `input.value` and
`output.value` are written only where the conventions have no attribute for the content: Langfuse prefers
them to `gen_ai.input.messages` and would show less, and Phoenix turns `gen_ai.*` into its own form itself
(from 15.8 on), letting given OpenInference attributes win. Not written: `llm.input_messages.*`, which would
double every conversation, and the counts of cached tokens, which Langfuse would add to those of `gen_ai`.
"""

from __future__ import annotations

from collections.abc import Mapping

from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject
from outcrop.normalised.limits import Fitted, fit_text, fit_value
from outcrop.semconv import open_inference as names
from outcrop.semconv.span_types import SpanType

_KINDS: Mapping[str, str] = {
    SpanType.LLM: names.KIND_LLM,
    SpanType.CHAT_MODEL: names.KIND_LLM,
    SpanType.AGENT: "AGENT",
    SpanType.TOOL: "TOOL",
    SpanType.RETRIEVER: "RETRIEVER",
    SpanType.EMBEDDING: "EMBEDDING",
    SpanType.RERANKER: "RERANKER",
    SpanType.GUARDRAIL: "GUARDRAIL",
    SpanType.EVALUATOR: "EVALUATOR",
}
_MODEL_NAMES = {
    "EMBEDDING": names.EMBEDDING_MODEL_NAME,
    "RERANKER": names.RERANKER_MODEL_NAME,
    names.KIND_LLM: names.LLM_MODEL_NAME,
}
_JSON, _TEXT = "application/json", "text/plain"


def kind_attributes(view: SpanView) -> JsonObject:
    """Kind, model and tokens."""
    kind = _KINDS.get(view.span_type, names.KIND_CHAIN)
    found: JsonObject = {names.SPAN_KIND: kind}
    model = view.response_model or view.request_model
    if kind in _MODEL_NAMES and model is not None:
        found[_MODEL_NAMES[kind]] = model
    if view.usage is not None:
        found[names.LLM_COUNT_PROMPT] = view.usage.input_tokens
        found[names.LLM_COUNT_COMPLETION] = view.usage.output_tokens
        found[names.LLM_COUNT_TOTAL] = view.usage.total_tokens
    return {name: value for name, value in found.items() if value is not None}


def content(view: SpanView) -> dict[str, tuple[str, Fitted]]:
    """What went in and came out, with the attribute for its media type, by attribute."""
    found: dict[str, tuple[str, Fitted]] = {}
    if view.inputs not in (None, {}, []):
        found[names.INPUT_VALUE] = (names.INPUT_MIME_TYPE, _fit(view.inputs))
    # Vectors are numbers that nobody reads, and many: how many and how long they are says more.
    outputs = view.outputs if view.embedding is None else view.embedding.response_preview
    if outputs not in (None, {}, []):
        found[names.OUTPUT_VALUE] = (names.OUTPUT_MIME_TYPE, _fit(outputs))
    return found


def mime_type(fitted: Fitted) -> str:
    """JSON, or plain text where it is none or was cut."""
    return _JSON if fitted.is_json else _TEXT


def _fit(value: object) -> Fitted:
    return fit_text(value) if isinstance(value, str) else fit_value(value)
