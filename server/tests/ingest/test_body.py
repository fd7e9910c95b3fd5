from __future__ import annotations

import gzip
import itertools

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.ingest.body import plain
from outcrop_server.model.errors import (
    BadRequestError,
    TooLargeError,
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
    with pytest.raises(UnsupportedMediaError, match="gzip, zstd or none"):
        plain(b"", "br", 10)


def test_zstd_whole_torn_damaged_and_too_large() -> None:
    body = bytes(range(256)) * 40
    packed = zstandard.compress(body)
    assert plain(packed, "zstd", len(body)) == body
    assert plain(packed * 2, "zstd", 2 * len(body)) == body * 2
    assert plain(b"", "zstd", 10) == b""
    with pytest.raises(TooLargeError):
        plain(packed, "zstd", len(body) - 1)
    with pytest.raises(BadRequestError, match="too early"):
        plain(packed[:-1], "zstd", len(body))
    with pytest.raises(BadRequestError, match="not zstd"):
        plain(body, "zstd", len(body))


def test_a_zstd_body_that_asks_for_much_memory_is_refused() -> None:
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    )
    frame = wide.compressobj().compress(bytes(20 << 20))
    with pytest.raises(BadRequestError, match="not zstd"):
        plain(frame + wide.compress(b"x"), "zstd", 100 << 20)


@given(st.binary(max_size=20_000), st.lists(st.integers(0, 20_000), max_size=3))
def test_zstd_frames_of_any_length(body: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    frames = [zstandard.compress(body[start:end]) for start, end in itertools.pairwise(places)]
    assert plain(b"".join(frames), "zstd", len(body)) == body
