"""TwelveLabs: Pegasus, which talks about a video, and Marengo, which embeds texts and media.

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-pegasus.html,
model-parameters-marengo.html (2.7: flat input) and model-parameters-marengo-3.html (3.0: input by type).
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.codec import (
    BodyClues,
    BodyRead,
    ChunkWords,
    WholeAnswerCodec,
    without,
    without_metrics,
)
from outcrop.bedrock.bodies.media import source_part
from outcrop.bedrock.bodies.vectors import describe_vectors
from outcrop.genai.messages import Chat, Message, Part, text_part
from outcrop.json_reading import JsonObject, as_list, as_object, as_text


class PegasusCodec:
    """A prompt and a video in, text out.

    AWS says that Pegasus streams and not how; chunks are read as pieces of the plain answer's `message`.
    """

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By its own name for the prompt."""
        return clues.vendor == "twelvelabs" and self.has_shape(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By its own name for the prompt."""
        return isinstance(clues.request.get("inputPrompt"), str)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        parts: list[Part] = [text_part(as_text(request.get("inputPrompt")) or "")]
        if "mediaSource" in request:
            parts.append(source_part("video", request["mediaSource"]))
        text, reason = as_text(response.get("message")), as_text(response.get("finishReason"))
        chat = Chat(
            messages=[Message("user", parts)],
            output=[] if text is None else [Message("assistant", [text_part(text)], reason)],
            parameters=without(request, {"inputPrompt", "mediaSource"}),
        )
        return BodyRead(chat, finish_reason=reason)

    def merge(self, chunks: list[Any]) -> JsonObject:
        """Joins the messages; of all else the last value stands."""
        texts: list[str] = []
        merged: JsonObject = {}
        for chunk in map(without_metrics, chunks):
            texts.append(as_text(chunk.get("message")) or "")
            merged.update({name: value for name, value in chunk.items() if value is not None})
        return {**merged, "message": "".join(texts)} if "message" in merged else merged

    def describe(self, chunk: JsonObject) -> ChunkWords:
        """The chunk's words."""
        return "chunk", "text", as_text(chunk.get("message")), None


class MarengoCodec(WholeAnswerCodec):
    """A text, a picture, a sound or a video in, vectors out (of long media: in S3)."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By its own name for the kind of input."""
        return clues.vendor == "twelvelabs" and self.has_shape(clues)

    def has_shape(self, clues: BodyClues) -> bool:
        """By its own name for the kind of input."""
        return isinstance(clues.request.get("inputType"), str)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        kind = as_text(request.get("inputType")) or ""
        parts = _read_input(kind, as_object(request.get(kind)) or request)
        answers = _read_answers(response)
        options = [option for answer in answers for option in _texts(answer.get("embeddingOption"))]
        vectors = [answer.get("embedding") for answer in answers]
        embedding = describe_vectors([parts] if parts else [], vectors, list(dict.fromkeys(options)))
        return BodyRead(embedding=embedding)


def _read_input(kind: str, source: JsonObject) -> list[Part]:
    text = as_text(source.get("inputText"))
    parts: list[Part] = [] if text is None else [text_part(text)]
    modality = kind if kind in {"audio", "video"} else "image"
    if "mediaSource" in source:
        parts.append(source_part(modality, source["mediaSource"]))
    for media in map(as_object, as_list(source.get("mediaSources"))):
        name = as_text(media.get("name"))
        parts.append(source_part(as_text(media.get("mediaType")) or modality, media, name=name))
    return parts


def _read_answers(response: JsonObject) -> list[JsonObject]:
    """One vector or a list of them, under `data` (3.0's page) or bare (2.7's)."""
    data = response.get("data", response)
    answers = as_list(data) or [data]
    return [as_object(answer) for answer in answers if "embedding" in as_object(answer)]


def _texts(value: Any) -> list[str]:
    return [each for each in as_list(value) or [value] if isinstance(each, str)]
