"""Groups from the rows of traces and spans: what rollups do not hold, by the same bins."""

# ruff: noqa: S608 - put together from constants, numbers and hex; values go in as parameters.

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from outcrop_server.model.aggregates import MAX_COUNTED
from outcrop_server.model.latency_bins import bin_of, first_durations
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.lives import NOT_VOID
from outcrop_server.storage.clickhouse.matching import Matching, Scope
from outcrop_server.storage.common.call_columns import IS_CALL
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES
from outcrop_server.storage.common.sql import ALWAYS, Sql, joined
from outcrop_server.storage.common.start_bounds import Range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outcrop_server.model.aggregates import AggregateQuery
    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.looking import Looking
    from outcrop_server.storage.common.grouped import Grouped, Key

_NS_IN_S = 1_000_000_000
_MAX_NS = 2**63 - 1
_OF_TRACES = {
    "time": "trace.start_time_ns",
    "experiment": "trace.experiment_id",
    "session": "trace.session_id",
    "user": "trace.user_id",
}
_OF_CALLS = {
    "model": "nullIf(ifNull(span.model, ''), '')",
    "operation": "span.name",
    "span_type": "span.span_type",
}
_SUMS = ", ".join(
    f"sum(toInt128(least(ifNull(span.{name}, 0), {MAX_COUNTED})))"
    for name in (
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_write_input_tokens",
        "cost_nano_usd",
    )
)
_CALL = (
    f"count(), countIf(span.status = 'ERROR'), {_SUMS}, countIf(span.is_unpriced), "
    "sumMap(map(span.latency_bin, toInt64(1))), "
    "sumMapIf(map(ifNull(span.first_chunk_bin, 0), toInt64(1)), isNotNull(span.first_chunk_bin))"
)
# There may be as many of these as there are traces.
_MANY = frozenset({"session", "user"})
_IDS_AT_ONCE = 20_000

# The shortest durations of all bins: the database finds the one below, which is in the bin.
_SHORTEST = [0, *(each for each in first_durations() if each < 2**63)]

# A condition over the row of `trace`, and the days in which the spans of its traces lie.
_Scope = tuple[Sql, set[int]]


def of_rows(looking: Looking, query: AggregateQuery, grouped: Grouped) -> None:
    """Adds every trace and call that fits."""
    asked = _Asked(looking, query)
    if not _MANY.isdisjoint(query.group_by):
        counted = asked.counted(is_of_traces=query.counts_traces)
        largest = sorted(counted.items(), key=lambda item: (-item[1], tuple(map(str, item[0]))))
        kept = [key for key, _ in largest[: query.limit]]
        # What the answer will not hold takes no memory.
        grouped.keep_only(kept, has_more=len(largest) > query.limit)
        asked.keep_only(kept)
    if query.counts_traces:
        for key, (count, failed, durations) in asked.traces():
            entry = grouped.entry(key, TRACES)
            entry.sums[0] += count
            entry.sums[1] += failed
            for duration_ns, number in durations.items():
                place = bin_of(duration_ns)
                entry.latency[place] = entry.latency.get(place, 0) + number
    for key, (*sums, latency, first_chunk) in asked.calls():
        entry = grouped.entry(key, CALLS)
        entry.sums[:] = [one + other for one, other in zip(entry.sums, sums, strict=True)]
        _add(entry.latency, latency)
        _add(entry.first_chunk, first_chunk)


def _add(bins: dict[int, int], more: dict[int, int]) -> None:
    for number, count in more.items():
        bins[number] = bins.get(number, 0) + count


class _Asked:
    """A query's parts as SQL, and the traces that fit where SQL does not tell.

    Args:
        looking: what looks at traces.
        query: what is asked.
    """

    def __init__(self, looking: Looking, query: AggregateQuery) -> None:
        self._looking = looking
        self._query = query
        until_ns = None if query.until_s is None else min(query.until_s * _NS_IN_S, _MAX_NS)
        bounds = Range(min(query.since_s * _NS_IN_S, _MAX_NS), until_ns)
        matching = Matching(looking, Scope(query.where, query.experiments, range=bounds))
        self._models = Sql("span.model IN (%s)", (query.models,)) if query.models else ALWAYS
        self._scopes = list(_scopes(matching))

    def keep_only(self, keys: Sequence[Key]) -> None:
        """Asks for these groups alone, as far as sessions and users tell."""
        for place, name in enumerate(self._query.group_by):
            if name not in _MANY:
                continue
            texts = tuple(sorted({key[place] for key in keys if key[place] is not None}))
            either = [Sql(f"{_OF_TRACES[name]} IN (%s)", (texts,))] if texts else []
            if any(key[place] is None for key in keys):
                either.append(Sql(f"isNull({_OF_TRACES[name]})"))
            if either:
                kept = joined("OR", either)
                self._scopes = [(joined("AND", [scope, kept]), days) for scope, days in self._scopes]

    def traces(self) -> Iterator[tuple[Key, Row]]:
        """The groups of traces: how many, how many failed, and how many took how long."""
        duration = f"roundDown(toUInt64(greatest(mine.duration_ns, 0)), {_SHORTEST})"
        return self._of_traces(
            f"count(), countIf(mine.status = 'ERROR'), sumMap(map({duration}, toInt64(1)))"
        )

    def calls(self) -> Iterator[tuple[Key, Row]]:
        """The groups of calls, with their sums and bins."""
        return self._of_calls(_CALL)

    def counted(self, *, is_of_traces: bool) -> dict[Key, int]:
        """How many traces, or calls, each group has."""
        found: dict[Key, int] = {}
        rows = self._of_traces("count()") if is_of_traces else self._of_calls("count()")
        for key, (number,) in rows:
            found[key] = found.get(key, 0) + number
        return found

    def _of_traces(self, columns: str) -> Iterator[tuple[Key, Row]]:
        for scope, days in self._scopes:
            mine = self._mine("trace.status AS status, trace.duration_ns AS duration_ns", scope)
            yield from self._grouped(columns, Sql(f"FROM ({mine.text}) AS mine", mine.values), days)

    def _of_calls(self, columns: str) -> Iterator[tuple[Key, Row]]:
        calls = joined("AND", [Sql(IS_CALL), self._models])
        for scope, days in self._scopes:
            mine = self._mine("trace.trace_id AS id, trace.born AS born, trace.version AS newest", scope)
            text = (
                f"FROM span INNER JOIN ({mine.text}) AS mine ON span.trace_id = mine.id "
                f"WHERE span.day IN ({', '.join(map(str, sorted(days)))}) AND {calls.text} "
                f"AND span.number BETWEEN mine.born AND mine.newest AND span.{NOT_VOID}"
            )
            yield from self._grouped(columns, Sql(text, (*mine.values, *calls.values)), days)

    def _mine(self, columns: str, scope: Sql) -> Sql:
        """The traces that fit, with the keys of their groups and what else is asked of them."""
        keys = "".join(
            f"{_OF_TRACES[name]} AS {name}, " for name in self._query.group_by if name in _OF_TRACES
        )
        # One that moves is in both its places for a moment.
        text = f"SELECT {keys}{columns} FROM trace FINAL WHERE {scope.text} LIMIT 1 BY trace.trace_id"
        return Sql(text, scope.values)

    def _grouped(self, columns: str, rows: Sql, days: set[int]) -> Iterator[tuple[Key, Row]]:
        group_by, interval_s = self._query.group_by, self._query.interval_s
        keys = [
            f"intDiv(intDiv(mine.time, {_NS_IN_S}), {interval_s:d}) * {interval_s:d}"
            if name == "time"
            else _OF_CALLS.get(name, f"mine.{name}")
            for name in group_by
        ]
        width = len(keys)
        text = f"SELECT {', '.join((*keys, columns))} {rows.text}"
        if keys:
            text += f" GROUP BY {', '.join(str(place + 1) for place in range(width))}"
        for row in self._looking.query(Sql(text, rows.values), days):
            key = [
                self._looking.name_of(value) if name == "experiment" else value
                for name, value in zip(group_by, row, strict=False)
            ]
            yield tuple(key), row[width:]


def _scopes(matching: Matching) -> Iterator[_Scope]:
    """The traces that fit: by a condition, or, where SQL does not tell, by their ids, so many at once."""
    if matching.is_exact:
        found = matching.all()
        if found is not None:
            yield found
        return
    rows = matching.rows("trace.trace_id, trace.day, trace.anchor_day")
    while group := list(islice(rows, _IDS_AT_ONCE)):
        days = ", ".join(map(str, sorted({row[1] for row in group})))
        ids = hex_list([row[0] for row in group], 16)
        yield Sql(f"trace.day IN ({days}) AND trace.trace_id IN {ids}"), {row[2] for row in group}
