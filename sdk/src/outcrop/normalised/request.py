"""Inference parameters under the conventions' names, whatever a model family calls them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_list, as_object, as_text
from outcrop.semconv import gen_ai

_INT64 = 2**63
# Members that hold parameters themselves: Titan's, Nova's, and what Converse hands through to the model.
_HOLDERS = ("inferenceConfig", "textGenerationConfig", "additionalModelRequestFields")


def _double(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= _INT64:
        return None
    return float(value)


def _integer(value: Any) -> int | None:
    number = _double(value)
    return int(value) if number is not None and number.is_integer() else None


def _penalty(value: Any) -> float | None:
    """A number, or Jurassic's object with a scale."""
    return _double(as_object(value).get("scale", value))


def _texts(value: Any) -> list[str] | None:
    found = [value] if isinstance(value, str) else as_list(value)
    return [each for each in found if isinstance(each, str)] or None


def _several(value: Any) -> int | None:
    """A count of answers; the conventions want it only where it is not one."""
    count = _integer(value)
    return None if count == 1 else count


# The conventions' name, the families' names for it, and its type.
_NAMES: tuple[tuple[str, tuple[str, ...], Callable[[Any], Any]], ...] = (
    (
        gen_ai.REQUEST_MAX_TOKENS,
        (
            "max_tokens",
            "maxTokens",
            "max_completion_tokens",
            "max_tokens_to_sample",
            "max_gen_len",
            "maxTokenCount",
            "max_new_tokens",
            "maxOutputTokens",
        ),
        _integer,
    ),
    (gen_ai.REQUEST_TEMPERATURE, ("temperature",), _double),
    (gen_ai.REQUEST_TOP_P, ("top_p", "topP", "p"), _double),
    (gen_ai.REQUEST_TOP_K, ("top_k", "topK", "k"), _integer),
    (gen_ai.REQUEST_STOP_SEQUENCES, ("stop_sequences", "stopSequences", "stop"), _texts),
    (gen_ai.REQUEST_SEED, ("seed",), _integer),
    (gen_ai.REQUEST_FREQUENCY_PENALTY, ("frequency_penalty", "frequencyPenalty"), _penalty),
    (gen_ai.REQUEST_PRESENCE_PENALTY, ("presence_penalty", "presencePenalty"), _penalty),
    (gen_ai.REQUEST_CHOICE_COUNT, ("n", "num_generations", "numResults", "numberOfImages"), _several),
    (gen_ai.REQUEST_REASONING_LEVEL, ("reasoning_effort", "effort"), as_text),
)


def parameter_attributes(view: SpanView) -> JsonObject:
    """What the call asked of its model, as far as the conventions have names for it."""
    found: JsonObject = {}
    if view.chat is not None:
        layers = list(_layers(view.chat.parameters))
        for name, spellings, read in _NAMES:
            given = (read(layer[word]) for layer in layers for word in spellings if word in layer)
            value = next((each for each in given if each is not None), None)
            if value is not None:
                found[name] = value
        output_type = _output_type(view, layers)
        if output_type is not None:
            found[gen_ai.OUTPUT_TYPE] = output_type
    if view.embedding is not None:
        found.update(_embedding_attributes(view))
    return found


def _layers(parameters: JsonObject) -> Iterable[JsonObject]:
    yield parameters
    for name in _HOLDERS:
        holder = as_object(parameters.get(name))
        if holder:
            yield holder
            yield as_object(holder.get("inferenceConfig"))
    # Converse says there how the output is to look and how hard the model is to think.
    yield as_object(parameters.get("outputConfig"))


def _output_type(view: SpanView, layers: list[JsonObject]) -> str | None:
    """The kind of output that the caller asked for; None where it asked for none in particular."""
    for layer in layers:
        asked = as_object(layer.get("response_format") or layer.get("textFormat"))
        kind = as_text(asked.get("type")) or ""
        if kind.startswith("json"):
            return "json"
        if kind == "text":
            return "text"
        task = as_text(layer.get("taskType"))
        if task is not None and "VIDEO" not in task:
            return "image"
    return "image" if view.vendor == "stability" else None


def _embedding_attributes(view: SpanView) -> JsonObject:
    body = as_object(as_object(view.inputs).get("body"))
    sizes = (
        body.get("dimensions"),
        body.get("output_dimension"),
        as_object(body.get("embeddingConfig")).get("outputEmbeddingLength"),
        as_object(body.get("singleEmbeddingParams")).get("embeddingDimension"),
    )
    asked = next((size for size in map(_integer, sizes) if size is not None), None)
    known = None if view.embedding is None else view.embedding.dimensions
    found = {
        gen_ai.EMBEDDINGS_DIMENSION_COUNT: known if known is not None else asked,
        gen_ai.REQUEST_ENCODING_FORMATS: _texts(body.get("embedding_types", body.get("embeddingTypes"))),
    }
    return {name: value for name, value in found.items() if value is not None}
