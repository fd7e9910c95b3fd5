"""What a call cost, or why nobody knows. Plain data: unknown is never zero."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple


class Reason:
    """Why there is no cost. Short words, kept stable: the page has a sentence for each."""

    NO_USAGE: Final = "no-usage"  # the answer said no token counts
    INCOMPLETE: Final = "incomplete"  # the stream ended before its final counts
    HIDDEN_MODEL: Final = "hidden-model"  # a profile, router or prompt that nobody has resolved
    UNKNOWN_MODEL: Final = "unknown-model"  # no price is known for the model
    NO_RATE: Final = "no-rate"  # the model's price lacks a part that was used
    SERVICE_TIER: Final = "service-tier"  # the call ran in a tier whose price is not known
    BY_TIME: Final = "by-time"  # capacity that is billed by time, not by token
    NO_LIBRARY: Final = "no-library"  # neither a price table nor genai-prices is there
    NOT_PRICED: Final = "not-priced"  # stored by an Outcrop that knew no prices
    REFUSED: Final = "refused"  # answered by an error or never sent: nothing is billed


# What a trace says of itself when several of its calls have no cost: the first of these.
REASONS: tuple[str, ...] = (
    Reason.HIDDEN_MODEL,
    Reason.UNKNOWN_MODEL,
    Reason.NO_LIBRARY,
    Reason.SERVICE_TIER,
    Reason.NO_RATE,
    Reason.BY_TIME,
    Reason.INCOMPLETE,
    Reason.NO_USAGE,
    Reason.NOT_PRICED,
    Reason.REFUSED,
)


class CostParts(NamedTuple):
    """US dollars by kind of token; a tuple, as all here: they are made of each call that comes in.

    Attributes:
        input: fresh input, without what was read from or written to the prompt cache.
        output: output, reasoning included.
        cache_read: input that came from the prompt cache.
        cache_write: input that was written to it.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal


class Cost(NamedTuple):
    """What one call cost at table or list prices, or as its sender states it.

    Discounts and free tiers are not in what table and list say.

    Attributes:
        usd: US dollars, exact.
        parts: the same by kind of token.
        source: `outcrop-prices-file`, `genai-prices` and its version, or `sender`.
        model: the entry whose prices were used; of a cost that the sender stated, the model it asked.
        is_sum_alone: the sender stated no parts, and those here are all zero.
    """

    usd: Decimal
    parts: CostParts
    source: str
    model: str
    is_sum_alone: bool = False


class Quote(NamedTuple):
    """The answer to "what did this span cost?".

    Attributes:
        cost: None if it is unknown, or if the span asked no model.
        reason: a value of `Reason` where a model was asked and the cost is unknown; None otherwise.
    """

    cost: Cost | None = None
    reason: str | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether something was billed of which nobody knows how much."""
        return self.reason is not None and self.reason != Reason.REFUSED


NOT_A_CALL = Quote()
