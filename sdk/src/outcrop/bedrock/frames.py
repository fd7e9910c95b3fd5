"""Reads AWS event-stream frames (application/vnd.amazon.eventstream) from bytes.

Frame: total length, headers length and their CRC (12 bytes), headers, payload, CRC of all.
Source: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

_PRELUDE = struct.Struct("!III")
_CRC_BYTES = 4
_MIN_FRAME_BYTES = _PRELUDE.size + _CRC_BYTES
# AWS allows 24 MB; a larger figure means that these bytes are no frame.
_MAX_FRAME_BYTES = 25 * 1024 * 1024

_BOOLEANS = {0: True, 1: False}
_FIXED = {
    2: struct.Struct("!b"),
    3: struct.Struct("!h"),
    4: struct.Struct("!i"),
    5: struct.Struct("!q"),
    8: struct.Struct("!q"),
}
_BYTES, _STRING, _UUID = 6, 7, 9


class FrameError(ValueError):
    """Bytes that are no event-stream frame; the message says where and why."""


class Frame(NamedTuple):
    """One frame; a tuple, since an answer has hundreds.

    Attributes:
        headers: such as `:message-type`, `:event-type`, `:exception-type`.
        payload: the event's body, most often JSON.
        size_bytes: length on the wire.
        header_block: the headers as they came, for who writes the frame again.
    """

    headers: Mapping[str, Any]
    payload: bytes
    size_bytes: int
    header_block: bytes = b""

    @property
    def type(self) -> str:
        """The event's or exception's type, as botocore would name it."""
        for name in (":event-type", ":exception-type", ":error-code"):
            value = self.headers.get(name)
            if isinstance(value, str):
                return value
        return "unknown"

    @property
    def is_exception(self) -> bool:
        """Whether the service said that the stream failed."""
        return self.headers.get(":message-type") in {"exception", "error"}


class FrameReader:
    """Takes bytes in pieces of any size and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Frame]:
        """Adds bytes and returns the frames that are now whole.

        Raises:
            FrameError: a length or checksum is wrong; nothing after it can be read.
        """
        buffer = self._buffer + data if self._buffer else data
        frames: list[Frame] = []
        start, size = 0, len(buffer)
        try:
            while size - start >= _PRELUDE.size:
                total, headers_length, crc = _PRELUDE.unpack_from(buffer, start)
                if zlib.crc32(buffer[start : start + 8]) != crc:
                    raise FrameError("The checksum of an event-stream prelude is wrong.")
                if not _MIN_FRAME_BYTES + headers_length <= total <= _MAX_FRAME_BYTES:
                    raise FrameError(
                        f"An event-stream frame claims {total} bytes with {headers_length} of headers."
                    )
                following = start + total
                if size < following:
                    break
                end = following - _CRC_BYTES
                if zlib.crc32(buffer[start:end]) != int.from_bytes(buffer[end:following], "big"):
                    raise FrameError("The checksum of an event-stream frame is wrong.")
                payload_start = start + _PRELUDE.size + headers_length
                block = buffer[start + _PRELUDE.size : payload_start]
                frames.append(Frame(_headers_of(block), buffer[payload_start:end], total, block))
                start = following
        finally:
            self._buffer = buffer[start:]
        return frames

    @property
    def pending_bytes(self) -> int:
        """Bytes of a frame that has not come whole."""
        return len(self._buffer)

    @property
    def pending_prelude(self) -> bytes:
        """The beginning of that frame: lengths and their checksum, nothing of what it says."""
        return self._buffer[: _PRELUDE.size]


def write_frame(header_block: bytes, payload: bytes) -> bytes:
    """The bytes of a frame, both checksums included."""
    total = _MIN_FRAME_BYTES + len(header_block) + len(payload)
    lengths = struct.pack("!II", total, len(header_block))
    unsigned = b"".join((lengths, struct.pack("!I", zlib.crc32(lengths)), header_block, payload))
    return unsigned + struct.pack("!I", zlib.crc32(unsigned))


def with_header_text(header_block: bytes, old: str, new: str) -> bytes:
    """The headers with another text in the place of one."""
    return header_block.replace(_header_text(old), _header_text(new))


def _header_text(value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    return struct.pack("!BH", _STRING, len(data)) + data


# The frames of one kind have the same headers, to the byte.
@lru_cache(maxsize=256)
def _headers_of(block: bytes) -> Mapping[str, Any]:
    return MappingProxyType(read_headers(block))


def read_headers(data: bytes) -> dict[str, Any]:
    """Reads a frame's header block.

    Raises:
        FrameError: a header has an unknown type or does not fit the block.
    """
    headers: dict[str, Any] = {}
    position = 0
    try:
        while position < len(data):
            name_end = position + 1 + data[position]
            name = data[position + 1 : name_end].decode()
            headers[name], position = _header_value(data, name_end)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise FrameError("The headers of an event-stream frame cannot be read.") from error
    return headers


def _header_value(data: bytes, position: int) -> tuple[Any, int]:
    kind = data[position]
    position += 1
    if kind in _BOOLEANS:
        return _BOOLEANS[kind], position
    if kind in _FIXED:
        (value,) = _FIXED[kind].unpack_from(data, position)
        return value, position + _FIXED[kind].size
    if kind in {_BYTES, _STRING}:
        (length,) = struct.unpack_from("!H", data, position)
        raw = data[position + 2 : position + 2 + length]
        return (raw.decode() if kind == _STRING else raw), position + 2 + length
    if kind == _UUID:
        return data[position : position + 16].hex(), position + 16
    raise FrameError(f"An event-stream header has the unknown type {kind}.")
