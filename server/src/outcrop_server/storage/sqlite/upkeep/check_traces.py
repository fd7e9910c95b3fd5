"""Checks each trace by itself: frames, places in them, payloads, and the summary against the spans."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.model.errors import DamagedError
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.summary import TraceSummary, restored
from outcrop_server.otlp.parse import ids_of_stored
from outcrop_server.storage.common import columns
from outcrop_server.storage.common.frames import unpack
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.blobs import whole_payload
from outcrop_server.storage.sqlite.upkeep.opening import snapshot

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from outcrop_server.model.rows import SpanRow

# Traces looked at within one snapshot: it keeps a writer's log from being merged, so it is short.
_TRACES_A_SNAPSHOT = 200
# Told by payloads, which a newer Outcrop may read better than the one that wrote the row, and by the user.
_NOT_OF_ROWS = {
    "attempts",
    "request_preview",
    "response_preview",
    "tools",
    "session_id",
    "user_id",
    "tags",
    "metadata",
}
_COLUMNS = [name.strip() for name in columns.TRACE.split(",")]


class _Placed(NamedTuple):
    row: SpanRow
    offset: int
    length: int
    payload_id: int


def check_traces(connection: sqlite3.Connection) -> Iterator[str]:
    """A sentence for each fault, trace by trace."""
    after = -1
    while True:
        with snapshot(connection):
            rows = connection.execute(sql.SELECT_TRACES_BY_KEY, (after, _TRACES_A_SNAPSHOT)).fetchall()
            faults = [fault for row in rows for fault in _check_trace(connection, row)]
        yield from faults
        if not rows:
            return
        after = rows[-1][-2]


def _check_trace(connection: sqlite3.Connection, found: tuple[Any, ...]) -> Iterator[str]:
    *values, keys, trace_key, experiment = found
    trace_id = bytes(values[0])
    told = f"trace {trace_id.hex()}"
    spans = [
        _Placed(columns.to_span(tuple(of_span)), offset, length, payload_id)
        for *of_span, offset, length, payload_id in connection.execute(sql.SELECT_PLACED_SPANS, (trace_key,))
    ]
    for payload_id, group in itertools.groupby(spans, key=lambda placed: placed.payload_id):
        for fault in _check_frame(connection, trace_id, payload_id, list(group)):
            yield f"{told}: {fault}"
    # A trace without spans is told by another check.
    if spans:
        for fault in _check_summary(trace_id, tuple(values), keys, experiment, spans):
            yield f"{told}: {fault}"


def _check_frame(
    connection: sqlite3.Connection, trace_id: bytes, payload_id: int, spans: list[_Placed]
) -> Iterator[str]:
    found = connection.execute(sql.SELECT_FRAME, (payload_id,)).fetchone()
    if found is None:
        yield f"frame {payload_id} of {len(spans)} spans is not there"
        return
    try:
        payloads = unpack(found[0])
    except DamagedError as error:
        yield f"frame {payload_id} of {len(spans)} spans cannot be read ({error.__cause__})"
        return
    for placed in spans:
        end = placed.offset + placed.length
        span = f"span {placed.row.span_id.hex()}"
        if placed.offset < 0 or placed.length < 0 or end > len(payloads):
            yield (
                f"{span} should be at {placed.offset} to {end} of frame {payload_id}, which has "
                f"{len(payloads)} bytes"
            )
            continue
        try:
            rest = bytes(payloads[placed.offset : end])
            ids = ids_of_stored(whole_payload(connection, payload_id, placed.offset, rest))
        except DamagedError as error:
            yield f"{span}: {error}"
            continue
        except ValueError as error:
            yield f"{span}: at its place in frame {payload_id}, {error}"
            continue
        if ids != (trace_id, placed.row.span_id):
            yield f"{span}: at its place in frame {payload_id} is span {ids[1].hex()} of trace {ids[0].hex()}"


def _check_summary(
    trace_id: bytes, values: tuple[Any, ...], keys: str, experiment: str, spans: list[_Placed]
) -> Iterator[str]:
    try:
        kept = restored(columns.to_trace(values, experiment), keys)
    except (ValueError, TypeError, KeyError) as error:
        yield f"its summary cannot be read ({type(error).__name__}: {error})"
        return
    anew = TraceSummary().add_all(NewSpan(trace_id, placed.row, b"") for placed in spans)
    expected = columns.from_trace(anew.row(trace_id))
    for name, value, wanted in zip(_COLUMNS, values, expected, strict=True):
        if name not in _NOT_OF_ROWS and not _is_same(value, wanted):
            yield f"its {name} is {_short(value)}; its spans say {_short(wanted)}"
    for name in ("first_start_ns", "last_end_ns"):
        if getattr(kept, name) != getattr(anew, name):
            yield f"its {name} is {getattr(kept, name)}; its spans say {getattr(anew, name)}"


def _is_same(value: Any, wanted: Any) -> bool:
    # Lists lie there as JSON, which two versions may write with other spaces.
    if isinstance(value, str) and value.startswith("[") and value != wanted:
        return bool(json.loads(value) == json.loads(wanted))
    return bool(value == wanted)


def _short(value: Any) -> str:
    return repr(value)[:100]
