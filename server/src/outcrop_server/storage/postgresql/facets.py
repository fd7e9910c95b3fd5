"""Counts the traces of a search, when they began and what they have, within a bound on work."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from psycopg import errors

from outcrop.filter.ast import And
from outcrop_server.model.aggregates import Count, Facets
from outcrop_server.model.errors import SearchTooLongError
from outcrop_server.model.timeline import Bar, Timeline
from outcrop_server.storage.common.call_columns import IS_CALL
from outcrop_server.storage.common.facet_values import values_of
from outcrop_server.storage.postgresql.matching import Matching, Scope

if TYPE_CHECKING:
    from outcrop_server.model.search import TraceSearch
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.fitting import Looking, Row

_KEYS_AT_ONCE = 2_000
_NS_IN_S = 1_000_000_000

_TRACE = (
    "trace.trace_key, trace.status, trace.models, trace.tools, trace.tags, trace.session_id, trace.user_id, "
    "trace.part"
)
_SPANS = f"""
    SELECT DISTINCT trace_key, CASE WHEN {IS_CALL} THEN name END, error_type
    FROM span WHERE part = ANY(%s::integer[]) AND trace_key = ANY(%s::bigint[])
        AND (error_type IS NOT NULL OR {IS_CALL})
"""


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
            for row in islice(Matching(self._looking, scope).rows(columns), most):
                found.append(row)  # noqa: PERF402 - see above
        except (SearchTooLongError, errors.QueryCanceled):
            self._is_over = True
        return found

    def more(self, statement: str, values: tuple[Any, ...]) -> list[Row]:
        """The rows of a further statement; none if the time is up."""
        if self._is_over or self._looking.clock.is_over:
            self._is_over = True
            return []
        try:
            return self._looking.connection.execute(statement.encode(), values).fetchall()
        except errors.QueryCanceled:
            self._is_over = True
            return []


def count(looking: Looking, search: TraceSearch, max_traces: int) -> Count:
    """How many traces fit; see `storage.api.KeptTraces.count`."""
    if search.where == And() and search.among is None:
        return Count(kept(looking.connection, search.experiments), is_exact=True)
    budget = _Budget(looking)
    found = len(budget.rows(search, "1", max_traces + 1))
    return Count(min(found, max_traces), is_exact=found <= max_traces and not budget.is_spent)


def kept(connection: Connection, experiments: tuple[str, ...]) -> int:
    """How many traces some experiments have, or all."""
    named = " WHERE name = ANY(%s::text[])" if experiments else ""
    statement = f"SELECT coalesce(sum(trace_count), 0)::bigint FROM experiment{named}"
    values = (list(experiments),) if experiments else ()
    row = connection.execute(statement.encode(), values).fetchone()
    return 0 if row is None else int(row[0])


def facets(looking: Looking, search: TraceSearch, top: int, max_traces: int) -> Facets:
    """What the traces that fit have; see `storage.api.KeptTraces.facets`."""
    budget = _Budget(looking)
    rows = budget.rows(search, _TRACE, max_traces + 1)
    is_all = len(rows) <= max_traces and not budget.is_spent
    del rows[max_traces:]
    operations, failures = _of_spans(budget, rows)
    return Facets(
        trace_count=len(rows),
        is_exact=is_all and not budget.is_spent,
        values=values_of(rows, operations, failures, top),
    )


def timeline(looking: Looking, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
    """When the traces that fit began; see `storage.api.KeptTraces.timeline`."""
    budget = _Budget(looking)
    # One number a row: the step, and whether it failed.
    failed = "CASE trace.status WHEN 'ERROR' THEN 1 ELSE 0 END"
    columns = f"trace.start_time_ns / {interval_s * _NS_IN_S} * 2 + {failed}"
    rows = [number for (number,) in budget.rows(search, columns, max_traces + 1)]
    counts = Counter(rows[:max_traces])
    bars = [
        Bar(step * interval_s, counts[2 * step] + counts[2 * step + 1], counts[2 * step + 1])
        for step in sorted({number // 2 for number in counts})
    ]
    return Timeline(bars, is_exact=len(rows) <= max_traces and not budget.is_spent)


def _of_spans(budget: _Budget, rows: list[Row]) -> tuple[Counter[str], Counter[str]]:
    """In how many traces each operation and each error code is."""
    operations: set[tuple[int, str]] = set()
    failures: set[tuple[int, str]] = set()
    for start in range(0, len(rows), _KEYS_AT_ONCE):
        group = rows[start : start + _KEYS_AT_ONCE]
        parts = sorted({row[-1] for row in group})
        for trace_key, operation, error in budget.more(_SPANS, (parts, [row[0] for row in group])):
            if operation is not None:
                operations.add((trace_key, operation))
            if error is not None:
                failures.add((trace_key, error))
    return Counter(name for _, name in operations), Counter(code for _, code in failures)
