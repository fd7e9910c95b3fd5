"""Token counts, normalised: one meaning whatever the provider's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final


class UsageRule:
    """How `Usage.input_tokens` came from the provider's own counts. Short words, kept stable."""

    EXCLUSIVE: Final = "bedrock-exclusive"  # cached input is counted apart: it was added
    INCLUSIVE: Final = "inclusive"  # the provider's input holds cached input already
    HEADERS: Final = "headers"  # counts from HTTP headers, cached input added
    INVOCATION_METRICS: Final = "invocation-metrics"  # counts from a stream's last chunk, cached input added
    UNKNOWN: Final = "unknown"  # counts were given, and nobody said what they hold


def _nothing() -> dict[str, Any]:
    return {}


@dataclass(slots=True)  # frozen, making it would take three times as long, and several are made a span
class Usage:
    """Tokens of one call. None means that nobody said; 0 means that the provider said zero.

    Attributes:
        input_tokens: all input, tokens read from and written to the prompt cache included.
        output_tokens: all output, reasoning included.
        cache_read_input_tokens: the part of the input that came from the prompt cache.
        cache_write_input_tokens: the part of the input that was written to the prompt cache.
        raw: the provider's own usage, verbatim.
        rule: a value of `UsageRule`: how `input_tokens` came from `raw`; None where there are no counts,
            or where counts of several calls were added.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    raw: dict[str, Any] = field(default_factory=_nothing)
    rule: str | None = None

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; None unless both are known."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    def plus(self, other: Usage) -> Usage:
        """The sum of two calls; what only one of them knows counts as it is."""
        read, written = other.cache_read_input_tokens, other.cache_write_input_tokens
        return Usage(
            _add(self.input_tokens, other.input_tokens),
            _add(self.output_tokens, other.output_tokens),
            # Most calls have none of these.
            self.cache_read_input_tokens if read is None else _add(self.cache_read_input_tokens, read),
            self.cache_write_input_tokens
            if written is None
            else _add(self.cache_write_input_tokens, written),
        )


def _add(left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return left if right is None else right
    return left + right
