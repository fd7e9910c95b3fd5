"""Finds the codec for a body: by the model's vendor first, then by the bodies' shape alone."""

from __future__ import annotations

from outcrop.bedrock.bodies.amazon_media import AmazonMediaCodec
from outcrop.bedrock.bodies.anthropic import AnthropicCodec
from outcrop.bedrock.bodies.codec import BodyClues, BodyCodec
from outcrop.bedrock.bodies.cohere_embed import CohereEmbedCodec
from outcrop.bedrock.bodies.command_r import CommandRCodec
from outcrop.bedrock.bodies.luma import LumaCodec
from outcrop.bedrock.bodies.nova import NovaCodec
from outcrop.bedrock.bodies.nova_embeddings import NovaEmbeddingsCodec
from outcrop.bedrock.bodies.openai_chat import OpenAIChatCodec
from outcrop.bedrock.bodies.rerank import RerankCodec
from outcrop.bedrock.bodies.stability import StabilityCodec
from outcrop.bedrock.bodies.text_completion import TextCompletionCodec
from outcrop.bedrock.bodies.text_family import (
    ANY_PROMPT,
    CHOICES_TEXT,
    CLAUDE_TEXT,
    COHERE_COMMAND,
    JURASSIC,
    LLAMA,
    MISTRAL_TEXT,
    TITAN_TEXT,
)
from outcrop.bedrock.bodies.titan_embeddings import TitanEmbeddingsCodec
from outcrop.bedrock.bodies.twelvelabs import MarengoCodec, PegasusCodec
from outcrop.json_reading import JsonObject

# In the order of trial: what is told by a member of its own comes before what any body might look like.
_CODECS: tuple[BodyCodec, ...] = (
    AnthropicCodec(),
    NovaEmbeddingsCodec(),
    AmazonMediaCodec(),
    RerankCodec(),
    CohereEmbedCodec(),
    PegasusCodec(),
    MarengoCodec(),
    TitanEmbeddingsCodec(),
    CommandRCodec(),
    NovaCodec(),
    OpenAIChatCodec(),
    StabilityCodec(),
    LumaCodec(),
    TextCompletionCodec(CLAUDE_TEXT),
    TextCompletionCodec(TITAN_TEXT),
    TextCompletionCodec(LLAMA),
    TextCompletionCodec(MISTRAL_TEXT),
    TextCompletionCodec(COHERE_COMMAND),
    TextCompletionCodec(JURASSIC),
    TextCompletionCodec(CHOICES_TEXT),
    TextCompletionCodec(ANY_PROMPT),
)


def find_codec(
    vendor: str | None,
    request: JsonObject,
    answer: JsonObject | None = None,
    model: str | None = None,
) -> BodyCodec | None:
    """The codec for a body exchange.

    Args:
        vendor: the model's maker; None where the id hides it.
        request: the request body.
        answer: the answer, or a stream's first chunk, if one came.
        model: the model's name behind the vendor, if the id says it.

    Returns:
        The codec; None for a family that has none, whose bodies are shown raw.
    """
    clues = BodyClues(vendor, model, request, answer or {})
    named = (codec for codec in _CODECS if codec.is_of_vendor(clues))
    shaped = (codec for codec in _CODECS if codec.has_shape(clues))
    return next(named, None) or next(shaped, None)
