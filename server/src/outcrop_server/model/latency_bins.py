"""Latency histograms that can be added up: bins of durations, and their percentiles. Pure.

Twelve bins a doubling, each about 6 % wide, at the same places in every histogram: so histograms of many
minutes, models and stores merge by adding counts.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A percentile is this far from the duration that has its rank, and a nanosecond more: it is a whole number.
RELATIVE_ERROR = 0.03

_PER_DOUBLING = 12
# A duration's leading bits tell its bin: from 1024 to 2047, whatever its size.
_LEADING_BITS = 11
_LOWEST = 1 << (_LEADING_BITS - 1)
# Where bins begin, rounded up to whole numbers: so all that is compared are integers, on every machine.
_EDGES = [-int(-_LOWEST * 2 ** (place / _PER_DOUBLING) // 1) for place in range(_PER_DOUBLING + 1)]
_PLACES = [sum(edge <= leading for edge in _EDGES) - 1 for leading in range(2 * _LOWEST)]


class Percentiles(NamedTuple):
    """Durations in nanoseconds below which 50, 95 and 99 of 100 lie, within `RELATIVE_ERROR`."""

    p50_ns: int
    p95_ns: int
    p99_ns: int


def bin_of(duration_ns: int) -> int:
    """The number of the bin that a duration in nanoseconds falls into; 0 for none and less."""
    if duration_ns <= 0:
        return 0
    bits = duration_ns.bit_length()
    spare = bits - _LEADING_BITS
    leading = duration_ns >> spare if spare > 0 else duration_ns << -spare
    return bits * _PER_DOUBLING + _PLACES[leading]


def first_durations() -> list[int]:
    """The shortest durations, above nothing, of all bins that a number of 63 bits can fall into, in order."""
    # Of fewer bits than tell a bin apart, several edges are one duration.
    found = {-(-edge * 2**bits // 2**_LEADING_BITS) for bits in range(1, 64) for edge in _EDGES[:-1]}
    return sorted(found)


@lru_cache(maxsize=1024)
def duration_of(number: int) -> int:
    """The duration in nanoseconds that stands for all of a bin: the one that is nearest to both its ends."""
    if number == 0:
        return 0
    bits, place = divmod(number, _PER_DOUBLING)
    low, high = _EDGES[place], _EDGES[place + 1]
    # In proportion, not in the middle: so the error is the same share at either end.
    return round(2 * low * high / (low + high) * 2.0 ** (bits - _LEADING_BITS))


def percentiles(bins: Iterable[tuple[int, int]]) -> Percentiles | None:
    """The percentiles of bins and their counts, in any order; None if nothing was counted."""
    ordered = sorted(bins)
    return _percentiles([number for number, _ in ordered], [count for _, count in ordered])


def percentiles_of(first: int, counts: Sequence[int]) -> Percentiles | None:
    """The percentiles of neighbouring bins, from the one of this number on; None if nothing was counted."""
    return _percentiles(range(first, first + len(counts)), counts)


def _percentiles(numbers: Sequence[int], counts: Sequence[int]) -> Percentiles | None:
    passed = list(accumulate(counts))
    if not passed or not passed[-1]:
        return None
    # The bin that holds the duration of a rank, counted from 1.
    places = [bisect_left(passed, -(-passed[-1] * part // 100)) for part in (50, 95, 99)]
    return Percentiles(*[duration_of(numbers[place]) for place in places])
