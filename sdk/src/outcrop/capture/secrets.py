"""The ready set of redactions: functions that take a text and give it back without what they know.

Each pattern is written so that a long text without a match costs one pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_AWS = "[hidden: AWS key]"
_TOKEN = "[hidden: token]"  # noqa: S105  # a mark, no token
_EMAIL = "[hidden: e-mail address]"
_CARD = "[hidden: card number]"
_MIN_CARD_DIGITS, _MAX_CARD_DIGITS = 13, 19


def aws_keys(text: str) -> str:
    """Hides access key ids, secret access keys, session tokens and Bedrock API keys.

    Source: "IAM identifiers" in the IAM user guide for the prefixes of ids. A secret access key has no mark
    of its own: it is any lone run of 40 base64 characters with capitals, small letters and digits in it.
    """
    text = _aws_pattern().sub(_AWS, text)
    return _secret_key_pattern().sub(_AWS, text)


def bearer_tokens(text: str) -> str:
    """Hides what follows `Bearer`, and JSON web tokens wherever they stand."""
    text = _bearer_pattern().sub(lambda found: found.group(1) + _TOKEN, text)
    return _jwt_pattern().sub(_TOKEN, text)


def email_addresses(text: str) -> str:
    """Hides e-mail addresses, those with letters of any script among them."""
    return _email_pattern().sub(_EMAIL, text) if "@" in text else text


def card_numbers(text: str) -> str:
    """Hides payment card numbers: 13 to 19 digits, perhaps in groups, whose Luhn checksum is right."""
    return _digits_pattern().sub(_without_cards, text)


READY: dict[str, Callable[[str], str]] = {
    "aws_keys": aws_keys,
    "bearer_tokens": bearer_tokens,
    "email_addresses": email_addresses,
    "card_numbers": card_numbers,
}


def has_luhn_checksum(digits: str) -> bool:
    """Whether the last digit is the checksum of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004  # the sum of two digits
    return total % 10 == 0


def _without_cards(found: re.Match[str]) -> str:
    """Looks for cards between the groups of a run of digits: other numbers may stand beside one."""
    run = found.group()
    groups = list(_group_pattern().finditer(run))
    out: list[str] = []
    done = first = 0
    while first < len(groups):
        last = _card_end(groups, first)
        if last is None:
            first += 1
            continue
        out += run[done : groups[first].start()], _CARD
        done = groups[last].end()
        first = last + 1
    return "".join((*out, run[done:]))


def _card_end(groups: list[re.Match[str]], first: int) -> int | None:
    """The last group of the longest card that begins with a group; None if none does."""
    digits, end = "", None
    # No scheme's numbers begin with other digits, and times in milliseconds begin with 1.
    if groups[first].group()[0] not in "23456":
        return None
    for last in range(first, len(groups)):
        digits += groups[last].group()
        if len(digits) > _MAX_CARD_DIGITS:
            break
        if len(digits) >= _MIN_CARD_DIGITS and has_luhn_checksum(digits):
            end = last
    return end


# Compiled when they are first used: most programs redact nothing.


@lru_cache(maxsize=1)
def _aws_pattern() -> re.Pattern[str]:
    return re.compile(
        r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|APKA|AROA|ASCA)[A-Z0-9]{16}(?![A-Z0-9])"
        r"|(?<![A-Za-z0-9])(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=_-]{20,}"
        r"|(?<![A-Za-z0-9+/])(?:FwoG|FQoG|IQoJ)[A-Za-z0-9+/]{96,}={0,2}"
    )


@lru_cache(maxsize=1)
def _secret_key_pattern() -> re.Pattern[str]:
    return re.compile(
        r"(?<![A-Za-z0-9+/])(?=[A-Z0-9+/]*[a-z])(?=[a-z0-9+/]*[A-Z])(?=[A-Za-z+/]*[0-9])"
        r"[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])"
    )


@lru_cache(maxsize=1)
def _bearer_pattern() -> re.Pattern[str]:
    # Words such as "bearer certificates" are no tokens: a digit or a length that no word has tells them.
    return re.compile(
        r"\b(bearer[ \t]+)(?=[A-Za-z._~+/-]*[0-9]|[A-Za-z0-9._~+/-]{24})[A-Za-z0-9._~+/-]{8,}=*",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _jwt_pattern() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?")


@lru_cache(maxsize=1)
def _email_pattern() -> re.Pattern[str]:
    return re.compile(r"""[^\s@<>()\[\]{}"',;:\\/]{1,64}@[^\W_](?:[\w-]{0,62})(?:\.[\w-]{1,63})+""")


@lru_cache(maxsize=1)
def _digits_pattern() -> re.Pattern[str]:
    return re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9](?:[ \u00a0-]?[0-9]){12,}")


@lru_cache(maxsize=1)
def _group_pattern() -> re.Pattern[str]:
    return re.compile(r"[0-9]+")
