"""Reads traces, spans and payloads: first where a trace lies, then in that part alone."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.rows import SpanRow, StoredTrace
from outcrop_server.storage.common import columns
from outcrop_server.storage.common.frames import unpack
from outcrop_server.storage.postgresql.blobs import SELECT_PLACES, whole_payload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.postgresql.connections import Connection

_TRACE = ", ".join(f"trace.{name}" for name in columns.TRACE.split(", "))
_SPAN = ", ".join(f"span.{name}" for name in columns.SPAN.split(", "))
_PLACE = "SELECT part, trace_key FROM trace_home WHERE trace_id = %s AND part IS NOT NULL"
_OF_TRACE = "WHERE part = %s AND trace_key = %s"
# A page of traces, which `stored` takes; searches put their own conditions behind.
SELECT_TRACES = (
    f"SELECT {_TRACE}, experiment.name, experiment_id FROM trace JOIN experiment USING (experiment_id)"
)
_SELECT_TRACE = f"{SELECT_TRACES} {_OF_TRACE}"
_SELECT_SOME = (
    f"SELECT {_TRACE}, experiment.name, experiment_id, trace_key FROM trace "
    "JOIN experiment USING (experiment_id) WHERE part = %s AND trace_key = ANY(%s::bigint[])"
)
_SELECT_SPANS = f"SELECT {_SPAN} FROM span {_OF_TRACE} ORDER BY start_time_ns, span_id"
_SELECT_SPAN = (
    f"SELECT {_SPAN}, payload_offset, payload_length, frame_number FROM span {_OF_TRACE} AND span_id = %s"
)
_HAS_SPAN = f"SELECT 1 FROM span {_OF_TRACE} AND span_id = %s"
_SELECT_PLACES = (
    f"SELECT frame_number, payload_offset, payload_length, span_id FROM span {_OF_TRACE} "
    "ORDER BY frame_number, payload_offset"
)
_SELECT_FRAME = f"SELECT frame FROM payload {_OF_TRACE} AND frame_number = %s"


class TracePlace(NamedTuple):
    """Where a trace lies."""

    part: int
    key: int


class PayloadPlace(NamedTuple):
    """Where a span's payload lies within its trace."""

    frame_number: int
    offset: int
    length: int
    span_id: bytes


def stored(row: tuple[Any, ...]) -> StoredTrace:
    """The trace of a row of `SELECT_TRACES`."""
    *values, experiment, experiment_id = row
    return StoredTrace(columns.to_trace(tuple(values), experiment), str(experiment_id))


def place_of(connection: Connection, trace_id: bytes) -> TracePlace | None:
    """Where a trace lies; None if there is none."""
    found = connection.execute(_PLACE, (trace_id,)).fetchone()
    return None if found is None else TracePlace(*found)


def read_trace(connection: Connection, trace_id: bytes) -> StoredTrace | None:
    """One trace's summary."""
    place = place_of(connection, trace_id)
    row = None if place is None else connection.execute(_SELECT_TRACE, place).fetchone()
    return None if row is None else stored(row)


def read_some(connection: Connection, places: Iterable[TracePlace]) -> dict[int, StoredTrace]:
    """The summaries of traces that lie at some places, by their keys; without those that are gone."""
    by_part: dict[int, list[int]] = {}
    for part, key in places:
        by_part.setdefault(part, []).append(key)
    found: dict[int, StoredTrace] = {}
    for part, keys in by_part.items():
        for *row, key in connection.execute(_SELECT_SOME, (part, keys)):
            found[key] = stored(tuple(row))
    return found


def read_spans(connection: Connection, trace_id: bytes) -> list[SpanRow]:
    """A trace's spans by start."""
    place = place_of(connection, trace_id)
    rows = () if place is None else connection.execute(_SELECT_SPANS, place).fetchall()
    return [columns.to_span(row) for row in rows]


def has_span(connection: Connection, trace_id: bytes, span_id: bytes) -> bool:
    """Whether there is such a span."""
    place = place_of(connection, trace_id)
    return place is not None and connection.execute(_HAS_SPAN, (*place, span_id)).fetchone() is not None


def read_span(connection: Connection, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
    """One span and its payload; to be called within a snapshot."""
    place = place_of(connection, trace_id)
    if place is None:
        return None
    row = connection.execute(_SELECT_SPAN, (*place, span_id)).fetchone()
    if row is None:
        return None
    *values, offset, length, frame_number = row
    frame = connection.execute(_SELECT_FRAME, (*place, frame_number)).fetchone()
    if frame is None:
        return None
    rest = bytes(unpack(frame[0])[offset : offset + length])
    return columns.to_span(tuple(values)), whole_payload(connection, place.key, frame_number, offset, rest)


def read_places(connection: Connection, trace_id: bytes) -> list[PayloadPlace]:
    """Where the payloads of a trace's spans lie, frame by frame."""
    place = place_of(connection, trace_id)
    rows = () if place is None else connection.execute(_SELECT_PLACES, place).fetchall()
    return [PayloadPlace(*row) for row in rows]


def read_frame(
    connection: Connection, trace_id: bytes, span_id: bytes, frame_number: int
) -> tuple[memoryview, list[int]] | None:
    """What a frame with a span's payload holds, and the places where it lacks binaries.

    To be called within a snapshot. None if the span is not there any more, or lies in another frame: then
    its trace was deleted since, and maybe begun anew.
    """
    place = place_of(connection, trace_id)
    if place is None:
        return None
    row = connection.execute(_SELECT_SPAN, (*place, span_id)).fetchone()
    frame = connection.execute(_SELECT_FRAME, (*place, frame_number)).fetchone()
    if row is None or row[-1] != frame_number or frame is None:
        return None
    lacking = connection.execute(SELECT_PLACES, (place.key, frame_number)).fetchall()
    return unpack(frame[0]), [at for (at,) in lacking]
