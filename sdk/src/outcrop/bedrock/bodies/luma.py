"""Luma Ray: video from a prompt and key frames, as `modelInput` of StartAsyncInvoke.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-luma.html
"""

from __future__ import annotations

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec, without
from outcrop.bedrock.bodies.media import address_part
from outcrop.genai.messages import Chat, Message, Part, blob_part, generic_part, text_part
from outcrop.json_reading import JsonObject, as_object, as_text

_MARKS = ("keyframes", "loop", "duration", "resolution")


class LumaCodec(WholeAnswerCodec):
    """A prompt and pictures in; the video is written to S3."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By vendor."""
        return clues.vendor == "luma"

    def has_shape(self, clues: BodyClues) -> bool:
        """By a prompt with what only a video has."""
        return isinstance(clues.request.get("prompt"), str) and any(name in clues.request for name in _MARKS)

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:  # noqa: ARG002  # the answer is in S3
        """Reads a request."""
        prompt = as_text(request.get("prompt"))
        parts: list[Part] = [] if prompt is None else [text_part(prompt)]
        for name, frame in as_object(request.get("keyframes")).items():
            parts.append(_read_frame(name, as_object(frame)))
        parameters = without(request, {"prompt", "keyframes"})
        return BodyRead(Chat(messages=[Message("user", parts)] if parts else [], parameters=parameters))


def _read_frame(name: str, frame: JsonObject) -> Part:
    source = as_object(frame.get("source"))
    data = as_text(source.get("data"))
    if data is not None:
        return blob_part("image", as_text(source.get("media_type")), data, name=name)
    url = as_text(source.get("url")) or as_text(frame.get("url"))
    return generic_part({name: frame}) if url is None else address_part("image", url, name=name)
