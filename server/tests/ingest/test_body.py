from __future__ import annotations

import gzip

import pytest

from outcrop_server.ingest.body import Budget, plain
from outcrop_server.model.errors import (
    BadRequestError,
    TooLargeError,
    UnavailableError,
    UnsupportedMediaError,
)


def test_a_plain_body_is_left_as_it_is() -> None:
    assert plain(b"abc", "", 10) == plain(b"abc", "identity", 10) == b"abc"


def test_gzip_is_unpacked_in_one_member_or_several() -> None:
    assert plain(gzip.compress(b"abc") + gzip.compress(b"def"), "gzip", 10) == b"abcdef"
    assert plain(b"", "gzip", 10) == b""


def test_a_zip_bomb_is_refused_before_it_goes_off() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(TooLargeError, match="1,000,000"):
        plain(bomb, "gzip", 1_000_000)
    members = gzip.compress(bytes(600_000)) * 2
    with pytest.raises(TooLargeError):
        plain(members, "gzip", 1_000_000)


def test_a_body_of_exactly_the_limit_passes() -> None:
    assert len(plain(gzip.compress(bytes(1000)), "gzip", 1000)) == 1000


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"x" * 1000)[:-9], gzip.compress(b"x") + b"junk"])
def test_damaged_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="gzip"):
        plain(body, "gzip", 10_000)


def test_an_unknown_encoding_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnsupportedMediaError, match="gzip or none"):
        plain(b"", "br", 10)


def test_a_budget_refuses_what_goes_beyond_it_and_gives_back() -> None:
    budget = Budget(100)
    with budget.reserved(60):
        with budget.reserved(40):
            pass
        with pytest.raises(UnavailableError), budget.reserved(41):
            pass
    with budget.reserved(1000):
        pass
