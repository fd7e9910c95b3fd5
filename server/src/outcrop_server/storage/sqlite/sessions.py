"""Reads the pages of sessions; `rollup_write` keeps their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.aggregates import SessionRow
from outcrop_server.storage.sqlite import statements as sql

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.aggregates import SessionQuery
    from outcrop_server.model.rows import TracePosition

_SELECT = (
    "SELECT session_id, experiment.name, session.experiment_id, session.trace_count, session.error_count, "
    "first_start_ns, last_start_ns, cost_nano_usd, unpriced_calls, input_tokens, output_tokens, "
    "cache_read_input_tokens, cache_write_input_tokens FROM session JOIN experiment USING (experiment_id)"
)
_ORDER = " ORDER BY last_start_ns DESC, session.experiment_id DESC, session_id DESC LIMIT ?"


def read_sessions(connection: sqlite3.Connection, query: SessionQuery) -> list[SessionRow]:
    """A page of sessions, those used last first."""
    statement, values = sessions_sql(query)
    return [_row(row) for row in connection.execute(statement, values)]


def sessions_sql(query: SessionQuery) -> tuple[str, tuple[Any, ...]]:
    """The statement of a page and its values."""
    conditions: list[str] = []
    values: list[Any] = []
    if len(query.experiments) == 1:
        # As one value, so that the index on (experiment, last) gives the rows in order.
        conditions.append("session.experiment_id = (SELECT experiment_id FROM experiment WHERE name = ?)")
        values.extend(query.experiments)
    elif query.experiments:
        conditions.append(f"experiment.name IN ({', '.join('?' for _ in query.experiments)})")
        values.extend(query.experiments)
    if query.session_id is not None:
        conditions.append("session_id = ?")
        values.append(query.session_id)
    if query.after is not None:
        conditions.append("(last_start_ns, session.experiment_id, session_id) < (?, ?, ?)")
        last_ns, experiment_id, session_id = query.after
        values.extend((last_ns, int(experiment_id), session_id))
    where = " WHERE " + " AND ".join(conditions) if conditions else ""
    return _SELECT + where + _ORDER, (*values, query.limit)


def session_traces_sql(
    session_id: str, experiment: str | None, after: TracePosition | None, limit: int
) -> tuple[str, tuple[Any, ...]]:
    """The statement of a page of a session's traces, whose rows are `sql.SELECT_TRACES`'s, and its values."""
    conditions = ["session_id = ?"]
    values: list[Any] = [session_id]
    if experiment is not None:
        conditions.append("experiment.name = ?")
        values.append(experiment)
    if after is not None:
        conditions.append("(start_time_ns, trace_id) > (?, ?)")
        values.extend(after)
    where = " AND ".join(conditions)
    # CROSS: by the session's index, not by the experiment's.
    text = sql.SELECT_TRACES.replace(" JOIN ", " CROSS JOIN ")
    return f"{text} WHERE {where} ORDER BY start_time_ns, trace_id LIMIT ?", (*values, limit)


def _row(row: tuple[Any, ...]) -> SessionRow:
    session_id, experiment, number, traces, errors, first_ns, last_ns, cost, unpriced, *_ = row
    input_tokens, output_tokens, cache_read, cache_write = row[9:]
    return SessionRow(
        session_id=session_id,
        experiment=experiment,
        experiment_id=str(number),
        trace_count=traces,
        error_count=errors,
        first_start_ns=first_ns,
        last_start_ns=last_ns,
        usage=Usage(input_tokens, output_tokens, cache_read, cache_write),
        cost_nano_usd=cost,
        unpriced_calls=unpriced,
    )
