"""Model identifiers in every form that AWS documents."""

from __future__ import annotations

import pytest

from outcrop.bedrock.model_id import parse_model_id

ACCOUNT = "arn:aws:bedrock:us-east-1:111122223333"


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
