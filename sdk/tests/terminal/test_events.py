from __future__ import annotations

from io import BytesIO

import pytest

from outcrop.terminal.events import Event, events

STREAM = (
    b"retry: 2000\nevent: ready\nid: a-1\ndata: {}\n\n"
    b": heartbeat\nid: a-2\n\n"
    b"event: trace\nid: a-3\ndata: {\ndata:  1}\n\n"
    b": a comment alone\n\n"
    b"data: no name\n\n"
)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_blocks_are_events_and_comments_are_none(end: bytes) -> None:
    assert list(events(BytesIO(STREAM.replace(b"\n", end)).readline)) == [
        Event("ready", "a-1", "{}"),
        Event("heartbeat", "a-2", ""),
        Event("trace", "a-3", "{\n 1}"),
        Event("message", None, "no name"),
    ]


@pytest.mark.parametrize("missing", [1, 2, 5, 20])
def test_an_event_that_breaks_off_is_none(missing: int) -> None:
    whole = b"event: trace\nid: a-3\ndata: {}\n\n"
    assert [each.event_id for each in events(BytesIO(whole + whole[:-missing]).readline)] == ["a-3"]
