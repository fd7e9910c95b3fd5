"""Stability's pictures: Stable Image, SD3 and the editing services (`images`), and SDXL (`artifacts`).

Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-diffusion-3-text-image.html,
model-parameters-diffusion-stable-image-core-text-image-request-response.html and
model-parameters-diffusion-1-0-text-image.html beside it.
"""

from __future__ import annotations

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec, without
from outcrop.bedrock.bodies.media import image_part
from outcrop.genai.messages import Chat, Message, Part, text_part
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

_IMAGES = ("image", "init_image", "mask", "mask_image", "style_image")
_TEXTS = ("prompt", "search_prompt", "select_prompt")


class StabilityCodec(WholeAnswerCodec):
    """Prompts and pictures in, pictures out."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """All that Stability makes are pictures."""
        return clues.vendor == "stability"

    def has_shape(self, clues: BodyClues) -> bool:
        """By SDXL's prompts, or by an answer of pictures to a prompt or a picture."""
        if isinstance(clues.request.get("text_prompts"), list):
            return True
        is_asked = any(isinstance(clues.request.get(name), str) for name in (*_TEXTS, *_IMAGES))
        return is_asked and any(name in clues.answer for name in ("images", "artifacts", "finish_reasons"))

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        prompts = list(map(as_object, as_list(request.get("text_prompts"))))
        texts = [as_text(request.get(name)) for name in _TEXTS] + [_words(prompt) for prompt in prompts]
        parts: list[Part] = [text_part(text) for text in texts if text]
        pictures = [name for name in _IMAGES if isinstance(request.get(name), str)]
        parts.extend(image_part(request[name], name=name) for name in pictures)
        output, reason = _read_output(response)
        chat = Chat(
            messages=[Message("user", parts)] if parts else [],
            output=[Message("assistant", output, reason)] if output else [],
            parameters=without(request, {*_TEXTS, *_IMAGES, "text_prompts"}),
        )
        return BodyRead(chat, finish_reason=reason)


def _words(prompt: JsonObject) -> str | None:
    """A weighted prompt; a weight below zero says what shall not be seen."""
    text, weight = as_text(prompt.get("text")), prompt.get("weight")
    return text if text is None or weight in (None, 1) else f"{text} (weight {weight})"


def _read_output(response: JsonObject) -> tuple[list[Part], str | None]:
    artifacts = list(map(as_object, as_list(response.get("artifacts"))))
    images = [*as_list(response.get("images")), *(artifact.get("base64") for artifact in artifacts)]
    parts: list[Part] = [image_part(image) for image in images if isinstance(image, str)]
    reasons = [
        *as_list(response.get("finish_reasons")),
        *(artifact.get("finishReason") for artifact in artifacts),
    ]
    # SD3 and later say null for a picture that is well.
    return parts, next((reason for reason in reasons if isinstance(reason, str)), None)
