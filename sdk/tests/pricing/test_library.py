"""List prices: every form of an identifier finds its model in genai-prices, and nothing else does."""

from __future__ import annotations

import socket
import subprocess
import sys
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from outcrop.genai.usage import Usage
from outcrop.pricing.cost import Reason
from outcrop.pricing.quote import price_of
from sdk.tests.pricing.calls import NOVEMBER_2026, call

prices = pytest.importorskip("genai_prices")

ARN = "arn:aws:bedrock:eu-west-1"
OWN = f"{ARN}:111122223333"
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def entry(model: str, **more: Any) -> str | None:
    cost = price_of(call(model, **more), at_ns=NOVEMBER_2026).cost
    return None if cost is None else cost.model


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (SONNET, f"regional.{SONNET}"),
        (f"us.{SONNET}", f"regional.{SONNET}"),
        (f"jp.{SONNET}", f"regional.{SONNET}"),
        # The library lists no `ca.` profile; they cost what the region costs.
        (f"ca.{SONNET}", f"regional.{SONNET}"),
        (f"global.{SONNET}", f"global.{SONNET}"),
        # Asked with these ARNs themselves, the library finds nothing.
        (f"{ARN}::foundation-model/{SONNET}", f"regional.{SONNET}"),
        (f"{OWN}:inference-profile/eu.{SONNET}", f"regional.{SONNET}"),
        (f"{OWN}:inference-profile/global.{SONNET}", f"global.{SONNET}"),
        ("anthropic.claude-3-haiku-20240307-v1:0:200k", "regional.anthropic.claude-3-haiku-20240307-v1:0"),
        ("us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
        (f"{ARN}::foundation-model/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("us.meta.llama3-1-70b-instruct-v1:0", "meta.llama3-1-70b-instruct-v1:0"),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mistral.mixtral-8x7b-instruct-v0:1"),
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b-1:0"),
        ("us.deepseek.r1-v1:0", "deepseek.r1-v1:0"),
    ],
)
def test_every_form_of_an_identifier_finds_its_model(model: str, found: str) -> None:
    assert entry(model) == found


def test_an_embedding_needs_no_output() -> None:
    embedding = call("amazon.titan-embed-text-v2:0", Usage(1_000_000), span_type="EMBEDDING")
    cost = price_of(embedding, at_ns=NOVEMBER_2026).cost
    assert cost is not None
    assert (cost.usd, cost.parts.output) == (cost.parts.input, Decimal(0))
    assert cost.usd > 0


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("cohere.command-r-plus-v1:0", Reason.UNKNOWN_MODEL),
        ("anthropic.claude-of-tomorrow-9", Reason.UNKNOWN_MODEL),
        ("my-model", Reason.UNKNOWN_MODEL),
        (f"{OWN}:custom-model/amazon.nova-lite-v1:0:300k/abc", Reason.UNKNOWN_MODEL),
        (f"{OWN}:custom-model-deployment/abc", Reason.UNKNOWN_MODEL),
        (f"{OWN}:application-inference-profile/abc", Reason.HIDDEN_MODEL),
        (f"{ARN}::default-prompt-router/anthropic.claude:1", Reason.HIDDEN_MODEL),
        (f"{OWN}:prompt/PROMPT12345:1", Reason.HIDDEN_MODEL),
        (f"{OWN}:provisioned-model/abc", Reason.BY_TIME),
        (f"{OWN}:imported-model/abc", Reason.BY_TIME),
        ("arn:aws:sagemaker:us-east-1:111122223333:endpoint/mine", Reason.BY_TIME),
    ],
)
def test_what_has_no_price_is_unknown_and_says_why(model: str, reason: str) -> None:
    quote = price_of(call(model), at_ns=NOVEMBER_2026)
    assert (quote.cost, quote.reason) == (None, reason)


def test_our_sums_are_the_librarys_own() -> None:
    usage = Usage(10_000, 700, 6000, 2000, {"cacheDetails": [{"ttl": "1h", "inputTokens": 500}]})
    cost = price_of(call(f"us.{SONNET}", usage), at_ns=NOVEMBER_2026).cost
    theirs = prices.calc_price(
        prices.Usage(
            input_tokens=10_000,
            output_tokens=700,
            cache_read_tokens=6000,
            cache_write_tokens=2000,
            cache_write_1h_tokens=500,
        ),
        f"us.{SONNET}",
        provider_id="aws",
    )
    assert cost is not None
    assert cost.usd == theirs.total_price
    assert cost.parts.output == theirs.output_price
    assert cost.source == f"genai-prices {prices.__version__}"


def test_a_long_input_costs_more_for_all_its_tokens() -> None:
    model = "global.openai.gpt-6-sol"
    short, long = (
        price_of(call(model, Usage(tokens, 0)), at_ns=NOVEMBER_2026).cost for tokens in (272_000, 272_001)
    )
    if short is None or long is None:
        pytest.skip("this genai-prices does not list the model")
    assert long.usd / 272_001 == 2 * short.usd / 272_000


def test_the_price_is_that_of_the_day() -> None:
    model = "us.openai.gpt-5.6-luna"
    before = price_of(call(model), at_ns=1_783_000_000 * 10**9).cost
    after = price_of(call(model), at_ns=NOVEMBER_2026).cost
    if before is None or after is None:
        pytest.skip("this genai-prices does not list the model")
    assert before.usd > after.usd > Decimal(0)


def test_pricing_never_reaches_for_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("something wanted to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert entry("us.amazon.nova-micro-v1:0")
    assert entry("amazon.nova-nothing") is None


def test_the_library_is_imported_when_a_price_is_asked_for_and_not_before() -> None:
    program = (
        "import sys, outcrop, outcrop.pricing.quote as q, outcrop.genai.view as v, outcrop.genai.usage as u\n"
        "print('genai_prices' in sys.modules)\n"
        "view = v.SpanView('LLM', usage=u.Usage(1, 1), request_model='amazon.nova-lite-v1:0')\n"
        "q.price_of(view, at_ns=0)\n"
        "print('genai_prices' in sys.modules)\n"
    )
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["False", "True"]
