"""List prices of Amazon Bedrock from the library `genai-prices`: the one place that knows it.

It is imported when the first price is asked for (half a second, and pydantic with it), and only its
bundled data are read: its updater, which would ask the network, is never started.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from outcrop.pricing.rates import Rates

_PROVIDER = "aws"
_CACHED = 4096
# The one group whose price is never that of the region.
_GLOBAL = "global"
# The library's names, in the order of `Rates`.
_NAMES = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok")
_flat: dict[int, tuple[Any, Rates | None]] = {}


class LibraryMissingError(Exception):
    """genai-prices is not installed, or is none that we can read."""


def load() -> None:
    """Imports the library and its data now, so that the first price need not wait for them."""
    if _library() is not None:
        _find("amazon.nova-lite-v1:0")


@lru_cache(maxsize=1)
def _library() -> Any:
    try:
        return importlib.import_module("genai_prices")
    except ImportError:
        return None


@lru_cache(maxsize=_CACHED)
def _find(reference: str) -> tuple[str, Any] | None:
    """The library's entry for an id, and its name; asking costs 60 µs, so misses are kept as well."""
    library = _library()
    try:
        found = library.calc_price(library.Usage(), reference, provider_id=_PROVIDER)
    except (LookupError, ValueError):
        return None
    return str(found.model.id), found.model


def rates_of(
    model: str, region_group: str | None, at: Callable[[], datetime], input_tokens: int
) -> Rates | None:
    """What a model cost at a moment.

    Args:
        model: `vendor.name`, without region group and out of any ARN: the library reads some of its
            entries at the start of an id only, so ARNs of newer models would miss.
        region_group: of an inference profile; None for a call within one region.
        at: tells when the call was made, with its time zone: prices change. Most have not changed yet.
        input_tokens: all input; some models cost more beyond a length.

    Raises:
        LibraryMissingError: it is not installed.
    """
    if _library() is None:
        raise LibraryMissingError
    found = _entry(model, region_group)
    if found is None:
        return None
    entry, info = found
    flat = _flat_rates(entry, info)
    if flat is not None:
        return flat
    values = [_rate(price, input_tokens) for price in _prices(info.get_prices(at()))]
    return Rates(entry, _source(), *values)


def is_flat(model: str, region_group: str | None) -> bool:
    """Whether a model, as `rates_of` takes it, costs the same at any moment and for any length of input."""
    found = _entry(model, region_group)
    return found is not None and _flat_rates(*found) is not None


def _entry(model: str, region_group: str | None) -> tuple[str, Any] | None:
    found = None
    if region_group is not None:
        found = _find(f"{region_group}.{model}")
    if found is None and region_group != _GLOBAL:
        # Geographic profiles cost what the region costs, those that the library does not list as well.
        found = _find(model)
    return found


def _flat_rates(entry: str, info: Any) -> Rates | None:
    """The rates of a model that costs the same at any time and length, as most do; None for others."""
    known = _flat.get(id(info))
    if known is None:
        rates = None
        # Prices that depend on the time are a list, each with its condition.
        if not isinstance(info.prices, list):
            values = _prices(info.prices)
            if all(getattr(value, "tiers", None) is None for value in values):
                rates = Rates(entry, _source(), *values)
        # The entry is kept with them, so that no other can get its id.
        known = _flat[id(info)] = (info, rates)
    return known[1]


def _prices(price: Any) -> list[Any]:
    return [getattr(price, name, None) for name in _NAMES]


def _source() -> str:
    return f"genai-prices {_library().__version__}"


def _rate(price: Any, input_tokens: int) -> Any:
    """A price, or of a price by length the step that applies: to all tokens once the input is longer."""
    tiers = getattr(price, "tiers", None)
    if tiers is None:
        return price
    reached = [tier.price for tier in tiers if input_tokens > tier.start]
    return reached[-1] if reached else price.base
