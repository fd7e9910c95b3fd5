"""The texts of a trace's spans, read from its payloads."""

from __future__ import annotations

import logging
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.model.errors import DamagedError
from outcrop_server.model.span_text import SpanText
from outcrop_server.storage.common.blobs import whole_of
from outcrop_server.storage.common.frames import unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.postgresql.connections import Connection

_log = logging.getLogger(__name__)
_FRAME = (
    "SELECT frame, EXISTS (SELECT 1 FROM blob_use WHERE blob_use.trace_key = payload.trace_key "
    "AND blob_use.frame_number = payload.frame_number) FROM payload "
    "WHERE trace_key = %s AND part = %s AND frame_number = %s"
)
_BINARIES = (
    "SELECT place, is_base64, size, is_compressed, content FROM blob_use LEFT JOIN blob USING (blob_id) "
    "WHERE trace_key = %s AND frame_number = %s AND place > %s AND place <= %s ORDER BY number"
)
_SPANS = (
    "SELECT frame_number, payload_offset, payload_length, name, error_type, error_message FROM span "
    "WHERE trace_key = %s AND part = %s AND frame_number > %s ORDER BY frame_number, payload_offset"
)


class Home(NamedTuple):
    """Where a trace's rows are."""

    trace_key: int
    part: int


class StoredText(NamedTuple):
    """A span's text, with the columns that free words are looked for in."""

    frame_number: int
    name: str
    error_type: str | None
    error_message: str | None
    text: SpanText


class Frame:
    """A payload frame, unpacked, with what is needed to make its payloads whole.

    Args:
        connection: within a snapshot.
        home: of its trace.
        number: of the frame.

    Raises:
        DamagedError: it cannot be read, or is not there.
    """

    def __init__(self, connection: Connection, home: Home, number: int) -> None:
        row = connection.execute(_FRAME, (*home, number)).fetchone()
        if row is None:
            raise DamagedError("it is not there")
        self.home = home
        self.number = number
        self._data = unpack(row[0])
        self._lacks_some = bool(row[1])

    def payload(self, connection: Connection, offset: int, length: int) -> bytes:
        """A payload of it; raises DamagedError if a binary of it cannot be read."""
        rest = bytes(self._data[offset : offset + length])
        if not self._lacks_some:
            return rest
        place = (self.home.trace_key, self.number, offset, offset + len(rest))
        rows = connection.execute(_BINARIES, place).fetchall()
        return whole_of(rest, offset, rows) if rows else rest


def read_texts(
    connection: Connection, home: Home, read_text: ReadText, after: int = -1
) -> Iterator[StoredText]:
    """The texts of a trace, in the order of its payloads.

    Args:
        connection: within a snapshot.
        home: of the trace; one that is not there has none.
        read_text: reads a payload.
        after: the number of the last frame that is to be left out.
    """
    rows = connection.execute(_SPANS, (*home, after)).fetchall()
    for number, group in groupby(rows, key=itemgetter(0)):
        frame = frame_of(connection, home, number)
        for _, offset, length, name, error_type, error_message in group:
            text = text_of(connection, frame, (offset, length), read_text)
            yield StoredText(number, name, error_type, error_message, text)


def frame_of(connection: Connection, home: Home, number: int) -> Frame | None:
    """A frame; None if it cannot be read: one that is damaged must not end every search."""
    try:
        return Frame(connection, home, number)
    except DamagedError as error:
        _log.warning("Frame %d of trace %d cannot be searched: %s", number, home.trace_key, error)
        return None


def text_of(
    connection: Connection, frame: Frame | None, place: tuple[int, int], read_text: ReadText
) -> SpanText:
    """The text of a span, by its place in a frame; nothing if it cannot be read."""
    if frame is None:
        return SpanText()
    try:
        return read_text(frame.payload(connection, *place))
    except DamagedError as error:
        _log.warning("A span of trace %d cannot be searched: %s", frame.home.trace_key, error)
        return SpanText()
