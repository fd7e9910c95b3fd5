"""Histograms as rollups keep them, one blob each, and how they are added up. Pure.

The counts of neighbouring bins are lanes of one whole number, the lowest bin in its lowest bits: so two
histograms, however many bins they have, are added by one addition. It is right as long as no lane of the
result overflows; on the way there, numbers may be negative and lanes run over.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.model.latency_bins import percentiles_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from outcrop_server.model.latency_bins import Percentiles

# Of a row that counts at most this much lanes have two bytes, else eight. Few enough that sixteen such rows
# are added before a lane could overflow.
MOST_NARROW = 4095
_NARROW_BITS = 16
_WIDE_BITS = 64
_ROOM = (1 << _NARROW_BITS) - 1
_FORMATS = {_NARROW_BITS: "H", _WIDE_BITS: "Q"}


class Packed(NamedTuple):
    """A histogram: the number of its first bin, and the lanes from there to its last, little-endian.

    The same counts are always the same bytes: neither end is a lane of nothing.
    """

    first: int
    lanes: bytes


EMPTY = Packed(0, b"")


def pack(bins: Mapping[int, int], count: int) -> Packed:
    """A histogram of bins and their counts; `count` is that of its row."""
    return added(EMPTY, 0, bins, count)


def added(kept: Packed, count: int, more: Mapping[int, int], new_count: int) -> Packed:
    """A histogram to which counts were added, or of which they were taken where they are negative.

    Args:
        kept: what there was.
        count: what its row counted.
        more: the counts that come, by bin.
        new_count: what its row counts then.
    """
    bits = _lane_bits(new_count)
    if kept.lanes and _lane_bits(count) != bits:
        first, counts = _in_order(int.from_bytes(kept.lanes, "little"), _lane_bits(count))
        counted = dict(enumerate(counts, kept.first + first))
        kept = _packed(*_number(counted, bits), bits)
    if not more:
        return kept
    first, number = _number(more, bits)
    if not kept.lanes:
        return _packed(first, number, bits)
    least = min(first, kept.first)
    number <<= (first - least) * bits
    number += int.from_bytes(kept.lanes, "little") << ((kept.first - least) * bits)
    return _packed(least, number, bits)


def _lane_bits(count: int) -> int:
    return _NARROW_BITS if count <= MOST_NARROW else _WIDE_BITS


def _number(bins: Mapping[int, int], bits: int) -> tuple[int, int]:
    """The first bin, and the number whose lanes begin there."""
    first = min(bins)
    number = 0
    for place, count in bins.items():
        number += count << ((place - first) * bits)
    return first, number


def _packed(first: int, number: int, bits: int) -> Packed:
    # Less than nothing is in a damaged store alone, whose check says so.
    if number <= 0:
        return EMPTY
    empty = ((number & -number).bit_length() - 1) // bits
    number >>= empty * bits
    return Packed(first + empty, number.to_bytes(_size(number, bits), "little"))


def _size(number: int, bits: int) -> int:
    """Bytes of all lanes that hold something."""
    return -(-number.bit_length() // bits) * (bits // 8)


def _in_order(number: int, bits: int) -> tuple[int, tuple[int, ...]]:
    """The first bin of a number that counts something, and the counts from there on."""
    first, lanes = _packed(0, number, bits)
    return first, struct.unpack(f"<{len(lanes) * 8 // bits}{_FORMATS[bits]}", lanes)


def _widened(number: int) -> int:
    """The number with wide lanes of one with narrow ones."""
    first, counts = _in_order(number, _NARROW_BITS)
    lanes = struct.pack(f"<{len(counts)}{_FORMATS[_WIDE_BITS]}", *counts)
    return int.from_bytes(lanes, "little") << (first * _WIDE_BITS)


class BinSums:
    """Adds up the histograms of many rows: one of latencies and one of times to first chunk."""

    __slots__ = ("_first_chunk", "_latency", "_left", "_wide_first_chunk", "_wide_latency")

    def __init__(self) -> None:
        self._latency = self._first_chunk = 0
        self._wide_latency = self._wide_first_chunk = 0
        # What may still be counted before a narrow lane could overflow.
        self._left = _ROOM

    def add(
        self, count: int, latency_first: int, latency: bytes, first_chunk_first: int, first_chunk: bytes
    ) -> None:
        """Adds those of a row, which counts so many and no more in either."""
        if count > MOST_NARROW:
            wide = int.from_bytes(latency, "little"), int.from_bytes(first_chunk, "little")
            self._wide_latency += wide[0] << (latency_first * _WIDE_BITS)
            self._wide_first_chunk += wide[1] << (first_chunk_first * _WIDE_BITS)
            return
        self._left -= count
        if self._left < 0:
            self._spread()
            self._left -= count
        self._latency += int.from_bytes(latency, "little") << (latency_first * _NARROW_BITS)
        if first_chunk:
            self._first_chunk += int.from_bytes(first_chunk, "little") << (first_chunk_first * _NARROW_BITS)

    def percentiles(self) -> tuple[Percentiles | None, Percentiles | None]:
        """Those of latencies, and of times to first chunk; None where nothing was counted."""
        if not self._wide_latency and not self._wide_first_chunk:
            return _percentiles(self._latency, _NARROW_BITS), _percentiles(self._first_chunk, _NARROW_BITS)
        self._spread()
        return _percentiles(self._wide_latency, _WIDE_BITS), _percentiles(self._wide_first_chunk, _WIDE_BITS)

    def _spread(self) -> None:
        """Takes the counts out of the narrow lanes before these overflow."""
        self._wide_latency += _widened(self._latency)
        self._wide_first_chunk += _widened(self._first_chunk)
        self._latency = self._first_chunk = 0
        self._left = _ROOM


def _percentiles(number: int, bits: int) -> Percentiles | None:
    return percentiles_of(*_in_order(number, bits)) if number else None
