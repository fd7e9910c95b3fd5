"""What an answer says of itself: identifier, model, why it stopped, how its tokens divide. Pure."""

from __future__ import annotations

from outcrop.genai.conventions import attributes_of
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_int, as_object, as_text
from outcrop.normalised.finish_reasons import finish_reasons, raw_reasons
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_IDS = ("id", "response_id", "generation_id")
_DETAILS = ("completion_tokens_details", "output_tokens_details")


def answer_attributes(view: SpanView) -> JsonObject:
    """All that a view knows, in the conventions' words; content is left out."""
    outputs = as_object(view.outputs)
    body = as_object(outputs.get("body"))
    ids = (*(body.get(name) for name in _IDS), outputs.get("invocationArn"))
    reasons = finish_reasons(view)
    known = attributes_of(view)
    found: JsonObject = {
        **known,
        gen_ai.RESPONSE_ID: next(filter(None, map(as_text, ids)), None),
        gen_ai.RESPONSE_MODEL: view.response_model or as_text(body.get("model")),
        gen_ai.RESPONSE_FINISH_REASONS: reasons or None,
        gen_ai.USAGE_REASONING_OUTPUT_TOKENS: _reasoning_tokens(view),
        names.RESPONSE_FINISH_REASONS: raw_reasons(view) or None,
        names.PROBLEM: view.problem,
    }
    return {name: value for name, value in found.items() if value is not None}


def _reasoning_tokens(view: SpanView) -> int | None:
    raw = {} if view.usage is None else view.usage.raw
    counts = (as_int(as_object(raw.get(name)).get("reasoning_tokens")) for name in _DETAILS)
    return next((count for count in counts if count is not None), None)
