"""Cohere Embed's body: texts, pictures or both in, as many vectors out.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html
"""

from __future__ import annotations

import secrets

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask, characters
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.vectors import packed_signs, unit_vector, usable_dimensions
from outcrop.testing.json_values import JsonObject, as_list, as_text, to_json

# Version 4's default, and the size of version 3, which offers no other.
_SIZES = (("embed-v4", 1536),)
_OLD_SIZE = 1024


def _read(body: JsonObject) -> Ask:
    texts = as_list(body.get("texts"))
    return Ask(last_user_text=as_text(texts[0]) if texts else "", prompt_characters=characters(texts))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    inputs = [item for name in ("texts", "images", "inputs") for item in as_list(body.get(name))]
    default = next((size for name, size in _SIZES if name in answer.model_id), _OLD_SIZE)
    dimensions = usable_dimensions(body.get("output_dimension"), default)
    vectors = [unit_vector(to_json(item).decode(), dimensions) for item in inputs]
    kinds = [as_text(kind) for kind in as_list(body.get("embedding_types"))]
    echoed: JsonObject = {name: body[name] for name in ("texts", "inputs") if name in body}
    if len(kinds) <= 1 and kinds in ([], ["float"]):
        kind, embeddings = "embeddings_floats", vectors
        return {"id": secrets.token_hex(16), "embeddings": embeddings, "response_type": kind, **echoed}
    by_type = {kind: [_of_type(kind, vector) for vector in vectors] for kind in kinds}
    return {
        "id": secrets.token_hex(16),
        "embeddings": by_type,
        "response_type": "embeddings_by_type",
        **echoed,
    }


def _of_type(kind: str, vector: list[float]) -> list[float] | list[int]:
    if kind in {"binary", "ubinary"}:
        return packed_signs(vector, is_signed=kind == "binary")
    if kind in {"int8", "uint8"}:
        shift = 0 if kind == "int8" else 128
        return [round(number * 127) + shift for number in vector]
    return vector


DIALECT = Dialect(("input_type",), _read, _write, None, has_output_tokens=False)
