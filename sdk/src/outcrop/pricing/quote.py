"""What one span cost: which model is billed, at whose prices. Pure but for the library's bundled data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from outcrop.bedrock.identity import is_bedrock
from outcrop.bedrock.model_id import ModelId, parse_model_id
from outcrop.genai.stated import StatedCost
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.json_reading import as_int
from outcrop.pricing.cost import NOT_A_CALL, Cost, CostParts, Quote, Reason
from outcrop.pricing.library import LibraryMissingError, is_flat, rates_of
from outcrop.pricing.rates import Rates, parts_of
from outcrop.pricing.table import PriceTable
from outcrop.semconv import gen_ai
from outcrop.semconv.span_types import SpanType

# Spans that ask a model themselves: the sums that agents and workflows report are of such spans.
_CALLS = frozenset(
    {SpanType.LLM, SpanType.CHAT_MODEL, SpanType.EMBEDDING, SpanType.RERANKER, SpanType.UNKNOWN}
)
_WITHOUT_OUTPUT = frozenset({SpanType.EMBEDDING, SpanType.RERANKER})
_BY_TIME = frozenset({"provisioned-model", "imported-model", "marketplace-endpoint"})
_OWN_MODELS = frozenset({"custom-model", "custom-model-deployment"})
_NS_IN_S = 1_000_000_000
_ERROR_STATUS = 400
# By the model that was asked and the one that answered. A program asks few; more are looked up each time.
_flat: dict[tuple[str | None, str | None], Rates] = {}
_MAX_FLAT = 4096
_NOTHING = Decimal(0)
_SENDER = "sender"


def price_of(
    view: SpanView, *, at_ns: int, table: PriceTable | None = None, is_refused: bool = False
) -> Quote:
    """What a span cost.

    Args:
        view: the span, read.
        at_ns: when the call was made, nanoseconds since the epoch: prices change.
        table: the user's prices, which go before what another tracer states, and that before the
            library's.
        is_refused: see `was_refused`.
    """
    if not is_model_call(view):
        return NOT_A_CALL
    usage, missing = _usage(view)
    if table is None and usage is not None and view.stated is None:
        known = _known_rates(view)
        if known is not None:
            return _quote(known, usage)
    model = _billed_model(view, table)
    rates = None
    if table is not None and usage is not None:
        rates = table.find(_names(view, model), view.service_tier)
    if rates is None and view.stated is not None and view.stated.cost is not None:
        return Quote(_stated_cost(view, view.stated.cost))
    if usage is None:
        return Quote(reason=Reason.REFUSED if is_refused else missing)
    if rates is None:
        found = _list_price(model, view, usage, at_ns)
        if isinstance(found, str):
            return Quote(reason=found)
        rates = found
        if table is None:
            _remember(view, model, rates)
    return _quote(rates, usage)


def _quote(rates: Rates, usage: Usage) -> Quote:
    parts = parts_of(rates, usage)
    if parts is None:
        return Quote(reason=Reason.NO_RATE)
    usd = parts.input + parts.output + parts.cache_read + parts.cache_write
    return Quote(Cost(usd, parts, rates.source, rates.model))


def _known_rates(view: SpanView) -> Rates | None:
    """The library's rates of a model that was asked before, where they hold for any moment and length."""
    if view.service_tier is not None or view.provider != gen_ai.PROVIDER_BEDROCK:
        return None
    return _flat.get((view.request_model, view.response_model))


def _remember(view: SpanView, model: ModelId, rates: Rates) -> None:
    is_plain = view.service_tier is None and view.provider == gen_ai.PROVIDER_BEDROCK
    if not is_plain or model.model is None or len(_flat) >= _MAX_FLAT:
        return
    if is_flat(model.model, model.region_group):
        _flat[view.request_model, view.response_model] = rates


def _stated_cost(view: SpanView, stated: StatedCost) -> Cost:
    has_parts = stated.input is not None and stated.output is not None
    # Nobody states what of the input the cache cost.
    parts = CostParts(stated.input or _NOTHING, stated.output or _NOTHING, _NOTHING, _NOTHING)
    model = view.response_model or view.request_model or "unknown"
    return Cost(stated.usd, parts, _SENDER, model, is_sum_alone=not has_parts)


def is_model_call(view: SpanView) -> bool:
    """Whether the span is a call that a provider bills by token, whatever came of it."""
    if view.span_type not in _CALLS:
        return False
    is_counted = view.usage is not None and view.usage.total_tokens is not None
    # A user's own function may call itself a chat model: it names no model and counts nothing.
    return is_counted or (view.request_model is not None and view.span_type != SpanType.UNKNOWN)


def was_refused(view: SpanView, *, is_error: bool, last_attempt: Mapping[str, Any] | None) -> bool:
    """Whether a call was answered by an error, or never sent, so that nothing was billed.

    Args:
        view: the span, read.
        is_error: its status is ERROR.
        last_attempt: attributes of its last `outcrop.attempt` event; None if it has none.
    """
    has_answer = bool(view.outputs) or (view.stream is not None and bool(view.stream.chunks))
    if not is_error or has_answer:
        return False
    if last_attempt is None:
        # Only our own spans tell of every attempt. After a time-out one is there, and has no status.
        return view.provider is not None and is_bedrock(view.provider)
    status = as_int(last_attempt.get(gen_ai.HTTP_STATUS_CODE))
    return status is not None and status >= _ERROR_STATUS


def _usage(view: SpanView) -> tuple[Usage | None, str]:
    """The tokens to bill, or why they are not known."""
    usage, stream = view.usage, view.stream
    if usage is None or usage.input_tokens is None:
        return None, Reason.NO_USAGE
    if stream is not None and stream.outcome != "complete" and view.finish_reason is None:
        # Some streams count at their beginning and again at their end: the first count is not the bill.
        return None, Reason.INCOMPLETE
    if usage.output_tokens is None:
        if view.span_type not in _WITHOUT_OUTPUT:
            return None, Reason.NO_USAGE
        usage = replace(usage, output_tokens=0)
    return usage, ""


def _billed_model(view: SpanView, table: PriceTable | None) -> ModelId:
    """The identifier that names the model: the one asked for, unless it hides it."""
    asked = view.request_model or view.response_model or ""
    mapped = None if table is None else table.profiles.get(asked)
    read = parse_model_id(mapped or asked)
    if _hides_its_model(read) and view.response_model is not None and mapped is None:
        read = parse_model_id(view.response_model)
    return read


def _names(view: SpanView, model: ModelId) -> tuple[str, ...]:
    """Under which names the user's table may have a model, the most specific first."""
    names = (view.request_model, model.requested, model.profile, model.model)
    return tuple(dict.fromkeys(name for name in names if name))


def _hides_its_model(model: ModelId) -> bool:
    return model.name is None and model.arn_kind not in _BY_TIME | _OWN_MODELS


def _list_price(model: ModelId, view: SpanView, usage: Usage, at_ns: int) -> Rates | str:
    """The library's price, or why there is none."""
    if model.arn_kind in _BY_TIME:
        return Reason.BY_TIME
    if view.provider is not None and not is_bedrock(view.provider):
        return Reason.UNKNOWN_MODEL
    if model.model is None and model.arn_kind not in _OWN_MODELS | {None}:
        return Reason.HIDDEN_MODEL
    if model.model is None or model.arn_kind in _OWN_MODELS:
        return Reason.UNKNOWN_MODEL
    if view.service_tier is not None:
        return Reason.SERVICE_TIER

    def at() -> datetime:
        return datetime.fromtimestamp(at_ns / _NS_IN_S, tz=timezone.utc)

    try:
        rates = rates_of(model.model, model.region_group, at, usage.input_tokens or 0)
    except LibraryMissingError:
        return Reason.NO_LIBRARY
    return Reason.UNKNOWN_MODEL if rates is None else rates
