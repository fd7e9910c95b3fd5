"""A segment: a file of OTLP requests that wait to be sent, appended one after the other.

Written by a program whose spans could not be delivered yet, or that might be killed before they are; read by
that program, by a later one, or by a server on the same machine. Whatever moment a writer was cut off at,
the requests that were written before can be read. Layout, little-endian: the mark `OUTCROP1`, how far the
requests have been delivered (64 bits), and the file's round (32); then for each request the mark `REQ1`, its
length, the number of its spans, its CRC-32 (0 for "not computed") and its round (32 bits each), its bytes,
and its round again. Where the mark is `REQ2` the bytes are calls that are not encoded yet (see `otlp.flat`).
A file whose content is no longer needed is written anew from the start in the next round, which is cheaper
than cutting it; what is left of earlier rounds does not count.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from outcrop.otlp.flat import read_flat_request

SUFFIX = ".segment"
DAMAGED_SUFFIX = ".damaged"
REJECTED_SUFFIX = ".rejected"

_FILE_MARK = b"OUTCROP1"
_FILE_HEAD = struct.Struct("<8sQI")
_ANY_MARK, _REQUEST_MARK, _FLAT_MARK = b"REQ", b"REQ1", b"REQ2"
_REQUEST_HEAD = struct.Struct("<4sIIII")
_REQUEST_END = struct.Struct("<I")
HEAD_BYTES = _FILE_HEAD.size
# What stands around a request.
FRAME_BYTES = _REQUEST_HEAD.size + _REQUEST_END.size
# Where the file's head holds how far its requests have been delivered.
DELIVERED_AT = len(_FILE_MARK)


class NotedRequest(NamedTuple):
    """A request that is to be written.

    Attributes:
        pieces: the request, in pieces.
        length: the bytes of all.
        spans: how many it holds.
        is_flat: whether it is calls that are not encoded yet.
    """

    pieces: Sequence[bytes]
    length: int
    spans: int
    is_flat: bool = False


@dataclass(frozen=True)
class StoredRequest:
    """A request in a segment.

    Attributes:
        body: the exact body of an OTLP request.
        spans: how many spans it holds.
        begin: where it begins in the file, in bytes.
        end: where it ends there: "delivered as far as here".
    """

    body: bytes
    spans: int
    begin: int
    end: int


@dataclass(frozen=True)
class SegmentContent:
    """What a segment holds.

    Attributes:
        requests: those that wait, oldest first.
        damaged_bytes: bytes that are no readable request: torn by a writer's end, or changed since.
    """

    requests: Sequence[StoredRequest]
    damaged_bytes: int

    @property
    def spans(self) -> int:
        """How many spans wait."""
        return sum(request.spans for request in self.requests)


def file_head(delivered: int = HEAD_BYTES, round_number: int = 0) -> bytes:
    """The head of a segment whose requests are delivered as far as `delivered` bytes."""
    return _FILE_HEAD.pack(_FILE_MARK, delivered, round_number)


def framed(request: NotedRequest, round_number: int, checksum: int = 0) -> list[bytes]:
    """A request as it is stored: between its head and its end."""
    pieces, length, spans, is_flat = request
    mark = _FLAT_MARK if is_flat else _REQUEST_MARK
    head = _REQUEST_HEAD.pack(mark, length, spans, checksum, round_number)
    return [head, *pieces, _REQUEST_END.pack(round_number)]


def stored_form(body: bytes, spans: int, round_number: int = 0) -> bytes:
    """The same, checksum included."""
    return b"".join(framed(NotedRequest([body], len(body), spans), round_number, checksum_of(body)))


def checksum_of(body: bytes) -> int:
    """CRC-32, never 0, since that means that none was computed."""
    return zlib.crc32(body) or 1


def read_segment(data: bytes) -> SegmentContent:
    """Reads a segment's bytes; what is damaged is passed over, and counted."""
    if len(data) < HEAD_BYTES or not data.startswith(_FILE_MARK):
        # A file without its head: its requests may be whole all the same.
        start, delivered, round_number = 0, 0, 0
    else:
        start = HEAD_BYTES
        _, delivered, round_number = _FILE_HEAD.unpack_from(data)
    found = list(_requests(data, start, round_number))
    readable = start + sum(request.end - request.begin for request in found)
    # In a later round old bytes stand behind the new ones.
    damaged = len(data) - readable if round_number == 0 else 0
    return SegmentContent([request for request in found if request.end > delivered], damaged)


def _requests(data: bytes, position: int, round_number: int) -> Iterator[StoredRequest]:
    while (position := data.find(_ANY_MARK, position)) >= 0:
        request = _request_at(data, position, round_number)
        if request is None:
            # Damaged, of an earlier round, or the mark came up by chance within a body: look for the next.
            position += 1
        else:
            yield request
            position = request.end


def _request_at(data: bytes, position: int, round_number: int) -> StoredRequest | None:
    begin = position + _REQUEST_HEAD.size
    if begin > len(data):
        return None
    mark, length, spans, checksum, written_in = _REQUEST_HEAD.unpack_from(data, position)
    end = begin + length + _REQUEST_END.size
    if mark not in {_REQUEST_MARK, _FLAT_MARK} or end > len(data) or written_in != round_number:
        return None
    body = data[begin : begin + length]
    # Bytes go to the file in their order: where the end is there, all of it is.
    is_whole = _REQUEST_END.unpack_from(data, begin + length)[0] == round_number
    if not is_whole or (checksum and checksum_of(body) != checksum):
        return None
    if mark == _FLAT_MARK:
        try:
            body = read_flat_request(body)
        except ValueError:
            return None
    return StoredRequest(body, spans, position, end)
