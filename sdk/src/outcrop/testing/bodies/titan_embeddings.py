"""Amazon Titan Embeddings' body: a text (or a picture) in, a vector out.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html
"""

from __future__ import annotations

from outcrop.testing.answer import Answer
from outcrop.testing.ask import Ask
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.bodies.vectors import signs, unit_vector, usable_dimensions
from outcrop.testing.json_values import JsonObject, as_list, as_object, as_text

_DEFAULT_DIMENSIONS = 1024


def _read(body: JsonObject) -> Ask:
    text = as_text(body.get("inputText"))
    return Ask(last_user_text=text, prompt_characters=len(text))


def _write(answer: Answer, body: JsonObject) -> JsonObject:
    asked = body.get("dimensions", as_object(body.get("embeddingConfig")).get("outputEmbeddingLength"))
    dimensions = usable_dimensions(asked, _DEFAULT_DIMENSIONS)
    vector = unit_vector(as_text(body.get("inputText")) + as_text(body.get("inputImage")), dimensions)
    members: JsonObject = {"embedding": vector, "inputTextTokenCount": answer.usage.input_tokens}
    kinds = as_list(body.get("embeddingTypes")) or ["float"]
    # The second generation says which types it gives; the first and the multimodal one do not.
    if answer.model_id.rpartition("amazon.")[2].startswith("titan-embed-text-v2"):
        by_type = {"float": vector, "binary": signs(vector)}
        members["embeddingsByType"] = {kind: by_type[kind] for kind in kinds if kind in by_type}
    return members


DIALECT = Dialect((), _read, _write, None, has_output_tokens=False)
