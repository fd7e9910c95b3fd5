"""What there is to remove, oldest first, and how much room it takes; see `storage.retention`."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.rows import OldTrace

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.rows import TracePosition

# About what a span takes beside its payload: its row, its part of the trace's row, and of the indices.
SPAN_BYTES = 500
_OF_EXPERIMENT = "experiment_id = (SELECT experiment_id FROM experiment WHERE name = ?)"
# A binary that several traces use counts to the one that came last: it goes with the last of them.
_KEPT_BYTES = f"""
    span_count * {SPAN_BYTES} + (SELECT coalesce(sum(length(frame)), 0) FROM payload
        WHERE payload_id IN (SELECT payload_id FROM span WHERE span.trace_key = trace.trace_key))
    + (SELECT coalesce(sum(length(content)), 0) FROM blob
        WHERE blob_id IN (SELECT blob_id FROM blob_use WHERE blob_use.trace_key = trace.trace_key)
        AND trace.trace_key = (SELECT max(trace_key) FROM blob_use WHERE blob_use.blob_id = blob.blob_id))
"""
_OLDEST = f"SELECT trace_id, start_time_ns, {_KEPT_BYTES} FROM trace WHERE {_OF_EXPERIMENT}"
_AFTER = " AND (start_time_ns, trace_id) > (?, ?)"
_IN_ORDER = " ORDER BY start_time_ns, trace_id LIMIT ?"
_EXPERIMENT_BYTES = f"SELECT coalesce(sum({_KEPT_BYTES}), 0) FROM trace WHERE {_OF_EXPERIMENT}"
_USED_BYTES = """
    SELECT (page_count - freelist_count) * page_size
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size
"""


def oldest_sql(after: TracePosition | None) -> str:
    """The statement of a page."""
    return _OLDEST + ("" if after is None else _AFTER) + _IN_ORDER


def read_oldest(
    connection: sqlite3.Connection, experiment: str, after: TracePosition | None, limit: int
) -> list[OldTrace]:
    """A page of an experiment's traces, oldest first."""
    values = (experiment, *(after or ()), limit)
    return [
        OldTrace(trace_id, experiment, start_ns, size)
        for trace_id, start_ns, size in connection.execute(oldest_sql(after), values)
    ]


def read_experiment_bytes(connection: sqlite3.Connection, experiment: str) -> int:
    """What an experiment takes."""
    return int(connection.execute(_EXPERIMENT_BYTES, (experiment,)).fetchone()[0])


def read_used_bytes(connection: sqlite3.Connection) -> int:
    """What the file's pages take that are not free."""
    return int(connection.execute(_USED_BYTES).fetchone()[0])
