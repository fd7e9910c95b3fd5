"""The rows of rollups: of which stretches of time there are some, and what deltas change of them. Pure."""

from __future__ import annotations

from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from outcrop_server.storage.common.rollup_bins import Packed, added, pack
from outcrop_server.storage.common.rollup_deltas import CALLS, EVERY_CALL, Deltas, Entry, EntryKey
from outcrop_server.storage.common.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Seconds. Each divides the next, and a question is answered from the coarsest ones that fit into its range.
LEVELS_S = (60, 900, 3600, 14_400)
_MOST = 2**63 - 1

# Level, bucket and series.
RowKey = tuple[int, int, int]


class Row(NamedTuple):
    """A row without its key."""

    sums: list[int]
    latency: Packed
    first_chunk: Packed

    def values(self) -> tuple[Any, ...]:
        """As its columns are."""
        return (*self.sums, *self.latency, *self.first_chunk)


def row_of(entry: Entry) -> Row:
    """The row of what is there alone."""
    count = entry.sums[0]
    return Row(entry.sums, pack(entry.latency, count), pack(entry.first_chunk, count))


def changed(found: tuple[Any, ...] | None, entry: Entry) -> Row:
    """The row that comes of the columns of one, or of none, and what is added or taken."""
    if found is None:
        return row_of(entry)
    *sums, latency_first, latency, first_chunk_first, first_chunk = found
    before = sums[0]
    sums = list(map(add, sums, entry.sums))
    if max(sums) > _MOST:
        # A column holds no more, whatever a sender claims.
        sums = [min(each, _MOST) for each in sums]
    return Row(
        sums,
        added(Packed(latency_first, latency), before, entry.latency, sums[0]),
        added(Packed(first_chunk_first, first_chunk), before, entry.first_chunk, sums[0]),
    )


def stretches(since_s: int, until_s: int, levels: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """The fewest stretches (level, from, to) that make up a range; the finest level must fit it."""
    *finer, level = levels
    first, last = -(-since_s // level) * level, until_s // level * level
    if not finer:
        return [(level, first, last)] if first < last else []
    rest = tuple(finer)
    if first >= last:
        return stretches(since_s, until_s, rest)
    return [*stretches(since_s, first, rest), (level, first, last), *stretches(last, until_s, rest)]


def folded(deltas: Deltas, series_id: Callable[[Series], int]) -> dict[RowKey, Entry]:
    """What the deltas change of the rows of every level, by their keys."""
    rows: dict[RowKey, Entry] = {}
    for (minute, *series), entry in (*deltas.entries.items(), *of_every_call(deltas).items()):
        number = series_id(cast("Series", tuple(series)))
        for level_s in LEVELS_S:
            key = (level_s, minute * 60 // level_s * level_s, number)
            kept = rows.get(key)
            # Mostly of one minute: then the levels share what came.
            rows[key] = entry if kept is None else together(kept, entry)
    return rows


def of_every_call(deltas: Deltas) -> dict[EntryKey, Entry]:
    """Of each minute and experiment all calls, whatever their names."""
    entries: dict[EntryKey, Entry] = {}
    for (minute, experiment_id, kind, *_), entry in deltas.entries.items():
        if kind == CALLS:
            key = (minute, experiment_id, EVERY_CALL, "", "", "")
            kept = entries.get(key)
            entries[key] = entry if kept is None else together(kept, entry)
    return entries


def together(one: Entry, other: Entry) -> Entry:
    """Both in one."""
    both = Entry()
    both.sums = list(map(add, one.sums, other.sums))
    both.latency = _bins_together(one.latency, other.latency)
    both.first_chunk = _bins_together(one.first_chunk, other.first_chunk)
    return both


def _bins_together(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    both = dict(one)
    for number, count in other.items():
        both[number] = both.get(number, 0) + count
    return both
