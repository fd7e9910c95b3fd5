"""Groups from the rows of traces and spans, one by one: what rollups do not hold, by the same bins."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.common.call_columns import CALL_COLUMNS, IS_CALL
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES, CallPart
from outcrop_server.storage.sqlite.aggregate_scope import of_traces

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.aggregates import AggregateQuery
    from outcrop_server.storage.common.grouped import Grouped

_NS_IN_S = 1_000_000_000
_MAX_NS = 2**63 - 1
_KEYS = {
    "time": f"trace.start_time_ns / {_NS_IN_S} - trace.start_time_ns / {_NS_IN_S} % ?",
    "experiment": "experiment.name",
    "session": "trace.session_id",
    "user": "trace.user_id",
    "model": "nullif(span.model, '')",
    "operation": "span.name",
    "span_type": "span.span_type",
}
_TRACES = "trace CROSS JOIN experiment USING (experiment_id)"
# There may be as many of these as there are traces.
_MANY = frozenset({"session", "user"})
# Traces first: an index has them in order of time, and a trace's spans lie together.
_SPANS = f"{_TRACES} CROSS JOIN span ON span.trace_key = trace.trace_key"


def of_rows(connection: sqlite3.Connection, query: AggregateQuery, grouped: Grouped) -> None:
    """Adds every trace and call that fits."""
    asked = _Asked(query)
    if not _MANY.isdisjoint(query.group_by):
        _keep_largest(connection, query, asked, grouped)
    if query.counts_traces:
        statement = asked.statement("trace.status, trace.duration_ns", _TRACES)
        for row in connection.execute(statement, asked.values):
            *key, status, duration_ns = row
            # As one of a trace's own kind: without tokens, which its calls bring.
            grouped.entry(tuple(key), TRACES).add_call(
                status, duration_ns, (None, None, None, None), None, None, None, 1
            )
    width = len(query.group_by)
    for row in connection.execute(asked.statement(CALL_COLUMNS, _SPANS, asked.of_calls), asked.call_values):
        grouped.entry(row[:width], CALLS).add(CallPart(*row[width:]), 1)


def _keep_largest(
    connection: sqlite3.Connection, query: AggregateQuery, asked: _Asked, grouped: Grouped
) -> None:
    """Looks for the groups that the answer will hold, so that memory is not spent on the others."""
    statement, values = (
        (asked.statement("count(*)", _TRACES), asked.values)
        if query.counts_traces
        else (asked.statement("count(*)", _SPANS, asked.of_calls), asked.call_values)
    )
    width = len(query.group_by)
    columns = ", ".join(str(place + 1) for place in range(width))
    largest = f"{statement} GROUP BY {columns} ORDER BY {width + 1} DESC, {columns} LIMIT ?"
    rows = connection.execute(largest, (*values, query.limit + 1)).fetchall()
    grouped.keep_only([row[:width] for row in rows[: query.limit]], has_more=len(rows) > query.limit)


class _Asked:
    """A query's parts as SQL.

    Args:
        query: what is asked.
    """

    def __init__(self, query: AggregateQuery) -> None:
        scope = of_traces(query.experiments, query.where)
        until_ns = _MAX_NS if query.until_s is None else min(query.until_s * _NS_IN_S, _MAX_NS)
        since_ns = min(query.since_s * _NS_IN_S, _MAX_NS)
        conditions = ["trace.start_time_ns >= ?"]
        bounds: list[Any] = [since_ns]
        if query.until_s is not None:
            conditions.append("trace.start_time_ns < ?")
            bounds.append(until_ns)
        if scope.text:
            conditions.append(f"({scope.text})")
        self._keys = "".join(f"{_KEYS[name]}, " for name in query.group_by)
        self._conditions = conditions
        intervals = [query.interval_s for name in query.group_by if name == "time"]
        self.values: tuple[Any, ...] = (*intervals, *bounds, *scope.values)
        models = ", ".join("?" for _ in query.models)
        self.of_calls = (IS_CALL, f"span.model IN ({models})") if models else (IS_CALL,)
        self.call_values = (*self.values, *query.models)

    def statement(self, columns: str, tables: str, more: tuple[str, ...] = ()) -> str:
        """Selects the keys of the groups, then these columns."""
        where = " AND ".join((*self._conditions, *more))
        return f"SELECT {self._keys}{columns} FROM {tables} WHERE {where}"
