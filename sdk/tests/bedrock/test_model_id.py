"""Model identifiers in every form that AWS documents."""

from __future__ import annotations

import pytest

from outcrop.bedrock.model_id import parse_model_id

ACCOUNT = "arn:aws:bedrock:us-east-1:111122223333"
NOVA_300K = "amazon.nova-lite-v1:0:300k"


@pytest.mark.parametrize(
    ("requested", "vendor", "name", "region_group", "arn_kind"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic", "claude-3-haiku-20240307-v1:0", None, None),
        ("us.anthropic.claude-x-v1:0", "anthropic", "claude-x-v1:0", "us", None),
        ("apac.amazon.nova-pro-v1:0", "amazon", "nova-pro-v1:0", "apac", None),
        ("global.anthropic.claude-x", "anthropic", "claude-x", "global", None),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0",
            "meta",
            "llama3-8b-instruct-v1:0",
            None,
            "foundation-model",
        ),
        (
            f"{ACCOUNT}:inference-profile/eu.anthropic.claude-x",
            "anthropic",
            "claude-x",
            "eu",
            "inference-profile",
        ),
        (
            f"{ACCOUNT}:application-inference-profile/abc123",
            None,
            None,
            None,
            "application-inference-profile",
        ),
        (f"{ACCOUNT}:prompt/PROMPT12345:1", None, None, None, "prompt"),
        ("my-model", None, None, None, None),
        ("", None, None, None, None),
    ],
)
def test_an_identifier_says_vendor_name_and_region(
    requested: str, vendor: str | None, name: str | None, region_group: str | None, arn_kind: str | None
) -> None:
    read = parse_model_id(requested)
    assert read.requested == requested
    assert (read.vendor, read.name, read.region_group, read.arn_kind) == (
        vendor,
        name,
        region_group,
        arn_kind,
    )


@pytest.mark.parametrize(
    ("requested", "kind", "model", "resource"),
    [
        (f"{ACCOUNT}:provisioned-model/abc123", "provisioned-model", None, "abc123"),
        (f"{ACCOUNT}:custom-model-deployment/abc123", "custom-model-deployment", None, "abc123"),
        (f"{ACCOUNT}:imported-model/abc123", "imported-model", None, "abc123"),
        (f"{ACCOUNT}:prompt-router/abc123", "prompt-router", None, "abc123"),
        (f"{ACCOUNT}:custom-model/{NOVA_300K}/abc", "custom-model", NOVA_300K, "abc"),
        ("arn:aws:sagemaker:us-east-1:111122223333:endpoint/mine", "marketplace-endpoint", None, "mine"),
    ],
)  # fmt: skip
def test_an_arn_says_its_kind_and_its_models_name_where_it_holds_one(
    requested: str, kind: str, model: str | None, resource: str
) -> None:
    read = parse_model_id(requested)
    assert (read.arn_kind, read.model, read.resource) == (kind, model, resource)
    assert (read.region, read.account) == ("us-east-1", "111122223333")


def test_a_default_router_names_vendor_and_family_and_a_prompt_its_version() -> None:
    router = parse_model_id(f"{ACCOUNT}:default-prompt-router/anthropic.claude:1")
    assert (router.vendor, router.family, router.model) == ("anthropic", "claude", None)
    prompt = parse_model_id(f"{ACCOUNT}:prompt/PROMPT12345:3")
    assert (prompt.resource, prompt.version) == ("PROMPT12345", "3")
    assert parse_model_id("arn:aws:bedrock").vendor is None


def test_an_arn_owned_by_aws_has_no_account_and_a_profile_keeps_its_group() -> None:
    read = parse_model_id("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-pro-v1:0")
    assert (read.region, read.account, read.profile) == ("us-gov-west-1", None, "amazon.nova-pro-v1:0")
    assert parse_model_id(f"{ACCOUNT}:inference-profile/us.amazon.nova-pro").profile == "us.amazon.nova-pro"


@pytest.mark.parametrize(
    ("requested", "family"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "claude"),
        ("us.amazon.nova-pro-v1:0", "nova"),
        ("amazon.titan-embed-text-v2:0", "titan"),
        ("meta.llama3-1-70b-instruct-v1:0", "llama"),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mixtral"),
        ("cohere.command-r-plus-v1:0", "command"),
        ("ai21.jamba-1-5-large-v1:0", "jamba"),
        ("us.deepseek.r1-v1:0", "deepseek"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss"),
        ("qwen.qwen3-32b-v1:0", "qwen"),
        ("stability.sd3-5-large-v1:0", "stable-diffusion"),
        ("stability.stable-image-ultra-v1:1", "stable-image"),
        ("my-model", None),
    ],
)
def test_a_name_tells_its_family(requested: str, family: str | None) -> None:
    assert parse_model_id(requested).family == family
