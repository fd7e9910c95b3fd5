"""The shapes of what the SDK gives the server (`read_span`, prices), so that tests can put others there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from outcrop.genai.view import SpanView
    from outcrop.pricing.cost import Quote
    from outcrop.pricing.rates import Rates
    from outcrop.vocabularies.reading import Event


class ReadSpan(Protocol):
    """Reads a span's attributes and events into a view; pure."""

    def __call__(
        self, attributes: Mapping[str, Any], *, attempts: int = 0, events: Sequence[Event] = ()
    ) -> SpanView:
        """The view; what cannot be read is said in its `problem`."""
        ...


class PriceSpan(Protocol):
    """Says what a span cost."""

    def __call__(self, view: SpanView, *, at_ns: int, is_refused: bool) -> Quote:
        """The quote; see `outcrop.pricing.quote.price_of`."""
        ...


class RatesOfModel(Protocol):
    """Says what a model costs today."""

    def __call__(self, model_id: str) -> Rates | None:
        """The rates; None where none are known. See `outcrop.pricing.listing.rates_now`."""
        ...
