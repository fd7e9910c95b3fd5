"""What a call cost: unknown stays unknown, the user's prices go first, and no token is counted twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.genai.stream import Stream
from outcrop.genai.usage import Usage
from outcrop.genai.view import SpanView
from outcrop.pricing import library
from outcrop.pricing.cost import NOT_A_CALL, Quote, Reason
from outcrop.pricing.quote import price_of, was_refused
from outcrop.pricing.rates import Rates, parts_of
from outcrop.pricing.table import PriceTable
from sdk.tests.pricing.calls import NOVEMBER_2026, call

PROFILE = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123"
NOVA = "amazon.nova-pro-v1:0"
MINE = Rates("mine", "outcrop-prices-file", Decimal(2), Decimal(10), Decimal("0.5"), Decimal(4), Decimal(8))


def quote(view: SpanView, **rates: Rates) -> Quote:
    """At a table of these entries; `__` stands for `*`."""
    table = PriceTable({name.replace("__", "*").replace("_", "."): each for name, each in rates.items()})
    return price_of(view, at_ns=NOVEMBER_2026, table=table)


def test_each_kind_of_token_has_its_price_and_is_counted_once() -> None:
    usage = Usage(10_000, 700, 6000, 2000, {"cacheDetails": [{"ttl": "1h", "inputTokens": 500}]})
    cost = quote(call("mine", usage), mine=MINE).cost
    assert cost is not None
    parts = cost.parts
    assert (parts.input, parts.output, parts.cache_read, parts.cache_write) == (
        Decimal("0.004"),
        Decimal("0.007"),
        Decimal("0.003"),
        Decimal("0.010"),
    )
    assert cost.usd == Decimal("0.024")
    assert (cost.source, cost.model) == ("outcrop-prices-file", "mine")


def test_anthropics_body_says_hour_long_writes_in_its_own_words() -> None:
    raw = {"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 100}}
    parts = parts_of(MINE, Usage(100, 0, 0, 100, raw))
    assert parts is not None
    assert parts.cache_write == Decimal("0.0008")


def test_without_prices_for_the_cache_cached_input_costs_what_input_costs() -> None:
    parts = parts_of(Rates("m", "s", Decimal(1), Decimal(1)), Usage(100, 0, 60, 40))
    assert parts is not None
    assert (parts.input, parts.cache_read, parts.cache_write) == (
        Decimal(0),
        Decimal("0.00006"),
        Decimal("0.00004"),
    )


counts = st.none() | st.integers(0, 10**9)


@given(counts, counts, counts, counts)
def test_no_usage_gives_a_negative_cost(
    input_tokens: int | None, output: int | None, read: int | None, written: int | None
) -> None:
    found = quote(call("mine", Usage(input_tokens, output, read, written)), mine=MINE)
    if input_tokens is None or output is None:
        assert found == Quote(reason=Reason.NO_USAGE)
    else:
        assert found.cost is not None
        parts = found.cost.parts
        assert min(parts.input, parts.output, parts.cache_read, parts.cache_write) >= 0


@pytest.mark.parametrize(
    ("rates", "usage"),
    [(Rates("m", "s", Decimal(1)), Usage(1, 1)), (Rates("m", "s", output=Decimal(1)), Usage(1, 1))],
)
def test_a_price_that_lacks_a_part_that_was_used_is_no_price(rates: Rates, usage: Usage) -> None:
    assert quote(call("mine", usage), mine=rates) == Quote(reason=Reason.NO_RATE)


@pytest.mark.parametrize(
    "view",
    [
        SpanView("TOOL", usage=Usage(1, 1), request_model=NOVA),
        SpanView("AGENT", usage=Usage(1, 1), request_model=NOVA),
        SpanView("TASK", usage=Usage(1), request_model=NOVA),
        SpanView("CHAT_MODEL"),  # a user's function that calls itself so
        SpanView("UNKNOWN", request_model="guardrail-1"),
    ],
)
def test_spans_that_ask_no_model_cost_nothing_and_need_no_reason(view: SpanView) -> None:
    assert price_of(view, at_ns=0) == NOT_A_CALL


def test_a_stream_that_ended_early_is_not_priced_by_its_first_count() -> None:
    cut = call("mine", Usage(500, 1), stream=Stream("cancelled", "closed", []))
    assert quote(cut, mine=MINE) == Quote(reason=Reason.INCOMPLETE)
    finished = call("mine", Usage(500, 1), stream=Stream("cancelled", "closed", []), finish_reason="end_turn")
    assert quote(finished, mine=MINE).cost is not None


def test_a_refused_call_is_not_billed_and_leaves_no_sum_open() -> None:
    refused = call(NOVA, Usage())
    attempt = {"http.response.status_code": 429}
    assert was_refused(refused, is_error=True, last_attempt=attempt)
    found = price_of(refused, at_ns=0, is_refused=True)
    assert (found.reason, found.is_unknown) == (Reason.REFUSED, False)
    # A time-out: whether the model answered nobody knows.
    assert not was_refused(refused, is_error=True, last_attempt={"error.type": "ReadTimeoutError"})
    assert not was_refused(call(NOVA, outputs={"text": "half"}), is_error=True, last_attempt=attempt)
    # Credentials or parameters were wrong: nothing was sent.
    assert was_refused(refused, is_error=True, last_attempt=None)
    assert not was_refused(SpanView("LLM", provider="openai"), is_error=True, last_attempt=None)


def test_a_profile_costs_what_the_model_costs_that_somebody_named_for_it() -> None:
    table = PriceTable({NOVA: MINE}, {PROFILE: f"us.{NOVA}"})
    found = price_of(call(PROFILE), at_ns=0, table=table).cost
    assert found is not None
    assert found.model == "mine"


def test_a_router_costs_what_the_model_costs_that_it_chose() -> None:
    router = "arn:aws:bedrock:us-east-1:111122223333:prompt-router/r1"
    chosen = f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.{NOVA}"
    found = price_of(call(router, response_model=chosen), at_ns=0, table=PriceTable({NOVA: MINE}))
    assert found.cost is not None
    resolved = call(PROFILE, attributes={"outcrop.model.resolved": NOVA})
    assert price_of(resolved, at_ns=0, table=PriceTable({NOVA: MINE})).cost is not None


def test_the_model_asked_for_goes_before_the_name_in_the_answer() -> None:
    view = call(f"global.{NOVA}", response_model="claude-sonnet-4-5-20250929")
    assert price_of(view, at_ns=0, table=PriceTable({f"global.{NOVA}": MINE})).cost is not None


def test_a_service_tier_has_a_price_of_its_own_or_none() -> None:
    flex = call(NOVA, outputs={"serviceTier": {"type": "flex"}}, inputs={"serviceTier": {"type": "default"}})
    assert flex.service_tier == "flex"
    found = price_of(flex, at_ns=0, table=PriceTable({"amazon.*": MINE}))
    assert found == Quote(reason=Reason.SERVICE_TIER)
    assert price_of(flex, at_ns=0, table=PriceTable({"amazon.*@flex": MINE})).cost is not None
    optimized = call(NOVA, inputs={"performanceConfig": {"latency": "optimized"}})
    assert optimized.service_tier == "optimized"
    assert call(NOVA, inputs={"serviceTier": {"type": "default"}}).service_tier is None


def test_other_providers_are_priced_by_the_users_table_alone() -> None:
    view = SpanView(
        "LLM", usage=Usage(1, 1), request_model="claude-sonnet-4-5-20250929", provider="anthropic"
    )
    assert price_of(view, at_ns=NOVEMBER_2026) == Quote(reason=Reason.UNKNOWN_MODEL)
    own = PriceTable({"claude-*": MINE})
    assert price_of(view, at_ns=NOVEMBER_2026, table=own).cost is not None


def test_without_the_library_cost_is_unknown_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_library", lambda: None)
    assert price_of(call(NOVA), at_ns=0) == Quote(reason=Reason.NO_LIBRARY)
