"""The texts of a trace's spans, read from its payloads."""

from __future__ import annotations

import logging
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.model.errors import DamagedError
from outcrop_server.model.span_text import SpanText
from outcrop_server.storage.common.frames import unpack
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.blobs import SELECT_PLACES, whole_payload

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from outcrop_server.model.span_text import ReadText

_log = logging.getLogger(__name__)
_SELECT = (
    "SELECT payload_id, payload_offset, payload_length, name, error_type, error_message FROM span "
    "WHERE trace_key = ? AND payload_id > ? ORDER BY payload_id, payload_offset"
)


class StoredText(NamedTuple):
    """A span's text, with where its payload lies and the columns that free words are looked for in."""

    payload_id: int
    name: str
    error_type: str | None
    error_message: str | None
    text: SpanText


class Frame:
    """A payload frame, unpacked, with what is needed to make its payloads whole.

    Args:
        connection: within a snapshot.
        payload_id: of the frame.

    Raises:
        DamagedError: it cannot be read.
        LookupError: it is not there: its trace was removed.
    """

    def __init__(self, connection: sqlite3.Connection, payload_id: int) -> None:
        row = connection.execute(sql.SELECT_FRAME, (payload_id,)).fetchone()
        if row is None:
            raise LookupError
        self.payload_id = payload_id
        self._data = unpack(row[0])
        self._lacks_some = connection.execute(SELECT_PLACES, (payload_id,)).fetchone() is not None

    def payload(self, connection: sqlite3.Connection, offset: int, length: int) -> bytes:
        """A payload of it; raises DamagedError if a binary of it cannot be read."""
        rest = bytes(self._data[offset : offset + length])
        return whole_payload(connection, self.payload_id, offset, rest) if self._lacks_some else rest


def read_texts(
    connection: sqlite3.Connection, trace_key: int, read_text: ReadText, after: int = 0
) -> Iterator[StoredText]:
    """The texts of a trace, in the order of its payloads.

    Args:
        connection: within a snapshot.
        trace_key: of the trace; one that is not there has none.
        read_text: reads a payload.
        after: the number of the last payload that is to be left out.
    """
    rows = connection.execute(_SELECT, (trace_key, after)).fetchall()
    for payload_id, group in groupby(rows, key=itemgetter(0)):
        frame = _frame(connection, payload_id)
        for _, offset, length, name, error_type, error_message in group:
            text = SpanText() if frame is None else _text(connection, frame, (offset, length), read_text)
            yield StoredText(payload_id, name, error_type, error_message, text)


def _frame(connection: sqlite3.Connection, payload_id: int) -> Frame | None:
    try:
        return Frame(connection, payload_id)
    except (DamagedError, LookupError) as error:
        # One damaged frame must not end every search; the check of the store names it.
        _log.warning("Payload %d cannot be searched: %s", payload_id, error)
        return None


def _text(
    connection: sqlite3.Connection, frame: Frame, place: tuple[int, int], read_text: ReadText
) -> SpanText:
    try:
        return read_text(frame.payload(connection, *place))
    except DamagedError as error:
        _log.warning("A span of payload %d cannot be searched: %s", frame.payload_id, error)
        return SpanText()
