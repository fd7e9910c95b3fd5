"""The pieces of a stream as events of its span, for back ends that show events. Pure."""

from __future__ import annotations

from outcrop.genai.stream import Stream
from outcrop.normalised.limits import fit_value
from outcrop.otlp.records import EventRecord
from outcrop.semconv import outcrop_attributes as names

# OpenTelemetry's own default for a span's events; many back ends keep no more.
MAX_EVENTS = 128
MAX_DATA_BYTES = 8 * 1024


def chunk_events(stream: Stream, start_ns: int) -> tuple[list[EventRecord], bool]:
    """The events, and whether anything was left out: of a long stream its beginning and its end are shown.

    Args:
        stream: the stream.
        start_ns: when its span began, nanoseconds since the epoch.
    """
    chunks = stream.chunks
    half = MAX_EVENTS // 2
    is_cut = len(chunks) > MAX_EVENTS
    shown = [*chunks[:half], *chunks[-half:]] if is_cut else chunks
    events: list[EventRecord] = []
    for chunk in shown:
        fitted = fit_value(chunk.data, MAX_DATA_BYTES)
        is_cut = is_cut or fitted.is_cut
        known = {"index": chunk.index, "data": fitted.text, "text": chunk.text}
        attributes = {name: value for name, value in known.items() if value is not None}
        if fitted.is_cut:
            attributes.pop("text", None)
        name = names.CHUNK_EVENT_PREFIX + chunk.type
        events.append(EventRecord(name, start_ns + chunk.offset_ns, attributes))
    return events, is_cut
