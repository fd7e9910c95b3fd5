"""The tap on an event stream, with pieces that end anywhere: botocore's frames, whatever its buffer shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import botocore.eventstream
import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from outcrop.bedrock.call import Call
from outcrop.bedrock.operations import MEANINGS, Operation
from outcrop.bedrock.taps import EventSource
from outcrop.otlp.records import SpanGroup
from outcrop.recording.ids import root_ids
from outcrop.recording.span import LiveSpan
from outcrop.testing.event_stream import encode_event

FRAMES = [encode_event("contentBlockDelta", {"delta": {"text": "word" * n}}) for n in range(6)]
WIRE = b"".join(FRAMES)


class Sink:
    """Takes what has ended."""

    def on_end(self, span: LiveSpan, ended: Any) -> None:
        """Keeps nothing."""


def new_call() -> Call:
    """A running call whose answer streams."""
    meaning = MEANINGS["ConverseStream"]
    operation = Operation(
        service="bedrock-runtime",
        name="ConverseStream",
        meaning=meaning,
        subject="modelId",
        is_stream=True,
        request_member=None,
        outside_body=(),
        outside_names=frozenset(),
        has_model_outside=True,
        head_members=(),
        response_member="stream",
        body_member=None,
    )
    return Call(
        operation, meaning, LiveSpan(Sink(), "chat", root_ids(), SpanGroup("Default", "test")), None, "m"
    )


def by_botocore(pieces: Iterable[bytes]) -> list[tuple[Any, bytes]]:
    """The frames as botocore's own loop gives them."""
    buffer = EventStreamBuffer()
    found: list[tuple[Any, bytes]] = []
    for piece in pieces:
        buffer.add_data(piece)
        found += [(frame.headers, frame.payload) for frame in buffer]
    return found


def cut_at(places: Iterable[int]) -> list[bytes]:
    """The stream in pieces; some may be empty."""
    ends = [*sorted(places), len(WIRE)]
    begins = [0, *ends]
    return [WIRE[begin:end] for begin, end in zip(begins, ends, strict=False)]


@given(st.lists(st.integers(0, len(WIRE))), st.lists(st.integers(1, len(FRAMES)), max_size=3))
def test_frames_are_botocores_however_the_stream_is_cut(places: list[int], breaks: list[int]) -> None:
    """Also by a caller who leaves its loop after so many frames, and takes it up again."""
    pieces = cut_at(places)
    call = new_call()
    source = EventSource(call, iter(pieces))
    found: list[tuple[Any, bytes]] = []
    for stop in breaks:
        for taken, frame in enumerate(source, start=1):
            found.append((frame.headers, frame.payload))
            if taken == stop:
                break
    found += [(frame.headers, frame.payload) for frame in source]
    assert found == by_botocore(pieces)
    assert len(found) == len(FRAMES)


class OpaqueBuffer:
    """A buffer as a later botocore might have it: with nothing but its public methods."""

    def __init__(self) -> None:
        self.__inner = EventStreamBuffer()

    def add_data(self, data: bytes) -> None:
        """As botocore's."""
        self.__inner.add_data(data)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.__inner)

    def __next__(self) -> Any:
        return next(self.__inner)


def test_a_buffer_that_does_not_show_what_it_holds_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.eventstream, "EventStreamBuffer", OpaqueBuffer)
    pieces = [WIRE[:50], WIRE[50:], b""]
    frames = list(EventSource(new_call(), iter(pieces)))
    assert [(frame.headers, frame.payload) for frame in frames] == by_botocore(pieces)


def test_a_piece_that_is_one_frame_is_not_asked_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a traced stream no slower than an untraced one."""
    asked: list[None] = []
    own = EventStreamBuffer.next

    def counted(buffer: Any) -> Any:
        asked.append(None)
        return own(buffer)

    monkeypatch.setattr(EventStreamBuffer, "next", counted)
    assert len(list(EventSource(new_call(), iter(FRAMES)))) == len(FRAMES)
    # Once before the first piece, since an earlier loop may have left something.
    assert len(asked) == len(FRAMES) + 1
