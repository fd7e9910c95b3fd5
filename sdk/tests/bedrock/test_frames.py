"""Frames and chunk containers: whatever was packed comes out again, in pieces of any size."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.bedrock.chunks import Pieces, unpack_chunks
from outcrop.bedrock.frames import FrameError, FrameReader
from outcrop.testing.event_stream import encode_frame

PAYLOADS = st.lists(st.binary(max_size=300), max_size=8)


def _frames(payloads: list[bytes]) -> bytes:
    return b"".join(
        encode_frame({":message-type": "event", ":event-type": "contentBlockDelta"}, payload)
        for payload in payloads
    )


@given(PAYLOADS, st.integers(1, 50))
def test_frames_cut_anywhere_come_out_whole(payloads: list[bytes], size: int) -> None:
    data = _frames(payloads)
    reader = FrameReader()
    frames = [f for at in range(0, len(data), size) for f in reader.feed(data[at : at + size])]
    assert [frame.payload for frame in frames] == payloads
    assert all(frame.type == "contentBlockDelta" and not frame.is_exception for frame in frames)
    assert sum(frame.size_bytes for frame in frames) == len(data)
    assert reader.pending_bytes == 0


@given(st.binary(min_size=16, max_size=200))
def test_bytes_that_are_no_frame_are_named_as_such(data: bytes) -> None:
    if data[8:12] == zlib.crc32(data[:8]).to_bytes(4, "big"):
        return  # a prelude after all
    with pytest.raises(FrameError, match="prelude"):
        FrameReader().feed(data)


@given(st.binary(min_size=1, max_size=50), st.data())
def test_a_flipped_bit_is_noticed(payload: bytes, data: st.DataObject) -> None:
    frame = bytearray(_frames([payload]))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(FrameError):
        FrameReader().feed(bytes(frame))


@given(st.lists(st.tuples(st.integers(0, 10**13), st.binary(max_size=100))), st.integers(0, 10**17))
def test_packed_chunks_come_out_with_their_times(chunks: list[tuple[int, bytes]], start_ns: int) -> None:
    pieces = Pieces()
    for offset_ns, piece in chunks:
        pieces.kept += [piece, (start_ns + offset_ns) / 1e9]
    read = list(unpack_chunks(pieces.packed(start_ns / 1e9)))
    assert [piece for _, piece in read] == [piece for _, piece in chunks]
    # What a float can tell apart after three years of uptime.
    assert [offset for offset, _ in read] == [pytest.approx(offset, abs=33) for offset, _ in chunks]


@pytest.mark.parametrize("arrival", [float("nan"), float("inf"), float("-inf"), -1.0, 1e300])
def test_a_time_that_is_none_stops_no_reader(arrival: float) -> None:
    pieces = Pieces()
    pieces.kept += [b"x", arrival]
    assert list(unpack_chunks(pieces.packed(0.0))) == [(0, b"x")]


@pytest.mark.parametrize("packed", [b"OC2", b"OC2\xff\xff\xff\xff", b"OC2\x01\0\0\0" + bytes(10)])
def test_a_torn_table_is_named(packed: bytes) -> None:
    with pytest.raises(ValueError, match="ends within its own tables"):
        list(unpack_chunks(packed))


def test_an_attribute_that_outcrop_did_not_write_is_refused() -> None:
    with pytest.raises(ValueError, match="OC2"):
        list(unpack_chunks(b"something else"))
