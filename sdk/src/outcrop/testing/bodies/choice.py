"""Which dialect a model speaks, by the vendor in its id. An unknown vendor gets an OpenAI-like chat body."""

from __future__ import annotations

import re

from outcrop.testing.bodies import (
    amazon_images,
    anthropic,
    claude_text,
    cohere_command,
    cohere_embed,
    command_r,
    jurassic,
    llama,
    mistral,
    nova,
    nova_embeddings,
    openai_chat,
    rerank,
    stability,
    text_choices,
    titan_embeddings,
    titan_text,
    twelvelabs,
)
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.json_values import JsonObject

# In the order of trial: the start of "vendor.model" in an id, behind any ARN and any region.
_BY_START = (
    ("anthropic.", anthropic.DIALECT),
    ("amazon.nova-canvas-", amazon_images.DIALECT),
    ("amazon.nova-2-multimodal-embeddings-", nova_embeddings.DIALECT),
    ("amazon.nova-", nova.DIALECT),
    ("amazon.titan-embed-", titan_embeddings.DIALECT),
    ("amazon.titan-image-", amazon_images.DIALECT),
    ("amazon.titan-", titan_text.DIALECT),
    ("amazon.rerank-", rerank.DIALECT),
    ("meta.llama", llama.DIALECT),
    ("mistral.", mistral.DIALECT),
    ("cohere.command-r-", command_r.DIALECT),
    ("cohere.command-", cohere_command.DIALECT),
    ("cohere.embed-", cohere_embed.DIALECT),
    ("cohere.rerank-", rerank.DIALECT),
    ("ai21.j2-", jurassic.DIALECT),
    ("deepseek.r1-", text_choices.DEEPSEEK),
    ("stability.", stability.DIALECT),
    ("twelvelabs.pegasus-", twelvelabs.PEGASUS),
    ("twelvelabs.marengo-", twelvelabs.MARENGO),
)
_VENDORS = "|".join(sorted({start.partition(".")[0] for start, _ in _BY_START}))
_VENDOR = re.compile(rf"(?:^|[/.])((?:{_VENDORS})\.[^/]+)$")


def choose_dialect(model_id: str, body: JsonObject) -> Dialect:
    """The dialect of a model.

    Args:
        model_id: a model id, an inference profile's id, or an ARN of either.
        body: the request; it tells Claude's two bodies apart, and the dialect where an ARN names no vendor.

    Returns:
        The vendor's dialect.
    """
    found = _VENDOR.search(model_id)
    name = found.group(1) if found else ""
    for start, dialect in _BY_START:
        if name.startswith(start):
            return claude_text.DIALECT if dialect is anthropic.DIALECT and _is_prompt(body) else dialect
    if "anthropic_version" in body:
        return anthropic.DIALECT
    return _imported(body) if _is_prompt(body) else openai_chat.DIALECT


def _imported(body: JsonObject) -> Dialect:
    """The format of an imported model, which the name of the token limit decides.

    https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
    """
    return text_choices.OPENAI_COMPLETION if "max_tokens" in body else llama.DIALECT


def _is_prompt(body: JsonObject) -> bool:
    return "prompt" in body and "messages" not in body
