"""Requested id, what is written in it, and the model that answered are three things; usage has a rule."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outcrop.genai.conventions import attributes_of
from outcrop.genai.view import SpanView
from outcrop.views import read_span

ROUTER = "arn:aws:bedrock:us-east-1:111122223333:default-prompt-router/anthropic.claude:1"
CHOSEN = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0"
USAGE = {
    "inputTokens": 10,
    "outputTokens": 5,
    "totalTokens": 15,
    "cacheReadInputTokens": 100,
    "cacheWriteInputTokens": 30,
    "cacheDetails": [{"ttl": "1h", "inputTokens": 30}],
}


def converse(model: str, response: dict[str, Any] | None = None, resolved: str | None = None) -> SpanView:
    return read_span(
        {
            "outcrop.aws.operation": "Converse",
            "outcrop.span.type": "CHAT_MODEL",
            "gen_ai.request.model": model,
            "outcrop.request.params": json.dumps({"modelId": model}),
            "outcrop.request.body": b'{"messages": []}',
            "outcrop.response.body": json.dumps(response or {}).encode(),
            **({} if resolved is None else {"outcrop.model.resolved": resolved}),
        }
    )


def test_a_profile_tells_vendor_family_and_region_group() -> None:
    view = converse("eu.amazon.nova-pro-v1:0")
    assert attributes_of(view) == {
        "outcrop.model.vendor": "amazon",
        "outcrop.model.family": "nova",
        "outcrop.model.region_group": "eu",
    }
    assert (view.request_model, view.response_model) == ("eu.amazon.nova-pro-v1:0", None)
    assert view.provider == "aws.bedrock"


def test_a_routers_choice_is_the_response_model_and_gives_what_the_router_hides() -> None:
    view = converse(ROUTER, {"trace": {"promptRouter": {"invokedModelId": CHOSEN}}})
    assert (view.request_model, view.response_model) == (ROUTER, CHOSEN)
    assert (view.vendor, view.model_family, view.model_region_group) == ("anthropic", "claude", "us")
    assert view.model_arn_kind == "default-prompt-router"


def test_an_application_profile_hides_its_model_until_somebody_resolves_it() -> None:
    profile = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc"
    hidden = converse(profile)
    assert (hidden.vendor, hidden.model_arn_kind) == (None, "application-inference-profile")
    resolved = converse(profile, resolved="meta.llama3-1-70b-instruct-v1:0")
    assert (resolved.vendor, resolved.model_family) == ("meta", "llama")
    assert resolved.request_model == profile


def test_a_span_of_another_tracer_names_its_vendor_where_its_model_or_its_provider_does() -> None:
    bedrock = {"gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": "us.amazon.nova-pro-v1:0"}
    assert read_span(bedrock).vendor == "amazon"
    older = {"gen_ai.system": "AWS", "gen_ai.request.model": "us.amazon.nova-pro-v1:0"}
    assert read_span(older).vendor == "amazon"
    other = read_span({"gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4.1"})
    assert (other.vendor, other.provider) == ("openai", "openai")
    seller = read_span({"gen_ai.provider.name": "groq", "gen_ai.request.model": "llama-3.3-70b"})
    assert (seller.vendor, seller.provider) == (None, "groq")


def test_converse_counts_cached_input_apart_and_the_raw_counts_stay() -> None:
    usage = converse("amazon.nova-pro-v1:0", {"usage": USAGE}).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (140, 5, 145)
    assert (usage.rule, usage.raw) == ("bedrock-exclusive", USAGE)


def invoke(model: str, body: dict[str, Any] | bytes, fields: dict[str, Any] | None = None) -> SpanView:
    return read_span(
        {
            "outcrop.aws.operation": "InvokeModel",
            "gen_ai.request.model": model,
            "outcrop.request.params": json.dumps({"modelId": model}),
            "outcrop.request.body": b'{"messages": [], "prompt": ""}',
            "outcrop.response.body": body if isinstance(body, bytes) else json.dumps(body).encode(),
            "outcrop.response.fields": json.dumps(fields or {}),
        }
    )


@pytest.mark.parametrize(
    ("view", "total", "rule"),
    [
        (
            invoke(
                "anthropic.claude-x",
                {"usage": {"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 7}},
            ),
            10,
            "bedrock-exclusive",
        ),
        (
            invoke("meta.llama3", {"generation": "", "prompt_token_count": 8, "generation_token_count": 1}),
            8,
            "inclusive",
        ),
        (
            invoke(
                "vendor.unknown",
                b"not JSON",
                {
                    "x-amzn-bedrock-input-token-count": 4,
                    "x-amzn-bedrock-output-token-count": 2,
                    "x-amzn-bedrock-cache-read-input-token-count": 6,
                },
            ),
            10,
            "headers",
        ),
    ],
)
def test_a_body_or_header_says_its_rule(view: SpanView, total: int, rule: str) -> None:
    assert view.usage is not None
    assert (view.usage.input_tokens, view.usage.rule) == (total, rule)
    assert view.usage.raw


def test_the_conventions_count_cached_input_within() -> None:
    view = read_span({"gen_ai.usage.input_tokens": 9, "gen_ai.usage.cache_read.input_tokens": 5})
    assert view.usage is not None
    assert (view.usage.input_tokens, view.usage.rule) == (9, "inclusive")
    assert view.usage.raw["gen_ai.usage.cache_read.input_tokens"] == 5
