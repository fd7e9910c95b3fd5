"""A segment: a file of OTLP requests that wait to be sent, appended one after the other.

Written by a program whose spans could not be delivered yet, or that might be killed before they are; read by
that program, by a later one, or by a server on the same machine. Whatever moment a writer was cut off at,
the requests that were written before can be read. Layout, little-endian: the mark `OUTCROP1` and how far
the requests have been delivered (64 bits); then for each request the mark `REQ1`, its length, the number
of its spans, and its CRC-32 (32 bits each; 0 for "not computed"), and its bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SUFFIX = ".segment"
DAMAGED_SUFFIX = ".damaged"
REJECTED_SUFFIX = ".rejected"

_FILE_MARK = b"OUTCROP1"
_FILE_HEAD = struct.Struct("<8sQ")
_REQUEST_MARK = b"REQ1"
_REQUEST_HEAD = struct.Struct("<4sIII")
HEAD_BYTES = _FILE_HEAD.size
# Where the file's head holds how far its requests have been delivered.
DELIVERED_AT = len(_FILE_MARK)


@dataclass(frozen=True)
class StoredRequest:
    """A request in a segment.

    Attributes:
        body: the exact body of an OTLP request.
        spans: how many spans it holds.
        end: where it ends in the file, in bytes: "delivered as far as here".
    """

    body: bytes
    spans: int
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


def file_head(delivered: int = HEAD_BYTES) -> bytes:
    """The head of a segment whose requests are delivered as far as `delivered` bytes."""
    return _FILE_HEAD.pack(_FILE_MARK, delivered)


def request_head(length: int, spans: int, checksum: int = 0) -> bytes:
    """What stands before the `length` bytes of a request."""
    return _REQUEST_HEAD.pack(_REQUEST_MARK, length, spans, checksum)


def stored_form(body: bytes, spans: int) -> bytes:
    """A request with its head, checksum included."""
    return request_head(len(body), spans, checksum_of(body)) + body


def checksum_of(body: bytes) -> int:
    """CRC-32, never 0, since that means that none was computed."""
    return zlib.crc32(body) or 1


def read_segment(data: bytes) -> SegmentContent:
    """Reads a segment's bytes; what is damaged is passed over, and counted."""
    if len(data) < HEAD_BYTES or not data.startswith(_FILE_MARK):
        # A file without its head: its requests may be whole all the same.
        start, delivered = 0, 0
    else:
        start, delivered = HEAD_BYTES, int(_FILE_HEAD.unpack_from(data)[1])
    requests: list[StoredRequest] = []
    readable = start
    for request in _requests(data, start):
        readable += _REQUEST_HEAD.size + len(request.body)
        if request.end > delivered:
            requests.append(request)
    return SegmentContent(requests, len(data) - readable)


def _requests(data: bytes, position: int) -> Iterator[StoredRequest]:
    while (position := data.find(_REQUEST_MARK, position)) >= 0:
        request = _request_at(data, position)
        if request is None:
            # Damaged, or the mark came up by chance within a body: look for the next.
            position += 1
        else:
            yield request
            position = request.end


def _request_at(data: bytes, position: int) -> StoredRequest | None:
    if position + _REQUEST_HEAD.size > len(data):
        return None
    _, length, spans, checksum = _REQUEST_HEAD.unpack_from(data, position)
    begin = position + _REQUEST_HEAD.size
    body = data[begin : begin + length]
    if len(body) < length or (checksum and checksum_of(body) != checksum):
        return None
    return StoredRequest(body, spans, begin + length)
