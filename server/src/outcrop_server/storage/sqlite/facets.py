"""Counts the traces of a search, when they began and what they have, within a bound on work."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from outcrop.filter.ast import And
from outcrop_server.model.aggregates import Count, Facets
from outcrop_server.model.timeline import Bar, Timeline
from outcrop_server.storage.common.call_columns import IS_CALL
from outcrop_server.storage.common.facet_values import values_of
from outcrop_server.storage.sqlite.aggregate_scope import of_traces, scoped
from outcrop_server.storage.sqlite.candidates import candidates
from outcrop_server.storage.sqlite.conditions import Sql
from outcrop_server.storage.sqlite.search import keys_sql

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from outcrop_server.model.search import TraceSearch
    from outcrop_server.storage.sqlite.words.asking import Asking

# SQLite's own steps, a second's worth or less: a count of them is the same on every machine.
MAX_STEPS = 20_000_000
_STEPS_AT_ONCE = 10_000
_KEYS_AT_ONCE = 400
_NS_IN_S = 1_000_000_000

_FROM = " FROM trace CROSS JOIN experiment USING (experiment_id)"
_TRACE = (
    "trace.trace_key, trace.status, trace.models, trace.tools, trace.tags, trace.session_id, trace.user_id"
)
_SPANS = f"""
    SELECT DISTINCT trace_key, CASE WHEN {IS_CALL} THEN name END, error_type
    FROM span WHERE trace_key IN ({{marks}}) AND (error_type IS NOT NULL OR {IS_CALL})
"""


class _Budget:
    """Steps that SQLite may still take. Once it has none left, statements end early and it says so."""

    def __init__(self, steps: int, asking: Asking | None) -> None:
        self._left = steps
        self._asking = asking
        self._is_over = False

    @property
    def is_spent(self) -> bool:
        """Whether something was not looked at: for want of steps or time, or by the index of words."""
        return self._is_over or (self._asking is not None and self._asking.passes_some)

    def step(self) -> int:
        """Called by SQLite now and then; whether it is to stop."""
        self._left -= _STEPS_AT_ONCE
        self._is_over = self._is_over or self._left < 0
        return int(self._is_over)

    def rows(self, connection: sqlite3.Connection, statement: str, values: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement, as far as the steps reach."""
        try:
            yield from connection.execute(statement, values)
        except sqlite3.OperationalError:
            # It may have looked into payloads for as long as it may.
            self._is_over = self._is_over or (self._asking is not None and self._asking.is_over)
            if not self._is_over:
                raise


@contextmanager
def _bounded(connection: sqlite3.Connection, asking: Asking | None) -> Generator[_Budget, None, None]:
    budget = _Budget(MAX_STEPS, asking)
    connection.set_progress_handler(budget.step, _STEPS_AT_ONCE)
    try:
        yield budget
    finally:
        connection.set_progress_handler(None, 0)


def count(
    connection: sqlite3.Connection, search: TraceSearch, max_traces: int, asking: Asking | None = None
) -> Count:
    """How many traces fit; see `storage.api.TraceStore.count`."""
    if search.where == And():
        scope = scoped(search.experiments, search.where)
        where = f" WHERE {scope.text}" if scope.text else ""
        (total,) = connection.execute(
            f"SELECT coalesce(sum(trace_count), 0) FROM experiment{where}", scope.values
        ).fetchone()
        return Count(int(total), is_exact=True)
    statement, values = matching_sql("1", search, max_traces + 1, _keys(connection, search, asking))
    with _bounded(connection, asking) as budget:
        found = sum(1 for _ in budget.rows(connection, statement, values))
    return Count(min(found, max_traces), is_exact=found <= max_traces and not budget.is_spent)


def facets(
    connection: sqlite3.Connection,
    search: TraceSearch,
    top: int,
    max_traces: int,
    asking: Asking | None = None,
) -> Facets:
    """What the traces that fit have; see `storage.api.TraceStore.facets`."""
    statement, values = matching_sql(_TRACE, search, max_traces + 1, _keys(connection, search, asking))
    with _bounded(connection, asking) as budget:
        rows = list(budget.rows(connection, statement, values))
        is_all = len(rows) <= max_traces and not budget.is_spent
        del rows[max_traces:]
        operations, errors = _of_spans(connection, budget, [row[0] for row in rows])
    return Facets(
        trace_count=len(rows),
        is_exact=is_all and not budget.is_spent,
        values=values_of(rows, operations, errors, top),
    )


def timeline(
    connection: sqlite3.Connection,
    search: TraceSearch,
    interval_s: int,
    max_traces: int,
    asking: Asking | None = None,
) -> Timeline:
    """When the traces that fit began; see `storage.api.TraceStore.timeline`."""
    # One number a row: the step, and whether it failed.
    columns = f"trace.start_time_ns / {interval_s * _NS_IN_S} * 2 + (trace.status = 'ERROR')"
    statement, values = matching_sql(columns, search, max_traces + 1, _keys(connection, search, asking))
    with _bounded(connection, asking) as budget:
        rows = [number for (number,) in budget.rows(connection, statement, values)]
    counts = Counter(rows[:max_traces])
    bars = [
        Bar(step * interval_s, counts[2 * step] + counts[2 * step + 1], counts[2 * step + 1])
        for step in sorted({number // 2 for number in counts})
    ]
    return Timeline(bars, is_exact=len(rows) <= max_traces and not budget.is_spent)


def matching_sql(
    columns: str, search: TraceSearch, limit: int, keys: list[int] | None = None
) -> tuple[str, tuple[Any, ...]]:
    """Selects these columns of the traces that fit, the newest first; `keys` are the only ones that can."""
    scope = of_traces(search.experiments, search.where)
    # The newest first, which an index has in this order: nothing is sorted, so it can end at any row.
    order = " ORDER BY trace.start_time_ns DESC, trace.trace_id DESC LIMIT ?"
    if keys is not None:
        only = keys_sql(keys)
        order = order.replace("trace.start_time_ns", "+trace.start_time_ns")
        scope = Sql(f"{only.text} AND ({scope.text or 1})", (*only.values, *scope.values))
    where = f" WHERE {scope.text}" if scope.text else ""
    return f"SELECT {columns}{_FROM}{where}{order}", (*scope.values, limit)


def _keys(connection: sqlite3.Connection, search: TraceSearch, asking: Asking | None) -> list[int] | None:
    """Of which traces alone texts tell that they can fit; None where no text is asked for, or of many."""
    return None if asking is None else candidates(search.where, connection, asking)


def _of_spans(
    connection: sqlite3.Connection, budget: _Budget, trace_keys: list[int]
) -> tuple[Counter[str], Counter[str]]:
    """In how many traces each operation and each error code is."""
    operations: set[tuple[int, str]] = set()
    errors: set[tuple[int, str]] = set()
    for start in range(0, len(trace_keys), _KEYS_AT_ONCE):
        keys = trace_keys[start : start + _KEYS_AT_ONCE]
        statement = _SPANS.format(marks=", ".join("?" for _ in keys))
        for trace_key, operation, error in budget.rows(connection, statement, keys):
            if operation is not None:
                operations.add((trace_key, operation))
            if error is not None:
                errors.add((trace_key, error))
    return Counter(name for _, name in operations), Counter(code for _, code in errors)
