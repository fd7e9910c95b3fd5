"""What a model costs now, by its identifier alone: for a table of prices, where no call is at hand."""

from __future__ import annotations

from datetime import datetime, timezone

from outcrop.bedrock.model_id import parse_model_id
from outcrop.pricing.library import LibraryMissingError, rates_of
from outcrop.pricing.rates import Rates
from outcrop.pricing.table import PriceTable


def rates_now(model_id: str, table: PriceTable | None = None) -> Rates | None:
    """Today's rates of a model, for the shortest inputs and the standard service tier.

    Args:
        model_id: an identifier or ARN, as a program gives it.
        table: the user's prices, which go before the library's.

    Returns:
        None where no price is known.
    """
    read = parse_model_id((table.profiles.get(model_id) if table else None) or model_id)
    names = tuple(
        dict.fromkeys(name for name in (model_id, read.requested, read.profile, read.model) if name)
    )
    own = table.find(names) if table else None
    if own is not None or read.model is None:
        return own
    try:
        return rates_of(read.model, read.region_group, _now, 0)
    except LibraryMissingError:
        return None


def _now() -> datetime:
    return datetime.now(timezone.utc)
