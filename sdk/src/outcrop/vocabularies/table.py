"""The vocabularies that are understood, and how what they find becomes a view. Pure.

Asked for spans alone that are not Outcrop's own. A span may speak several: the more special one goes first,
and the conventions fill in what it leaves open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from outcrop.bedrock.identity import is_bedrock, with_identity
from outcrop.entities import SpanType
from outcrop.genai.previews import request_preview, response_preview, tool_calls, value_preview
from outcrop.genai.stated import Stated
from outcrop.genai.view import SpanView
from outcrop.semconv import gen_ai
from outcrop.vocabularies.gen_ai import GEN_AI
from outcrop.vocabularies.logfire import LOGFIRE
from outcrop.vocabularies.mlflow import MLFLOW
from outcrop.vocabularies.open_inference import OPEN_INFERENCE
from outcrop.vocabularies.open_llmetry import OPEN_LLMETRY
from outcrop.vocabularies.reading import Attributes, Event, Reading, Vocabulary
from outcrop.vocabularies.vercel_ai import VERCEL_AI

VOCABULARIES: tuple[Vocabulary, ...] = (MLFLOW, OPEN_INFERENCE, VERCEL_AI, LOGFIRE, OPEN_LLMETRY, GEN_AI)
_KEYS = frozenset[str]().union(*(vocabulary.keys for vocabulary in VOCABULARIES))
# Providers that make their models themselves; the rest sell those of others.
_VENDORS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "xai": "xai",
    "x_ai": "xai",
    "google": "google",
    "gcp": "google",
    "gemini": "google",
    "perplexity": "perplexity",
}


def read_foreign(attributes: Attributes, events: Sequence[Event] = (), attempts: int = 0) -> SpanView | None:
    """Reads a span that another tracer sent.

    Args:
        attributes: the span's attributes.
        events: its events, where older conventions put messages.
        attempts: see `outcrop.views.read_span`.

    Returns:
        None if the span speaks none of the vocabularies.
    """
    if _KEYS.isdisjoint(attributes):
        return None
    spoken = [vocabulary for vocabulary in VOCABULARIES if not vocabulary.keys.isdisjoint(attributes)]
    found = spoken[0].read(attributes, events)
    for vocabulary in spoken[1:]:
        found = found.over(vocabulary.read(attributes, events))
    stated = _stated(found, ",".join(vocabulary.name for vocabulary in spoken))
    view = _view(found, stated, attempts)
    if not is_bedrock(view.provider):
        return view
    known = with_identity(view, attributes)
    return known if known.vendor is not None else replace(known, vendor=view.vendor)


def _view(found: Reading, stated: Stated, attempts: int) -> SpanView:
    chat = found.chat
    if chat is not None and found.parameters:
        chat = replace(chat, parameters={**found.parameters, **chat.parameters})
    sent, output = ([], []) if chat is None else (chat.messages, chat.output)
    return SpanView(
        span_type=found.span_type or SpanType.UNKNOWN,
        inputs=found.inputs,
        outputs=found.outputs,
        chat=chat,
        usage=found.usage,
        request_model=found.request_model,
        response_model=found.response_model,
        finish_reason=found.finish_reason,
        tool_calls=tool_calls(output),
        attempts=attempts,
        request_preview=request_preview(lambda: reversed(sent)) or value_preview(found.inputs),
        response_preview=response_preview(output) or value_preview(found.outputs),
        provider=found.provider,
        vendor=found.vendor or _vendor(found.provider),
        request_attributes=_request(found),
        stated=stated,
    )


def _request(found: Reading) -> dict[str, Any]:
    """What was asked of whom in the conventions' words, for whoever reads a span's attributes."""
    said = {gen_ai.REQUEST_MODEL: found.request_model, gen_ai.PROVIDER_NAME: found.provider}
    return {name: value for name, value in said.items() if value is not None}


def _vendor(provider: str | None) -> str | None:
    """Who makes the models of a provider, by the first word of its name: `openai.chat`, `gcp.vertex_ai`."""
    name = (provider or "").lower()
    word = name.replace("-", ".").replace("/", ".").split(".", 1)[0]
    return _VENDORS.get(word) or _VENDORS.get(word.removesuffix("_ai"))


def _stated(found: Reading, vocabulary: str) -> Stated:
    return Stated(
        vocabulary=vocabulary,
        session_id=found.session_id,
        user_id=found.user_id,
        tags=found.tags,
        metadata=found.metadata,
        tool_name=found.tool_name,
        cost=found.cost,
        time_to_first_chunk_ns=found.time_to_first_chunk_ns,
        is_stream=found.is_stream is True,
    )
