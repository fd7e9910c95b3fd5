"""Amazon Titan embeddings: text (first and second generation) and multimodal.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
model-parameters-titan-embed-mm.html beside it.
"""

from __future__ import annotations

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec
from outcrop.bedrock.bodies.media import image_part
from outcrop.bedrock.bodies.vectors import describe_vectors
from outcrop.genai.messages import Part, text_part
from outcrop.genai.usage import Usage, UsageRule
from outcrop.json_reading import JsonObject, as_int, as_object, as_text

_ASKED = ("inputText", "inputImage")
_MARKS = ("embedding", "embeddingsByType", "inputImage", "embeddingConfig", "embeddingTypes", "dimensions")
_COUNT = "inputTextTokenCount"


class TitanEmbeddingsCodec(WholeAnswerCodec):
    """A text or a picture in, a vector out."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By the model's name: Titan text models take the same request."""
        is_named = (clues.model or "").startswith("titan-embed")
        return clues.vendor == "amazon" and (is_named or self.has_shape(clues))

    def has_shape(self, clues: BodyClues) -> bool:
        """By what only embeddings ask for or answer."""
        return any(isinstance(clues.request.get(name), str) for name in _ASKED) and clues.has_any(_MARKS)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        text, image = as_text(request.get("inputText")), as_text(request.get("inputImage"))
        parts: list[Part] = [] if text is None else [text_part(text)]
        if image is not None:
            parts.append(image_part(image))
        by_type = as_object(response.get("embeddingsByType"))
        # Its second generation lists each type's vector; the bits of `binary` are not packed.
        vectors = [response["embedding"]] if "embedding" in response else list(by_type.values())[:1]
        return BodyRead(
            usage=_read_usage(response),
            embedding=describe_vectors([parts] if parts else [], vectors, list(by_type)),
        )


def _read_usage(response: JsonObject) -> Usage | None:
    count = as_int(response.get(_COUNT))
    return None if count is None else Usage(count, raw={_COUNT: count}, rule=UsageRule.INCLUSIVE)
