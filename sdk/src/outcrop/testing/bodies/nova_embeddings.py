"""Nova Multimodal Embeddings' synchronous body: one input, a vector with its modality.

https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
"""

from __future__ import annotations

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.vectors import unit_vector, usable_dimensions
from outcrop.testing.json_values import JsonObject, as_object, as_text, to_json

_MODALITIES = ("text", "image", "audio", "video")
_DEFAULT_DIMENSIONS = 3072


def _read(body: JsonObject) -> Ask:
    text = as_text(as_object(_params(body).get("text")).get("value"))
    return Ask(last_user_text=text, prompt_characters=len(text))


def _write(_: Answer, body: JsonObject) -> JsonObject:
    params = _params(body)
    dimensions = usable_dimensions(params.get("embeddingDimension"), _DEFAULT_DIMENSIONS)
    return {
        "embeddings": [
            {
                "embeddingType": name.upper(),
                "embedding": unit_vector(to_json(params[name]).decode(), dimensions),
            }
            for name in _MODALITIES
            if name in params
        ]
    }


def _params(body: JsonObject) -> JsonObject:
    return as_object(body.get("singleEmbeddingParams"))


DIALECT = Dialect(("taskType", "singleEmbeddingParams"), _read, _write, None, has_output_tokens=False)
