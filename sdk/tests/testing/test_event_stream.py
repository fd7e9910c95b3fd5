"""Frames written by the emulator, read back by botocore's own decoder."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outcrop.testing.event_stream import encode_event, encode_exception, encode_frame

_NAMES = st.text(min_size=1, max_size=40)
_VALUES = st.text(max_size=400)
# The machine is shared: how long an example takes says nothing.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_FRAMES = st.tuples(st.dictionaries(_NAMES, _VALUES, max_size=6), st.binary(max_size=600))


def _decode(*chunks: bytes) -> list[tuple[dict[str, object], bytes]]:
    buffer = EventStreamBuffer()
    read: list[tuple[dict[str, object], bytes]] = []
    for chunk in chunks:
        buffer.add_data(chunk)
        # The stubs take headers for a number.
        read.extend((cast(Any, message).headers, message.payload) for message in buffer)
    return read


@_PATIENT
@given(st.lists(_FRAMES, max_size=5), st.integers(min_value=1, max_value=97))
def test_botocore_reads_back_every_frame_however_the_bytes_arrive(
    frames: list[tuple[dict[str, str], bytes]], step: int
) -> None:
    wire = b"".join(encode_frame(headers, payload) for headers, payload in frames)

    read = _decode(*(wire[start : start + step] for start in range(0, len(wire), step)))

    assert read == frames


@_PATIENT
@given(_FRAMES, st.data())
def test_botocore_notices_a_single_changed_byte(
    frame: tuple[dict[str, str], bytes], data: st.DataObject
) -> None:
    wire = bytearray(encode_frame(*frame))
    # Lengths are left alone: with a longer one, the decoder would wait for more.
    place = data.draw(st.integers(min_value=8, max_value=len(wire) - 1))
    wire[place] ^= 0xFF

    with pytest.raises(ChecksumMismatch):
        _decode(bytes(wire))


def test_an_event_carries_its_type_and_padded_json() -> None:
    [(headers, payload)] = _decode(encode_event("messageStop", {"stopReason": "end_turn"}))

    assert headers == {
        ":event-type": "messageStop",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    members = json.loads(payload)
    assert members.pop("p").startswith("a")
    assert members == {"stopReason": "end_turn"}


def test_padding_varies_in_length() -> None:
    lengths = {len(encode_event("messageStop", {})) for _ in range(100)}

    assert len(lengths) > 10


def test_an_exception_carries_its_type() -> None:
    [(headers, payload)] = _decode(encode_exception("throttlingException", {"message": "slow down"}))

    assert headers[":message-type"] == "exception"
    assert headers[":exception-type"] == "throttlingException"
    assert json.loads(payload) == {"message": "slow down"}
