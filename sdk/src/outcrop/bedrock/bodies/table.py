"""Finds the codec for a body: the first in the table that recognises it."""

from __future__ import annotations

from outcrop.bedrock.bodies.anthropic import AnthropicCodec
from outcrop.bedrock.bodies.codec import BodyCodec
from outcrop.bedrock.bodies.nova import NovaCodec
from outcrop.bedrock.bodies.text_completion import (
    LLAMA,
    MISTRAL_TEXT,
    TITAN_TEXT,
    TextCompletionCodec,
)
from outcrop.json_reading import JsonObject

_CODECS: tuple[BodyCodec, ...] = (
    AnthropicCodec(),
    NovaCodec(),
    TextCompletionCodec(TITAN_TEXT),
    TextCompletionCodec(LLAMA),
    TextCompletionCodec(MISTRAL_TEXT),
)


def find_codec(vendor: str | None, request: JsonObject) -> BodyCodec | None:
    """The codec for a request body; None for a family that has none, whose body is shown raw."""
    return next((codec for codec in _CODECS if codec.matches(vendor, request)), None)
