"""Reads the pages of sessions; who writes traces keeps their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop.genai.usage import Usage
from outcrop_server.model.aggregates import SessionRow
from outcrop_server.storage.clickhouse.matching import behind_sql
from outcrop_server.storage.common.sql import Sql, joined

if TYPE_CHECKING:
    from outcrop_server.model.aggregates import SessionQuery
    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.looking import Looking

_SELECT = (
    "SELECT session_id, experiment_id, trace_count, error_count, first_start_ns, last_start_ns, "
    "cost_nano_usd, unpriced_calls, input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens FROM session FINAL"
)
_ORDER = (("last_start_ns", True), ("experiment_id", True), ("session_id", True))
_BY = ", ".join(f"{name} DESC" for name, _ in _ORDER)


def read_sessions(looking: Looking, query: SessionQuery) -> list[SessionRow]:
    """A page of sessions, those used last first."""
    conditions = [Sql("trace_count > 0")]
    if query.experiments:
        numbers = looking.numbers_of(query.experiments)
        if not numbers:
            return []
        conditions.append(Sql(f"experiment_id IN ({', '.join(map(str, numbers))})"))
    if query.session_id is not None:
        conditions.append(Sql("session_id = %s", (query.session_id,)))
    if query.after is not None:
        last_ns, experiment_id, session_id = query.after
        conditions.append(behind_sql(_ORDER, (last_ns, int(experiment_id), session_id)))
    where = joined("AND", conditions)
    statement = Sql(f"{_SELECT} WHERE {where.text} ORDER BY {_BY} LIMIT {query.limit:d}", where.values)
    return [_row(looking, row) for row in looking.query(statement)]


def _row(looking: Looking, row: Row) -> SessionRow:
    session_id, number, traces, failed, first_ns, last_ns, cost, unpriced, *tokens = row
    input_tokens, output_tokens, cache_read, cache_write = tokens
    return SessionRow(
        session_id=session_id,
        experiment=looking.name_of(number),
        experiment_id=str(number),
        trace_count=traces,
        error_count=failed,
        first_start_ns=first_ns,
        last_start_ns=last_ns,
        usage=Usage(input_tokens, output_tokens, cache_read, cache_write),
        cost_nano_usd=cost,
        unpriced_calls=unpriced,
    )
