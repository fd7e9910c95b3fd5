"""Token counts under one meaning, and the rule by which they came to it. Pure."""

from __future__ import annotations

from typing import Any

from outcrop.genai.usage import Usage, UsageRule


def counted(
    *,
    input_tokens: int | None,
    output_tokens: int | None,
    cache_read: int | None = None,
    cache_write: int | None = None,
    raw: dict[str, Any],
    is_exclusive: bool = False,
) -> Usage | None:
    """The usage of a call.

    Args:
        input_tokens: as the sender counts it.
        output_tokens: all output.
        cache_read: input that came from the prompt cache.
        cache_write: input that was written to it.
        raw: what the sender says, verbatim.
        is_exclusive: whether this sender's input is known to leave cached input out. A cache that is
            larger than the input tells so too, whatever is known of the sender.

    Returns:
        None if neither input nor output is counted.
    """
    if input_tokens is None and output_tokens is None:
        return None
    cached = (cache_read or 0) + (cache_write or 0)
    rule = UsageRule.INCLUSIVE
    if input_tokens is not None and (is_exclusive or cached > input_tokens):
        input_tokens += cached
        rule = UsageRule.EXCLUSIVE
    return Usage(input_tokens, output_tokens, cache_read, cache_write, raw, rule)
