"""How a stream travels: its bytes as they came, each piece with its arrival time, in one attribute.

Written when a call has ended, read by `outcrop.bedrock.exchange`. Layout, little-endian: the mark `OC1`,
a 32-bit count, then for each piece its offset in nanoseconds since the span's start (64 bits), then the
length of each (32 bits), then all bytes. Tables before bytes, so that packing is three joins.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

_MARK = b"OC1"
_COUNT = struct.Struct("<I")


def pack_chunks(offsets_ns: Sequence[int], pieces: Sequence[bytes]) -> bytes:
    """Packs pieces with their offsets since the span's start; both have the same length."""
    count = len(pieces)
    times = struct.pack(f"<{count}Q", *offsets_ns)
    lengths = struct.pack(f"<{count}I", *map(len, pieces))
    return b"".join((_MARK, _COUNT.pack(count), times, lengths, *pieces))


def unpack_chunks(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Gives back (offset in ns, bytes) pairs; a torn last piece is given as far as it goes.

    Raises:
        ValueError: these bytes were not made by `pack_chunks`.
    """
    if packed[: len(_MARK)] != _MARK:
        raise ValueError("The stream attribute does not begin with OC1; it was not written by Outcrop.")
    try:
        (count,) = _COUNT.unpack_from(packed, len(_MARK))
        start = len(_MARK) + _COUNT.size
        # A count beyond the bytes is refused by struct before anything of that size is made.
        times = struct.unpack_from(f"<{count}Q", packed, start)
        lengths = struct.unpack_from(f"<{count}I", packed, start + 8 * count)
    except struct.error as error:
        raise ValueError("The stream attribute ends within its own tables.") from error
    position = start + 12 * count
    for offset_ns, length in zip(times, lengths, strict=True):
        yield offset_ns, packed[position : position + length]
        position += length
