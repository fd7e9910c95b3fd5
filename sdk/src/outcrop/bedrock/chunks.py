"""How a stream travels: its bytes as they came, each piece with its arrival time, in one attribute.

Written when a call has ended, read by `outcrop.bedrock.exchange`. Layout, little-endian: the mark `OC1`,
a 32-bit count, the counter at the span's start (64 bits), then for each piece the counter at its arrival
(64 bits each), the length of each (32 bits), and all bytes. The counter counts nanoseconds. Arrays go out
as they are, so that packing a stream costs one join.
"""

from __future__ import annotations

import struct
import sys
import time
from array import array
from collections.abc import Iterator

_MARK = b"OC1"
_HEAD = struct.Struct("<IQ")


class Pieces:
    """The pieces of an answer, as the caller reads them.

    Arrays and one buffer, so that hundreds of small objects need not be kept for a stream.

    Attributes:
        arrivals: what the counter (`time.perf_counter_ns`) read as each came.
        lengths: the bytes of each.
        data: all bytes, one piece after the other.
    """

    __slots__ = ("arrivals", "data", "lengths")

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.arrivals = array("Q")
        self.lengths = array("I")
        self.data = bytearray()

    def add(self, data: bytes) -> None:
        """Keeps a piece that has just come."""
        self.arrivals.append(time.perf_counter_ns())
        self.lengths.append(len(data))
        self.data += data

    def tables(self, start_ns: int) -> bytes:
        """What stands before the bytes in the packed form; `start_ns` is the counter at the span's start."""
        head = _HEAD.pack(len(self.lengths), start_ns)
        return b"".join((_MARK, head, _little(self.arrivals), _little(self.lengths)))

    def pack(self, start_ns: int) -> bytes:
        """The stream in its packed form."""
        return self.tables(start_ns) + self.data


# For answers that come whole: nobody adds to it.
NO_PIECES = Pieces()


def unpack_chunks(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Gives (nanoseconds since the span's start, bytes) pairs; a torn last piece as far as it goes.

    Raises:
        ValueError: these bytes were not made by `Pieces`.
    """
    if packed[: len(_MARK)] != _MARK:
        raise ValueError("The stream attribute does not begin with OC1; it was not written by Outcrop.")
    try:
        count, start_ns = _HEAD.unpack_from(packed, len(_MARK))
        tables = len(_MARK) + _HEAD.size
        # A count beyond the bytes is refused by struct before anything of that size is made.
        arrivals = struct.unpack_from(f"<{count}Q", packed, tables)
        lengths = struct.unpack_from(f"<{count}I", packed, tables + 8 * count)
    except struct.error as error:
        raise ValueError("The stream attribute ends within its own tables.") from error
    position = tables + 12 * count
    for arrival_ns, length in zip(arrivals, lengths, strict=True):
        yield max(arrival_ns - start_ns, 0), packed[position : position + length]
        position += length


def _little(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()
