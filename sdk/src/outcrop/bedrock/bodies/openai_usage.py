"""Token counts as OpenAI's bodies name them, which most vendors of chat models on Bedrock use.

Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html, whose answers
conform to OpenAI's chat completion object.
"""

from __future__ import annotations

from typing import Any

from outcrop.genai.usage import Usage, UsageRule
from outcrop.json_reading import as_int, as_object


def read_openai_usage(value: Any) -> Usage | None:
    """Reads `usage`; cached tokens are a part of `prompt_tokens`, so nothing is added."""
    raw = as_object(value)
    if not raw:
        return None
    details = as_object(raw.get("prompt_tokens_details"))
    return Usage(
        as_int(raw.get("prompt_tokens")),
        as_int(raw.get("completion_tokens")),
        as_int(details.get("cached_tokens")),
        raw=raw,
        rule=UsageRule.INCLUSIVE,
    )
