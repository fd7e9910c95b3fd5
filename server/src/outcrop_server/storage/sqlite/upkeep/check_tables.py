"""Checks that whole tables fit together, in SQL: see `checks`."""

# ruff: noqa: S608 - put together from constants only

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite.changes import HISTORY
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
_UNSEEN_PARENTS = """
    SELECT DISTINCT trace_key, parent_id FROM span WHERE parent_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM span AS parent
        WHERE parent.trace_key = span.trace_key AND parent.span_id = span.parent_id)
"""
_KNOWN_PARENTS = "SELECT trace_key, parent_id FROM missing_parent"
_TREE = (
    (
        "lists span {} as a parent that has not come; it has, or nothing is below it",
        _KNOWN_PARENTS,
        _UNSEEN_PARENTS,
    ),
    ("does not list its parent {}, which has not come", _UNSEEN_PARENTS, _KNOWN_PARENTS),
)
# Traces without a number are not told of: those of long ago have none.
_CHANGES = (
    (
        "change {} is of a trace that is not there",
        "SELECT change FROM trace_change WHERE trace_key NOT IN (SELECT trace_key FROM trace)",
    ),
    (
        "change {} should have been forgotten: it is older than those that are kept",
        f"SELECT change FROM trace_change WHERE change <= (SELECT max(change) FROM trace_change) - {HISTORY}",
    ),
    (
        "change {} is beyond the counter, which would give its number again",
        """SELECT change FROM trace_change
        WHERE change > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'trace_change'), 0)""",
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


def check_tree(connection: sqlite3.Connection) -> Iterator[str]:
    """Whether it is known which parents have not come, so that no span is lost from its trace's tree."""
    for words, those, without in _TREE:
        query = f"""
            SELECT lower(hex(trace_id)), lower(hex(parent_id)) FROM ({those} EXCEPT {without})
            LEFT JOIN trace USING (trace_key)
        """
        for trace_id, parent_id in connection.execute(query):
            yield f"trace {trace_id} {words.format(parent_id)}"


def check_changes(connection: sqlite3.Connection) -> Iterator[str]:
    """Whether the numbers of changes tell a follower what happened since."""
    for words, query in _CHANGES:
        for (number,) in connection.execute(query):
            yield words.format(number)
    (marks,) = connection.execute("SELECT count(*) FROM change_history").fetchone()
    if marks != 1:
        yield f"the numbers of changes have {marks} marks by which a follower knows them, instead of one"


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
