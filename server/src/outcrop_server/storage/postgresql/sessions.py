"""Reads the pages of sessions; who writes traces keeps their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.aggregates import SessionRow

if TYPE_CHECKING:
    from outcrop_server.model.aggregates import SessionQuery
    from outcrop_server.storage.postgresql.connections import Connection

_SELECT = (
    "SELECT session_id, "
    "(SELECT name FROM experiment WHERE experiment.experiment_id = session.experiment_id), "
    "session.experiment_id, session.trace_count, session.error_count, first_start_ns, last_start_ns, "
    "cost_nano_usd, unpriced_calls, input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens FROM session"
)
_ORDER = " ORDER BY last_start_ns DESC, session.experiment_id DESC, session_id DESC LIMIT %s"


def read_sessions(connection: Connection, query: SessionQuery) -> list[SessionRow]:
    """A page of sessions, those used last first."""
    statement, values = sessions_sql(query)
    return [_row(row) for row in connection.execute(statement.encode(), values)]


def sessions_sql(query: SessionQuery) -> tuple[str, tuple[Any, ...]]:
    """The statement of a page and its values."""
    conditions: list[str] = []
    values: list[Any] = []
    if len(query.experiments) == 1:
        # As one value, so that the index on (experiment, last) gives the rows in order.
        conditions.append("session.experiment_id = (SELECT experiment_id FROM experiment WHERE name = %s)")
        values.extend(query.experiments)
    elif query.experiments:
        conditions.append(
            "session.experiment_id IN (SELECT experiment_id FROM experiment WHERE name = ANY(%s::text[]))"
        )
        values.append(list(query.experiments))
    if query.session_id is not None:
        conditions.append("session_id = %s")
        values.append(query.session_id)
    if query.after is not None:
        conditions.append("(last_start_ns, session.experiment_id, session_id) < (%s, %s, %s)")
        last_ns, experiment_id, session_id = query.after
        values.extend((last_ns, int(experiment_id), session_id))
    where = " WHERE " + " AND ".join(conditions) if conditions else ""
    return _SELECT + where + _ORDER, (*values, query.limit)


def _row(row: tuple[Any, ...]) -> SessionRow:
    session_id, experiment, number, traces, failed, first_ns, last_ns, cost, unpriced, *tokens = row
    input_tokens, output_tokens, cache_read, cache_write = tokens
    return SessionRow(
        session_id=session_id,
        experiment=experiment,
        experiment_id=str(number),
        trace_count=traces,
        error_count=failed,
        first_start_ns=first_ns,
        last_start_ns=last_ns,
        usage=Usage(input_tokens, output_tokens, cache_read, cache_write),
        cost_nano_usd=cost,
        unpriced_calls=unpriced,
    )
