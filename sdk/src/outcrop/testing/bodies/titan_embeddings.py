"""Amazon Titan Embeddings' body: a text in, a vector out. The vector depends on the text alone.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
"""

from __future__ import annotations

import hashlib
import math

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.json_values import JsonObject, as_list, as_text

_DEFAULT_DIMENSIONS = 1024
_LARGEST_DIMENSIONS = 4096


def _read(body: JsonObject) -> Ask:
    text = as_text(body.get("inputText"))
    return Ask(last_user_text=text, prompt_characters=len(text))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    vector = _vector(as_text(body.get("inputText")), _dimensions(body))
    members: JsonObject = {"embedding": vector, "inputTextTokenCount": answer.usage.input_tokens}
    kinds = as_list(body.get("embeddingTypes")) or ["float"]
    # The second generation says which types it gives; the first and the multimodal one do not.
    if answer.model_id.rpartition("amazon.")[2].startswith("titan-embed-text-v2"):
        binary = [int(number > 0) for number in vector]
        by_type = {"float": vector, "binary": binary}
        members["embeddingsByType"] = {kind: by_type[kind] for kind in kinds if kind in by_type}
    return members


def _dimensions(body: JsonObject) -> int:
    asked = body.get("dimensions")
    is_usable = isinstance(asked, int) and 0 < asked <= _LARGEST_DIMENSIONS
    return asked if isinstance(asked, int) and is_usable else _DEFAULT_DIMENSIONS


def _vector(text: str, dimensions: int) -> list[float]:
    """A unit vector; equal texts have equal vectors, and that is all that they mean."""
    data = hashlib.shake_128(text.encode()).digest(dimensions)
    raw = [byte - 127.5 for byte in data]
    norm = math.hypot(*raw)
    return [round(number / norm, 8) for number in raw]


DIALECT = Dialect((), _read, _write, None, has_output_tokens=False)
