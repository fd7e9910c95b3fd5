"""A stream as it goes out: events encoded one by one, paced, and broken off where the reply says so.

Takes the events of an operation, gives frames to the HTTP handler.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from outcrop.testing.converse_shape import Event
from outcrop.testing.errors import Disconnect, StreamFailure
from outcrop.testing.event_stream import encode_event, encode_exception
from outcrop.testing.http_shapes import Frame, StreamResponse
from outcrop.testing.replies import Reply

_MEDIA_TYPE = "application/vnd.amazon.eventstream"


def stream_response(
    events: Iterable[Event], reply: Reply, headers: Mapping[str, str] | None = None
) -> StreamResponse:
    """The response that carries these events at the reply's pace.

    Args:
        events: pairs of event type and JSON payload; taken one by one, so that the last one may tell
            how long the stream took.
        reply: its delays and its failure.
        headers: further HTTP headers.

    Returns:
        The response, its frames not yet made.
    """
    return StreamResponse(
        frames=_paced(_encoded(events, reply), reply),
        headers={"Content-Type": _MEDIA_TYPE, **(headers or {})},
        delay_s=reply.latency_s,
        is_cut=isinstance(reply.failure, Disconnect),
    )


def _encoded(events: Iterable[Event], reply: Reply) -> Iterator[bytes]:
    failure = reply.failure
    whole = iter(events) if failure is None else islice(events, failure.after_events)
    for event_type, payload in whole:
        yield encode_event(event_type, payload)
    if isinstance(failure, StreamFailure):
        yield encode_exception(failure.exception, failure.payload)


def _paced(frames: Iterator[bytes], reply: Reply) -> Iterator[Frame]:
    delay_s = reply.first_chunk_delay_s
    for data in frames:
        yield Frame(data, delay_s)
        delay_s = reply.chunk_delay_s
