"""Checks that whole tables fit together, in SQL: see `checks`."""

# ruff: noqa: S608 - put together from constants only

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite.term_schema import SPAN_TERMS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_ORPHANS = (
    (
        "frame {} has no span",
        "SELECT payload_id FROM payload WHERE payload_id NOT IN (SELECT payload_id FROM span)",
    ),
    (
        "frame {} has spans of several traces",
        "SELECT payload_id FROM span GROUP BY payload_id HAVING min(trace_key) <> max(trace_key)",
    ),
    (
        "trace {} has no span",
        "SELECT lower(hex(trace_id)) FROM trace WHERE trace_key NOT IN (SELECT trace_key FROM span)",
    ),
)
_COUNTS = """
    SELECT experiment.name, trace_count, error_count, count(trace_key),
        coalesce(sum(trace.status = 'ERROR'), 0)
    FROM experiment LEFT JOIN trace USING (experiment_id) GROUP BY experiment_id
"""


def check_file(connection: sqlite3.Connection) -> Iterator[str]:
    """Pages, tables and indices by SQLite's own check, and rows that refer to others that are not there."""
    for (found,) in connection.execute("PRAGMA integrity_check"):
        if found != "ok":
            yield str(found)
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"{table} row {row or ''} refers to a row of {parent} that is not there"


def check_orphans(connection: sqlite3.Connection) -> Iterator[str]:
    """What belongs to nothing."""
    for words, query in _ORPHANS:
        for (which,) in connection.execute(query):
            yield words.format(which)


def check_experiments(connection: sqlite3.Connection) -> Iterator[str]:
    """Whether each experiment counts its traces rightly."""
    for name, traces, errors, real_traces, real_errors in connection.execute(_COUNTS):
        if (traces, errors) != (real_traces, real_errors):
            yield (
                f"experiment '{name}' counts {traces} traces and {errors} failed ones; there are "
                f"{real_traces} and {real_errors}"
            )


def check_terms(connection: sqlite3.Connection) -> Iterator[str]:
    """Whether searches can find every span by its words.

    Of tools, tags and metadata payloads alone tell.
    """
    for kind, column in SPAN_TERMS.items():
        query = f"""
            SELECT lower(hex(trace_id)), said.value FROM
                (SELECT DISTINCT {column} AS value, trace_key FROM span WHERE {column} IS NOT NULL) AS said
                JOIN trace USING (trace_key)
            WHERE NOT EXISTS (
                SELECT 1 FROM term JOIN trace_term USING (term_id)
                WHERE term.kind = '{kind}' AND term.value = said.value
                AND trace_term.trace_key = said.trace_key)
        """
        for trace_id, value in connection.execute(query):
            yield f"trace {trace_id} is not found by {kind} '{str(value)[:80]}'"
