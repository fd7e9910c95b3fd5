"""Groups as they gather, from sums and bins or from single rows, and the answer made of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.aggregates import Aggregates, CallNumbers, Group, TraceNumbers
from outcrop_server.model.latency_bins import percentiles
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES, Entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.aggregates import AggregateQuery
    from outcrop_server.model.latency_bins import Percentiles
    from outcrop_server.storage.common.rollup_bins import BinSums

Key = tuple[Any, ...]


class Grouped:
    """The groups of a query.

    Args:
        query: what was asked.
    """

    def __init__(self, query: AggregateQuery) -> None:
        self._query = query
        # Without keys there is one group, also of nothing.
        self._groups: dict[Key, tuple[Entry, Entry]] = {} if query.group_by else {(): (Entry(), Entry())}
        self._has_more = False
        self._is_fixed = False
        self._nobodys = Entry()
        self._histograms: dict[tuple[Key, int], BinSums] = {}

    def keep_only(self, keys: Sequence[Key], *, has_more: bool) -> None:
        """Gathers these groups alone; `has_more` says that there are others."""
        self._groups = {key: (Entry(), Entry()) for key in keys}
        self._has_more = has_more
        self._is_fixed = True

    def entry(self, key: Key, kind: int) -> Entry:
        """The numbers of a group's traces or calls."""
        pair = self._groups.get(key)
        if pair is None:
            if self._is_fixed:
                return self._nobodys
            pair = self._groups[key] = (Entry(), Entry())
        return pair[kind]

    def add(self, key: Key, kind: int, sums: Sequence[int], histograms: BinSums) -> None:
        """Puts a group's numbers: its sums in the order of `Entry.sums`, and its histograms."""
        self.entry(key, kind).sums[:] = sums
        self._histograms[key, kind] = histograms

    def result(self) -> Aggregates:
        """The answer, in its order and cut to its limit."""
        counted = TRACES if self._query.counts_traces else CALLS

        def size(item: tuple[Key, tuple[Entry, Entry]]) -> tuple[int, int, tuple[str, ...]]:
            key, pair = item
            return -pair[counted].sums[0], -pair[CALLS].sums[0], tuple(map(str, key))

        largest = sorted(self._groups.items(), key=size)
        kept = largest[: self._query.limit]
        if "time" in self._query.group_by:
            place = self._query.group_by.index("time")
            kept.sort(key=lambda item: item[0][place])
        is_complete = len(kept) == len(largest) and not self._has_more
        return Aggregates([self._group(*item) for item in kept], is_complete)

    def _group(self, key: Key, pair: tuple[Entry, Entry]) -> Group:
        traces, calls = pair
        count, errors, input_tokens, output, cache_read, cache_write, cost, unpriced = calls.sums
        latency, first_chunk = self._percentiles(key, CALLS, calls)
        return Group(
            key,
            TraceNumbers(traces.sums[0], traces.sums[1], self._percentiles(key, TRACES, traces)[0])
            if self._query.counts_traces
            else None,
            CallNumbers(
                count=count,
                errors=errors,
                latency=latency,
                time_to_first_chunk=first_chunk,
                usage=Usage(input_tokens, output, cache_read, cache_write),
                cost_nano_usd=cost,
                unpriced=unpriced,
            ),
        )

    def _percentiles(
        self, key: Key, kind: int, entry: Entry
    ) -> tuple[Percentiles | None, Percentiles | None]:
        """Of latencies, and of times to first chunk."""
        histograms = self._histograms.get((key, kind))
        if histograms is not None:
            return histograms.percentiles()
        return percentiles(entry.latency.items()), percentiles(entry.first_chunk.items())
