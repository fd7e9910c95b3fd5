"""Cohere Embed, versions 3 and 4: texts, pictures, or both mixed.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v3.html and
model-parameters-embed-v4.html beside it. Its answers have no token count; Bedrock's headers have one.
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec
from outcrop.bedrock.bodies.media import image_part
from outcrop.bedrock.bodies.vectors import describe_vectors, describe_vectors_by_type
from outcrop.genai.messages import Part, generic_part, text_part
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

_ASKED = ("texts", "images", "inputs")


class CohereEmbedCodec(WholeAnswerCodec):
    """Lists in, as many vectors out, in one number type or several."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By vendor and what it asks to embed."""
        return clues.vendor == "cohere" and self._has_inputs(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By the use that is said of the inputs, which the schema demands."""
        return "input_type" in clues.request and self._has_inputs(clues)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        inputs = _read_inputs(request)
        embeddings = response.get("embeddings")
        if isinstance(embeddings, dict):
            return BodyRead(embedding=describe_vectors_by_type(inputs, embeddings))
        types = [kind for kind in as_list(request.get("embedding_types")) if isinstance(kind, str)]
        return BodyRead(embedding=describe_vectors(inputs, as_list(embeddings), types))

    def _has_inputs(self, clues: BodyClues) -> bool:
        return any(isinstance(clues.request.get(name), list) for name in _ASKED)


def _read_inputs(request: JsonObject) -> list[list[Part]]:
    inputs = [[_read_text(text)] for text in as_list(request.get("texts"))]
    inputs += [[_read_image(image)] for image in as_list(request.get("images"))]
    for entry in as_list(request.get("inputs")):
        blocks = as_list(as_object(entry).get("content"))
        inputs.append([_read_block(as_object(block)) for block in blocks])
    return inputs


def _read_text(text: Any) -> Part:
    return text_part(text) if isinstance(text, str) else generic_part(text)


def _read_image(image: Any) -> Part:
    return image_part(image) if isinstance(image, str) else generic_part(image)


def _read_block(block: JsonObject) -> Part:
    if isinstance(block.get("text"), str):
        return text_part(block["text"])
    # AWS's page shows the address both as a text and as an object that holds it.
    image = block.get("image_url")
    address = as_text(image) or as_text(as_object(image).get("url"))
    return generic_part(block) if address is None else image_part(address)
