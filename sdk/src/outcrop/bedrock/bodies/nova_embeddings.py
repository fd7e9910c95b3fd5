"""Amazon Nova Multimodal Embeddings, synchronous and (as `modelInput` of StartAsyncInvoke) asynchronous.

Source: https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
"""

from __future__ import annotations

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec
from outcrop.bedrock.bodies.media import format_mime_type, source_part
from outcrop.bedrock.bodies.vectors import describe_vectors
from outcrop.genai.messages import Part, text_part
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

_TASKS = {"SINGLE_EMBEDDING": "singleEmbeddingParams", "SEGMENTED_EMBEDDING": "segmentedEmbeddingParams"}
_MEDIA = ("image", "audio", "video")


class NovaEmbeddingsCodec(WholeAnswerCodec):
    """One text, picture, sound or video in, vectors by modality out."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By its schema, whoever asks."""
        return self.has_shape(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By schema version or task."""
        version, task = clues.request.get("schemaVersion"), clues.request.get("taskType")
        return version == "nova-multimodal-embed-v1" or (isinstance(task, str) and task in _TASKS)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        params: JsonObject = {}
        for name in _TASKS.values():
            params.update(as_object(request.get(name)))
        answers = list(map(as_object, as_list(response.get("embeddings"))))
        types = list(dict.fromkeys(filter(None, (as_text(each.get("embeddingType")) for each in answers))))
        parts = _read_input(params)
        vectors = [each.get("embedding") for each in answers]
        return BodyRead(embedding=describe_vectors([parts] if parts else [], vectors, types))


def _read_input(params: JsonObject) -> list[Part]:
    text = as_object(params.get("text"))
    words = as_text(text.get("value"))
    parts: list[Part] = []
    if text:
        parts.append(source_part("text", text.get("source")) if words is None else text_part(words))
    for modality in _MEDIA:
        media = as_object(params.get(modality))
        if media:
            mime_type = format_mime_type(modality, media)
            parts.append(source_part(modality, media.get("source"), mime_type=mime_type))
    return parts
