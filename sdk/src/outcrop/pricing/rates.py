"""Prices per million tokens, and what a usage costs at them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from outcrop.genai.usage import Usage
from outcrop.json_reading import as_int, as_list, as_object
from outcrop.pricing.cost import CostParts

_MILLION = Decimal(1_000_000)
_ZERO = Decimal(0)
_ONE_HOUR = "1h"


@dataclass(frozen=True)
class Rates:
    """US dollars per million tokens.

    Attributes:
        model: the entry that these come from.
        source: see `outcrop.pricing.cost.Cost`.
        input: None where none is known.
        output: None where none is known, as for embedding models.
        cache_read: None: tokens read from the cache cost what input costs.
        cache_write: None: likewise for tokens written to it.
        cache_write_1h: None: tokens written for an hour cost what `cache_write` says.
    """

    model: str
    source: str
    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None


def parts_of(rates: Rates, usage: Usage) -> CostParts | None:
    """What a usage costs; None if a kind of token was used that has no price."""
    read = usage.cache_read_input_tokens or 0
    written = usage.cache_write_input_tokens or 0
    # A provider whose cached counts exceed its input would make the rest negative.
    fresh = max((usage.input_tokens or 0) - read - written, 0)
    output = usage.output_tokens or 0
    if (rates.input is None and usage.input_tokens) or (rates.output is None and output):
        return None
    base = rates.input or _ZERO
    if not read and not written:
        return CostParts(base * fresh / _MILLION, (rates.output or _ZERO) * output / _MILLION, _ZERO, _ZERO)
    for_an_hour = min(hour_long_writes(usage), written) if written else 0
    write_rate = base if rates.cache_write is None else rates.cache_write
    hour_rate = write_rate if rates.cache_write_1h is None else rates.cache_write_1h
    return CostParts(
        input=base * fresh / _MILLION,
        output=(rates.output or _ZERO) * output / _MILLION,
        cache_read=(base if rates.cache_read is None else rates.cache_read) * read / _MILLION,
        cache_write=(write_rate * (written - for_an_hour) + hour_rate * for_an_hour) / _MILLION,
    )


def hour_long_writes(usage: Usage) -> int:
    """Tokens written to the cache for an hour, which cost more than those for five minutes.

    Converse says it in `cacheDetails`, Anthropic's body in `cache_creation`.
    """
    details = map(as_object, as_list(usage.raw.get("cacheDetails")))
    for_an_hour = (entry for entry in details if entry.get("ttl") == _ONE_HOUR)
    converse = sum(as_int(entry.get("inputTokens")) or 0 for entry in for_an_hour)
    created = as_object(usage.raw.get("cache_creation"))
    return max(converse + (as_int(created.get("ephemeral_1h_input_tokens")) or 0), 0)
