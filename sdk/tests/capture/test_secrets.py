"""The ready set of redactions: what it hides, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.capture.secrets import (
    aws_keys,
    bearer_tokens,
    card_numbers,
    email_addresses,
    has_luhn_checksum,
)

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        SECRET_KEY,
        "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxlLWtleTEyMw==",
        "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb24",
        "IQoJb3JpZ2luX2Vj" + "aB3/" * 40 + "==",
    ],
)
@pytest.mark.parametrize("around", ["{}", "key={}", "'{}',", "a {} b", "({})", "\n{}\n", "名{}名"])
def test_aws_keys_are_hidden(secret: str, around: str) -> None:
    hidden = aws_keys(around.format(secret))
    assert secret not in hidden
    assert hidden == around.format("[hidden: AWS key]")


@pytest.mark.parametrize(
    "text",
    [
        "AKIA is how they begin",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",  # a SHA-1
        "a" * 40,
        SECRET_KEY + "A",
        "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
    ],
)
def test_what_only_looks_like_an_aws_key_stays(text: str) -> None:
    assert aws_keys(text) == text


def test_bearer_tokens_are_hidden() -> None:
    assert bearer_tokens("Authorization: Bearer abc.DEF-123_~+/==, x") == (
        "Authorization: Bearer [hidden: token], x"
    )
    assert bearer_tokens("bearer  deadbeef1") == "bearer  [hidden: token]"
    assert bearer_tokens(f'{{"t": "{JWT}"}}') == '{"t": "[hidden: token]"}'
    assert bearer_tokens("bearer certificates and bearer of news") == "bearer certificates and bearer of news"


@pytest.mark.parametrize("address", ["joe@example.com", "a.b+c_d%e@sub.example.co.uk", "用户@例子.公司"])
def test_email_addresses_are_hidden(address: str) -> None:
    mark = "[hidden: e-mail address]"
    assert email_addresses(f"to <{address}>, and {address}.") == f"to <{mark}>, and {mark}."
    assert email_addresses("me @ home, a@b, x@") == "me @ home, a@b, x@"


@pytest.mark.parametrize(
    "number",
    [
        "4242424242424242",
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "5555555555554444",
        "2223003122003222",
    ],
)
def test_card_numbers_are_hidden_among_other_numbers(number: str) -> None:
    mark = "[hidden: card number]"
    assert card_numbers(number) == mark
    assert card_numbers(f"pay {number}, 12 times") == f"pay {mark}, 12 times"
    assert card_numbers(f"{number} 12 34") == f"{mark} 12 34"
    assert card_numbers(f"12 {number}") == f"12 {mark}"
    assert card_numbers(f"{number} {number}") == f"{mark} {mark}"


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # a wrong checksum
        "1763990000000",  # a time in milliseconds
        "0.4242424242424242",
        "42424242424242424242424242",
        "4242 4242",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert card_numbers(text) == text


@given(st.text("0123456789", min_size=12, max_size=18))
def test_every_number_has_one_luhn_digit(digits: str) -> None:
    assert sum(has_luhn_checksum(f"{digits}{last}") for last in range(10)) == 1


@given(st.text(max_size=300))
def test_what_is_hidden_once_is_not_found_again(text: str) -> None:
    for hide in (aws_keys, bearer_tokens, email_addresses, card_numbers):
        assert hide(hide(text)) == hide(text)
