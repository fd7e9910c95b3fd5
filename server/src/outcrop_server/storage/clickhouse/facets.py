"""Counts the traces of a search, when they began and what they have, within a bound on work."""

# ruff: noqa: S608 - put together from constants, numbers and hex; values go in as parameters.

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from outcrop.filter.ast import And
from outcrop_server.model.aggregates import Count, Facets
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.model.timeline import Bar, Timeline
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.conditions import FROM_SPANS
from outcrop_server.storage.clickhouse.matching import Matching, Scope
from outcrop_server.storage.common.call_columns import IS_CALL
from outcrop_server.storage.common.facet_values import values_of
from outcrop_server.storage.common.rollup_deltas import TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S
from outcrop_server.storage.common.sql import Sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.model.search import TraceSearch
    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.looking import Looking

# Ids that one statement names.
_IDS_AT_ONCE = 20_000
_NS_IN_S = 1_000_000_000
_TRACE = (
    "trace.trace_id, trace.status, toJSONString(trace.models), toJSONString(trace.tools), "
    "toJSONString(trace.tags), trace.session_id, trace.user_id, trace.anchor_day"
)
_SPANS = (
    f"SELECT {{column}}, uniqExact(span.trace_id) {FROM_SPANS} AND span.trace_id IN {{ids}} AND {{test}} "
    "GROUP BY {column}"
)


class _Budget:
    """Time that a question may still take. Once it has none left, it ends early and says so."""

    def __init__(self, looking: Looking) -> None:
        self._looking = looking
        self._is_over = False

    @property
    def is_spent(self) -> bool:
        """Whether something was not looked at: for want of time, or by the index of words."""
        asking = self._looking.asking
        return self._is_over or (asking is not None and not asking.waiting.is_whole)

    def rows(self, search: TraceSearch, columns: str, most: int) -> list[Row]:
        """The rows of a search, newest first, as far as the time reaches."""
        found: list[Row] = []
        scope = Scope(search.where, search.experiments, search.among)
        try:
            # Taken one by one: what was found before the time was up stays.
            for row in islice(Matching(self._looking, scope).rows(columns, limit=most), most):
                found.append(row)  # noqa: PERF402 - see above
        except SearchTooLongError:
            self._is_over = True
        return found

    def more(self, statement: Sql, days: Iterable[int]) -> list[Row]:
        """The rows of a further statement; none if the time is up."""
        if self._is_over:
            return []
        try:
            return self._looking.query(statement, days)
        except SearchTooLongError:
            self._is_over = True
            return []


def count(looking: Looking, search: TraceSearch, max_traces: int) -> Count:
    """How many traces fit; see `storage.api.KeptTraces.count`."""
    if search.where == And() and search.among is None:
        return Count(kept(looking, search.experiments), is_exact=True)
    budget = _Budget(looking)
    found = len(budget.rows(search, "1", max_traces + 1))
    return Count(min(found, max_traces), is_exact=found <= max_traces and not budget.is_spent)


def kept(looking: Looking, experiments: tuple[str, ...]) -> int:
    """How many traces some experiments have, or all."""
    numbers = ", ".join(map(str, looking.numbers_of(experiments))) or "0"
    named = f" AND experiment_id IN ({numbers})" if experiments else ""
    statement = f"SELECT sum(count) FROM rollup WHERE level_s = {LEVELS_S[-1]} AND kind = {TRACES}{named}"
    ((found,),) = looking.query(Sql(statement))
    return int(found)


def facets(looking: Looking, search: TraceSearch, top: int, max_traces: int) -> Facets:
    """What the traces that fit have; see `storage.api.KeptTraces.facets`."""
    budget = _Budget(looking)
    rows = budget.rows(search, _TRACE, max_traces + 1)
    is_all = len(rows) <= max_traces and not budget.is_spent
    del rows[max_traces:]
    operations = _of_spans(budget, rows, "span.name", IS_CALL)
    failures = _of_spans(budget, rows, "span.error_type", "isNotNull(span.error_type)")
    return Facets(
        trace_count=len(rows),
        is_exact=is_all and not budget.is_spent,
        values=values_of(rows, operations, failures, top),
    )


def timeline(looking: Looking, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
    """When the traces that fit began; see `storage.api.KeptTraces.timeline`."""
    budget = _Budget(looking)
    # One number a row: the step, and whether it failed.
    columns = f"intDiv(trace.start_time_ns, {interval_s * _NS_IN_S}) * 2 + (trace.status = 'ERROR')"
    rows = [number for (number,) in budget.rows(search, columns, max_traces + 1)]
    counts = Counter(rows[:max_traces])
    bars = [
        Bar(step * interval_s, counts[2 * step] + counts[2 * step + 1], counts[2 * step + 1])
        for step in sorted({number // 2 for number in counts})
    ]
    return Timeline(bars, is_exact=len(rows) <= max_traces and not budget.is_spent)


def _of_spans(budget: _Budget, rows: list[Row], column: str, test: str) -> Counter[str]:
    """In how many traces each value of a column is."""
    found: Counter[str] = Counter()
    for start in range(0, len(rows), _IDS_AT_ONCE):
        group = rows[start : start + _IDS_AT_ONCE]
        ids = hex_list([row[0] for row in group], 16)
        statement = Sql(_SPANS.format(column=column, ids=ids, test=test))
        for value, traces in budget.more(statement, {row[-1] for row in group}):
            found[value] += traces
    return found
