"""Reads traces, spans and payloads: first where a trace lies, then there alone."""

# ruff: noqa: S608 - put together from constants, numbers and hex only; values go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from outcrop_server.model.rows import StoredTrace
from outcrop_server.storage.clickhouse import rows
from outcrop_server.storage.clickhouse.client import fixed, hex_list
from outcrop_server.storage.clickhouse.facts import VERSION
from outcrop_server.storage.clickhouse.lives import NOT_VOID, find_homes
from outcrop_server.storage.common.blobs import whole_of
from outcrop_server.storage.common.frames import unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outcrop_server.model.rows import SpanRow
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.facts import Facts
    from outcrop_server.storage.clickhouse.lives import Home

# What `stored` takes.
TRACE_OF = f"{rows.TRACE}, experiment_id"
_TRACE_COLUMNS = f"SELECT {TRACE_OF}, gone, {VERSION} FROM trace"
_PLACE = "frame_id, payload_offset, payload_length"

Use = tuple[int, int, int, int, bytes]


class Place(NamedTuple):
    """Where a span's payload lies within its trace."""

    frame_id: int
    offset: int
    length: int


class _Frame(NamedTuple):
    """The payloads of some spans, end to end, and which binaries they lack."""

    payloads: memoryview
    uses: list[Use]

    def lacks(self, place: Place) -> list[Use]:
        """What lies behind the first byte of a payload."""
        return [use for use in self.uses if place.offset < use[1] <= place.offset + place.length]


def stored(facts: Facts, found: Sequence[tuple[Any, ...]]) -> list[StoredTrace]:
    """The traces of rows of TRACE_OF, whose last column is `facts.VERSION`; others between are left out."""
    if not found:
        return []
    width = rows.TRACE_WIDTH
    known = facts.at(max(values[-1] for values in found))
    return [
        StoredTrace(rows.to_trace(tuple(values[:width]), known.name_of(values[width])), str(values[width]))
        for values in found
    ]


def home_of(client: Client, trace_id: bytes) -> Home | None:
    """Where a trace lies; None if there is none."""
    home = find_homes(client, [trace_id]).get(trace_id)
    return None if home is None or home.gone else home


def read_trace(facts: Facts, trace_id: bytes) -> StoredTrace | None:
    """One trace's summary."""
    return read_some_traces(facts, [trace_id]).get(trace_id)


def read_some_traces(facts: Facts, trace_ids: Iterable[bytes]) -> dict[bytes, StoredTrace]:
    """The summaries of traces by their ids; those that are not there are left out."""
    client = facts.client
    homes = [home for home in find_homes(client, trace_ids).values() if not home.gone]
    if not homes:
        return {}
    days = ", ".join(str(day) for day in sorted({home.day for home in homes}))
    found = client.query(
        f"{_TRACE_COLUMNS} WHERE day IN ({days}) "
        f"AND (experiment_id, start_time_ns, trace_id) IN ({', '.join(home.row_key for home in homes)}) "
        "ORDER BY version DESC LIMIT 1 BY trace_id"
    )
    there = [values for values in found if not values[-2]]
    lacking = {home.trace_id for home in homes} - {values[0] for values in there}
    if lacking:
        # It moves just now: its row is not yet where it is said to be, or no more.
        moving = client.query(
            f"{_TRACE_COLUMNS} WHERE trace_id IN {hex_list(lacking, 16)} "
            "ORDER BY version DESC, gone LIMIT 1 BY trace_id"
        )
        there += [values for values in moving if not values[-2]]
    return {each.row.trace_id: each for each in stored(facts, there)}


def read_spans(client: Client, trace_id: bytes) -> list[SpanRow]:
    """A trace's spans by start."""
    home = home_of(client, trace_id)
    if home is None:
        return []
    found = client.query(
        f"SELECT {rows.SPAN} FROM span WHERE {home.spans_are} ORDER BY start_time_ns, span_id"
    )
    return [rows.to_span(values) for values in found]


def has_span(client: Client, trace_id: bytes, span_id: bytes) -> bool:
    """Whether there is such a span."""
    home = home_of(client, trace_id)
    return home is not None and bool(_span(client, home, span_id, "1"))


def read_span(client: Client, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
    """One span and its payload."""
    home = home_of(client, trace_id)
    found = [] if home is None else _span(client, home, span_id, f"{_PLACE}, {rows.SPAN}")
    if home is None or not found:
        return None
    frame_id, offset, length, *values = found[0]
    place = Place(frame_id, offset, length)
    frame = _read_frame(client, home, frame_id)
    payload = None if frame is None else _whole(client, home, frame, place)
    return None if payload is None else (rows.to_span(tuple(values)), payload)


def read_payloads(client: Client, trace_id: bytes) -> Iterator[bytes]:
    """The payloads of a trace, one frame at a time."""
    home = home_of(client, trace_id)
    if home is None:
        return
    places = [
        Place(*values)
        for values in client.query(
            f"SELECT {_PLACE} FROM span WHERE {home.spans_are} ORDER BY frame_id, payload_offset"
        )
    ]
    frame_id, frame = -1, None
    for place in places:
        if place.frame_id != frame_id:
            frame_id, frame = place.frame_id, _read_frame(client, home, place.frame_id)
        payload = None if frame is None else _whole(client, home, frame, place)
        if payload is None:
            # Deleted since; what follows is too.
            return
        yield payload


def _span(client: Client, home: Home, span_id: bytes, columns: str) -> list[tuple[Any, ...]]:
    """Columns of one span."""
    if len(span_id) != len(rows.NO_PARENT):
        return []
    return client.query(
        f"SELECT {columns} FROM span WHERE {home.spans_are} AND span_id = {fixed(span_id)} LIMIT 1"
    )


def _read_frame(client: Client, home: Home, frame_id: int) -> _Frame | None:
    """A frame of a trace; None if it is gone."""
    found = client.query(
        f"SELECT frame, uses FROM frame WHERE day = {home.anchor_day} "
        f"AND (experiment_id, anchor_ns, trace_id) = {home.anchor_key} AND frame_id = {frame_id} LIMIT 1",
        raw=True,
    )
    return _Frame(unpack(found[0][0]), [_use(use) for use in found[0][1]]) if found else None


def _use(use: Any) -> Use:
    if isinstance(use, dict):
        named = cast("dict[str, Any]", use)
        return named["span"], named["place"], named["is_base64"], named["size"], named["sha256"]
    span, place, is_base64, size, sha256 = use
    return span, place, is_base64, size, sha256


def _whole(client: Client, home: Home, frame: _Frame, place: Place) -> bytes | None:
    """A span's payload as it was appended; None if its trace was deleted meanwhile.

    Raises:
        DamagedError: a binary of it is not there, or cannot be read.
    """
    rest = bytes(frame.payloads[place.offset : place.offset + place.length])
    uses = frame.lacks(place)
    if not uses:
        return rest
    blobs = _read_blobs(client, home.anchor_experiment, {use[4] for use in uses})
    if any(use[4] not in blobs for use in uses) and not _lives(client, home):
        return None
    return whole_of(
        rest,
        place.offset,
        (
            (at, is_base64, *blobs.get(sha256, (None, None, None)))
            for _, at, is_base64, _, sha256 in sorted(uses, key=lambda use: use[1])
        ),
    )


def _read_blobs(client: Client, experiment_id: int, digests: Iterable[bytes]) -> dict[bytes, tuple[Any, ...]]:
    """Binaries of an experiment by their digests; the size, whether it is compressed, and the content."""
    found = client.query(
        f"SELECT sha256, size, is_compressed, content FROM blob WHERE experiment_id = {experiment_id} "
        f"AND sha256 IN {hex_list(digests, 32)} AND {NOT_VOID} LIMIT 1 BY sha256",
        raw=True,
    )
    return {sha256: tuple(rest) for sha256, *rest in found}


def _lives(client: Client, home: Home) -> bool:
    """Whether a trace is there as it was."""
    now = home_of(client, home.trace_id)
    return now is not None and now.born == home.born
