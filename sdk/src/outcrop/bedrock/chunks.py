"""How a stream travels: its bytes as they came, each piece with its arrival time, in one attribute.

Written when a call has ended, read by `outcrop.bedrock.exchange`. Layout, little-endian: the mark `OC2`,
a 32-bit count, the clock at the span's start (64-bit float), then for each piece the clock at its arrival
(64-bit float each), the length of each (32 bits), and all bytes. The clock is the sender's own, in seconds;
only differences mean anything. Floats, since Python packs them in a third of the time of integers; at an
uptime of a year they still tell 4 nanoseconds apart. Nothing is parsed here.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any

_MARK = b"OC2"
_HEAD = struct.Struct("<Id")
_MAX_OFFSET_S = 1e9  # thirty years


class Pieces:
    """The pieces of an answer, as the caller reads them.

    Attributes:
        kept: a piece, what the clock (`time.perf_counter`) read when it came, the next piece, and so
            on. One list, since nothing costs a loop over hundreds of pieces less than appending to one.
    """

    __slots__ = ("kept",)

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.kept: list[Any] = []

    def add(self, data: bytes) -> None:
        """Keeps a piece that has just come."""
        self.kept.append(data)
        self.kept.append(time.perf_counter())

    @property
    def last_arrival(self) -> float:
        """The clock at the last piece's arrival, in seconds; 0 if none came."""
        return self.kept[-1] if self.kept else 0

    def joined(self) -> bytes:
        """The bytes, one piece after the other."""
        kept = self.kept
        return kept[0] if len(kept) == 2 else b"".join(kept[::2])  # noqa: PLR2004  # a piece and its time

    def packed(self, start_s: float) -> bytes:
        """All of it in the packed form; `start_s` is the clock at the span's start."""
        pieces, arrivals = self.kept[::2], self.kept[1::2]
        count = len(pieces)
        times = struct.pack(f"<{count}d", *arrivals)
        lengths = struct.pack(f"<{count}I", *map(len, pieces))
        return b"".join((_MARK, _HEAD.pack(count, start_s), times, lengths, *pieces))


# For answers that come whole: nobody adds to it.
NO_PIECES = Pieces()


def unpack_chunks(packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Gives (nanoseconds since the span's start, bytes) pairs; a torn last piece as far as it goes.

    Raises:
        ValueError: these bytes were not made by `Pieces`.
    """
    if packed[: len(_MARK)] != _MARK:
        raise ValueError("The stream attribute does not begin with OC2; it was not written by Outcrop.")
    try:
        count, start_s = _HEAD.unpack_from(packed, len(_MARK))
        tables = len(_MARK) + _HEAD.size
        # A count beyond the bytes is refused by struct before anything of that size is made.
        arrivals = struct.unpack_from(f"<{count}d", packed, tables)
        lengths = struct.unpack_from(f"<{count}I", packed, tables + 8 * count)
    except struct.error as error:
        raise ValueError("The stream attribute ends within its own tables.") from error
    position = tables + 12 * count
    for arrival_s, length in zip(arrivals, lengths, strict=True):
        yield _offset_ns(arrival_s - start_s), packed[position : position + length]
        position += length


def replace_pieces(packed: bytes, pieces: Sequence[bytes]) -> bytes:
    """The same stream with other bytes, piece for piece: their number and times stay.

    Raises:
        ValueError: there are not as many pieces, or these bytes were not made by `Pieces`.
    """
    count = sum(1 for _ in unpack_chunks(packed))
    if count != len(pieces):
        raise ValueError(f"A stream of {count} pieces cannot be given {len(pieces)}.")
    tables = len(_MARK) + _HEAD.size
    lengths = struct.pack(f"<{count}I", *map(len, pieces))
    return b"".join((packed[: tables + 8 * count], lengths, *pieces))


def _offset_ns(seconds: float) -> int:
    # Others can write this attribute too: no number of theirs may stop a reader.
    return round(seconds * 1e9) if 0 < seconds < _MAX_OFFSET_S else 0
