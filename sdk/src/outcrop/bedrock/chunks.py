"""How a stream travels: its bytes as they came, each piece with its arrival time, in one attribute.

Written by the stream taps in the client, read by `outcrop.bedrock.view`. Layout: the mark `OC1`,
then for each piece an unsigned 64-bit offset in nanoseconds since the start of the span, an
unsigned 32-bit length (both little-endian), and the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_MARK = b"OC1"
_HEAD = struct.Struct("<QI")


def pack_chunks(chunks: Iterable[tuple[int, bytes]]) -> bytes:
    """Packs (offset in ns since the span's start, bytes) pairs."""
    pieces = [_MARK]
    for offset_ns, data in chunks:
        pieces.append(_HEAD.pack(max(offset_ns, 0), len(data)))
        pieces.append(data)
    return b"".join(pieces)


def unpack_chunks(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Gives back the pairs; a torn last piece is given as far as it goes.

    Raises:
        ValueError: these bytes were not made by `pack_chunks`.
    """
    if packed[: len(_MARK)] != _MARK:
        raise ValueError("The stream attribute does not begin with OC1; it was not written by Outcrop.")
    position = len(_MARK)
    while position + _HEAD.size <= len(packed):
        offset_ns, length = _HEAD.unpack_from(packed, position)
        position += _HEAD.size
        yield offset_ns, packed[position : position + length]
        position += length
