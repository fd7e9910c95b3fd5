"""Which dialect a model speaks, by the vendor in its id. An unknown vendor gets an OpenAI-like chat body."""

from __future__ import annotations

import re

from outcrop.testing.bodies import (
    anthropic,
    llama,
    mistral,
    nova,
    openai_chat,
    titan_embeddings,
    titan_text,
)
from outcrop.testing.bodies.dialect import Dialect
from outcrop.testing.json_values import JsonObject

# In the order of trial: the start of "vendor.model" in an id, behind any ARN and any region.
_BY_START = (
    ("anthropic.", anthropic.DIALECT),
    ("amazon.nova-", nova.DIALECT),
    ("amazon.titan-embed-", titan_embeddings.DIALECT),
    ("amazon.titan-", titan_text.DIALECT),
    ("meta.llama", llama.DIALECT),
    ("mistral.", mistral.DIALECT),
)
_VENDOR = re.compile(r"(?:^|[/.])((?:anthropic|amazon|meta|mistral)\.[^/]+)$")


def choose_dialect(model_id: str, body: JsonObject) -> Dialect:
    """The dialect of a model.

    Args:
        model_id: a model id, an inference profile's id, or an ARN of either.
        body: the request; it tells Anthropic's body where an ARN names no vendor.

    Returns:
        The vendor's dialect.
    """
    found = _VENDOR.search(model_id)
    name = found.group(1) if found else ""
    for start, dialect in _BY_START:
        if name.startswith(start):
            return dialect
    return anthropic.DIALECT if "anthropic_version" in body else openai_chat.DIALECT
