"""Amazon's makers of pictures and video: Nova Canvas, Titan Image, and (asynchronous) Nova Reel.

One schema: a task type, the task's parameters, and how the result shall be. Reel's is the `modelInput` of
StartAsyncInvoke.

Sources: https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html,
https://docs.aws.amazon.com/nova/latest/userguide/video-gen-access.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html
"""

from __future__ import annotations

from typing import Any

from outcrop.bedrock.bodies.codec import BodyClues, BodyRead, WholeAnswerCodec
from outcrop.bedrock.bodies.media import format_mime_type, image_part, source_part
from outcrop.genai.messages import Chat, Message, Part, text_part
from outcrop.json_reading import JsonObject, as_list, as_object, as_text

_SETTINGS = ("imageGenerationConfig", "videoGenerationConfig")
# Members of a task's parameters that are pictures in bare base64; their names are shown with them.
_IMAGES = ("image", "conditionImage", "referenceImage", "sourceImage", "maskImage")


class AmazonMediaCodec(WholeAnswerCodec):
    """A task in, pictures out (or, for video, a place in S3)."""

    def is_of_vendor(self, clues: BodyClues) -> bool:
        """By vendor and task."""
        return clues.vendor == "amazon" and isinstance(clues.request.get("taskType"), str)

    def has_shape(self, clues: BodyClues) -> bool:
        """By a task and its parameters."""
        is_task = isinstance(clues.request.get("taskType"), str)
        return is_task and (
            clues.has_any(_SETTINGS) or any(name.endswith("Params") for name in clues.request)
        )

    def read(self, request: JsonObject, response: JsonObject) -> BodyRead:
        """Reads a request and its answer."""
        parts: list[Part] = []
        parameters: JsonObject = {}
        for name, value in request.items():
            if name.endswith("Params") and isinstance(value, dict):
                found, rest = _read_task(as_object(value))
                parts.extend(found)
                parameters.update(rest)
            elif name in _SETTINGS:
                parameters.update(as_object(value))
            else:
                parameters[name] = value
        messages = [Message("user", parts)] if parts else []
        return BodyRead(Chat(messages=messages, output=_read_output(response), parameters=parameters))


def _read_task(task: JsonObject) -> tuple[list[Part], JsonObject]:
    """The words and pictures of a task, and what is left as parameters."""
    parts: list[Part] = []
    rest: JsonObject = {}
    for name, value in task.items():
        if name == "text" and isinstance(value, str):
            parts.insert(0, text_part(value))
        elif name in _IMAGES and isinstance(value, str):
            parts.append(image_part(value, name=name))
        elif name == "images":
            parts.extend(map(_read_image, as_list(value)))
        elif name == "shots":
            parts.extend(part for shot in as_list(value) for part in _read_shot(as_object(shot)))
        else:
            rest[name] = value
    return parts, rest


def _read_image(image: Any) -> Part:
    """A picture as Canvas has it (base64) or as Reel has it (format and source)."""
    if isinstance(image, str):
        return image_part(image)
    holder = as_object(image)
    return source_part("image", holder.get("source"), mime_type=format_mime_type("image", holder))


def _read_shot(shot: JsonObject) -> list[Part]:
    text = as_text(shot.get("text"))
    parts: list[Part] = [] if text is None else [text_part(text)]
    return [*parts, _read_image(shot["image"])] if "image" in shot else parts


def _read_output(response: JsonObject) -> list[Message]:
    images = [image for image in as_list(response.get("images")) if isinstance(image, str)]
    parts: list[Part] = [image_part(image) for image in images]
    mask = as_text(response.get("maskImage"))
    if mask is not None:
        parts.append(image_part(mask, name="maskImage"))
    error = as_text(response.get("error"))
    if error:
        # Pictures that the service's filters took away are missing, and this says so.
        parts.append(text_part(error))
    return [Message("assistant", parts)] if parts else []
