"""What lists and costs need of a span whose bodies are left out: written before, read from it after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from outcrop.genai.conventions import attributes_of, read_usage
from outcrop.genai.view import SpanView
from outcrop.json_reading import as_list, as_text
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

# Parameters that are words of the prompt's kind.
_CONTENT = frozenset({gen_ai.REQUEST_STOP_SEQUENCES})
_PARAMETERS = (
    gen_ai.REQUEST_MAX_TOKENS,
    gen_ai.REQUEST_TEMPERATURE,
    gen_ai.REQUEST_TOP_P,
    gen_ai.REQUEST_TOP_K,
    gen_ai.GUARDRAIL_ID,
    names.GUARDRAIL_VERSION,
    names.GUARDRAIL_ACTION,
)


def derived_attributes(view: SpanView) -> dict[str, Any]:
    """What a view knows, as attributes, but for content."""
    found = {name: value for name, value in attributes_of(view).items() if name not in _CONTENT}
    if view.tool_calls:
        found[names.TOOL_CALLS] = list(view.tool_calls)
    if view.service_tier is not None:
        found[names.SERVICE_TIER] = view.service_tier
    return found


def with_derived(view: SpanView, attributes: Mapping[str, Any]) -> SpanView:
    """A view with what its span's attributes say and its bodies no longer do."""
    reasons = as_list(attributes.get(gen_ai.RESPONSE_FINISH_REASONS))
    written = {name: attributes[name] for name in _PARAMETERS if name in attributes}
    has_usage = view.usage is not None and view.usage.input_tokens is not None
    return replace(
        view,
        usage=view.usage if has_usage else read_usage(attributes) or view.usage,
        response_model=view.response_model or as_text(attributes.get(gen_ai.RESPONSE_MODEL)),
        finish_reason=view.finish_reason or (as_text(reasons[0]) if reasons else None),
        tool_calls=view.tool_calls or tuple(map(str, as_list(attributes.get(names.TOOL_CALLS)))),
        vendor=view.vendor or as_text(attributes.get(names.MODEL_VENDOR)),
        model_family=view.model_family or as_text(attributes.get(names.MODEL_FAMILY)),
        service_tier=view.service_tier or as_text(attributes.get(names.SERVICE_TIER)),
        request_attributes={**written, **view.request_attributes},
    )
