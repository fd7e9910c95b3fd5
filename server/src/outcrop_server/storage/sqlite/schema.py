"""The tables of the SQLite store and how an older file becomes a newer one. Run once, when a store opens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite import (
    blob_schema,
    experiment_schema,
    note_schema,
    removal_schema,
    rollup_schema,
    session_schema,
    term_schema,
    view_schema,
)
from outcrop_server.storage.sqlite.rollup_rows import rebuild

if TYPE_CHECKING:
    import sqlite3

# A span is found by (trace_key, span_id), which is unique as (trace_id, span_id) is, since `trace` gives
# each id one key. Keys count up: new spans land side by side at the end of the tree, where random ids
# would touch a page each. The counts of an experiment are kept by triggers so that no writer forgets them.
_FIRST = (
    """CREATE TABLE experiment (
        experiment_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created_at_ns INTEGER NOT NULL,
        trace_count INTEGER NOT NULL DEFAULT 0,
        error_count INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE trace (
        trace_key INTEGER PRIMARY KEY,
        trace_id BLOB NOT NULL UNIQUE,
        experiment_id INTEGER NOT NULL REFERENCES experiment (experiment_id),
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        start_time_ns INTEGER NOT NULL,
        duration_ns INTEGER NOT NULL,
        span_count INTEGER NOT NULL,
        error_type TEXT,
        error_message TEXT,
        models TEXT NOT NULL,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cache_read_input_tokens INTEGER,
        cache_write_input_tokens INTEGER,
        time_to_first_chunk_ns INTEGER,
        attempts INTEGER NOT NULL,
        request_preview TEXT,
        response_preview TEXT,
        tools TEXT NOT NULL,
        session_id TEXT,
        user_id TEXT,
        tags TEXT NOT NULL,
        summary_keys TEXT NOT NULL
    )""",
    "CREATE INDEX trace_by_experiment ON trace (experiment_id, start_time_ns DESC, trace_id DESC)",
    "CREATE INDEX trace_by_start ON trace (start_time_ns DESC, trace_id DESC)",
    """CREATE TABLE payload (
        payload_id INTEGER PRIMARY KEY,
        frame BLOB NOT NULL
    )""",
    """CREATE TABLE span (
        trace_key INTEGER NOT NULL REFERENCES trace (trace_key),
        span_id BLOB NOT NULL,
        parent_id BLOB,
        name TEXT NOT NULL,
        span_type TEXT NOT NULL,
        status TEXT NOT NULL,
        start_time_ns INTEGER NOT NULL,
        end_time_ns INTEGER NOT NULL,
        error_type TEXT,
        error_message TEXT,
        model TEXT,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cache_read_input_tokens INTEGER,
        cache_write_input_tokens INTEGER,
        time_to_first_chunk_ns INTEGER,
        is_stream INTEGER NOT NULL,
        finish_reason TEXT,
        payload_offset INTEGER NOT NULL,
        payload_length INTEGER NOT NULL,
        payload_id INTEGER NOT NULL REFERENCES payload (payload_id),
        PRIMARY KEY (trace_key, span_id)
    ) WITHOUT ROWID""",
    """CREATE TRIGGER trace_counted AFTER INSERT ON trace BEGIN
        UPDATE experiment SET trace_count = trace_count + 1,
            error_count = error_count + (new.status = 'ERROR')
        WHERE experiment_id = new.experiment_id;
    END""",
    """CREATE TRIGGER trace_uncounted AFTER DELETE ON trace BEGIN
        UPDATE experiment SET trace_count = trace_count - 1,
            error_count = error_count - (old.status = 'ERROR')
        WHERE experiment_id = old.experiment_id;
    END""",
    """CREATE TRIGGER trace_recounted AFTER UPDATE OF experiment_id, status ON trace
    WHEN old.experiment_id <> new.experiment_id OR old.status <> new.status BEGIN
        UPDATE experiment SET trace_count = trace_count - 1,
            error_count = error_count - (old.status = 'ERROR')
        WHERE experiment_id = old.experiment_id;
        UPDATE experiment SET trace_count = trace_count + 1,
            error_count = error_count + (new.status = 'ERROR')
        WHERE experiment_id = new.experiment_id;
    END""",
)

# What calls cost, in billionths of a US dollar: NULL is unknown, with the reason beside it. Calls from
# before are not priced here (that takes their payloads); they say so, so that no sum passes for whole.
_COSTS = (
    "ALTER TABLE span ADD COLUMN vendor TEXT",
    "ALTER TABLE span ADD COLUMN response_model TEXT",
    "ALTER TABLE span ADD COLUMN cost_nano_usd INTEGER",
    "ALTER TABLE span ADD COLUMN cost_reason TEXT",
    "ALTER TABLE trace ADD COLUMN cost_nano_usd INTEGER",
    "ALTER TABLE trace ADD COLUMN unpriced_calls INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE trace ADD COLUMN cost_reason TEXT",
    """UPDATE span SET cost_reason = 'not-priced'
    WHERE input_tokens IS NOT NULL OR output_tokens IS NOT NULL""",
    """UPDATE trace SET cost_reason = 'not-priced', unpriced_calls = (
        SELECT count(*) FROM span WHERE span.trace_key = trace.trace_key AND span.cost_reason IS NOT NULL)
    WHERE input_tokens IS NOT NULL OR output_tokens IS NOT NULL""",
)

# What is said of traces after they ran. Assessments are found by their trace; `place` keeps the order in
# which they came. A trace's tags and metadata lie in its row, beside what says who spoke for each.
_ANNOTATIONS = (
    "ALTER TABLE trace ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}'",
    """CREATE TABLE assessment (
        place INTEGER PRIMARY KEY,
        assessment_id TEXT NOT NULL UNIQUE,
        trace_key INTEGER NOT NULL REFERENCES trace (trace_key),
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        source_type TEXT NOT NULL,
        source_id TEXT NOT NULL,
        rationale TEXT,
        metadata TEXT NOT NULL,
        span_id BLOB,
        author TEXT,
        created_at_ns INTEGER NOT NULL,
        updated_at_ns INTEGER NOT NULL
    )""",
    "CREATE INDEX assessment_by_trace ON assessment (trace_key, place)",
)

# Tokens by which callers are known: only a digest of each. `place` keeps the order in which they were made;
# revoked ones stay, so that a store that once asked for tokens never opens to everyone again by itself.
_TOKENS = (
    """CREATE TABLE access_token (
        place INTEGER PRIMARY KEY,
        token_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        experiments TEXT,
        digest BLOB NOT NULL UNIQUE,
        created_at_ns INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        expires_at_ns INTEGER,
        requests_per_minute INTEGER,
        last_used_at_ns INTEGER,
        revoked_at_ns INTEGER,
        revoked_by TEXT
    )""",
)

# A step of a migration: SQL, or what SQL alone cannot do.
Step = str | Callable[["sqlite3.Connection"], None]

# Which spans lie below which, so that a large trace is read a page at a time, and which parents have not
# come. What changed is numbered by triggers, so that no writer forgets to; each trace has its newest number
# alone, and those of long ago are dropped (100000 is `changes.HISTORY`). The mark tells this store's numbers
# from another one's.
_CHANGED = (
    "DELETE FROM trace_change WHERE trace_key = {row}.trace_key;"
    "INSERT INTO trace_change (trace_key) VALUES ({row}.trace_key);"
    "DELETE FROM trace_change WHERE change <= (SELECT max(change) FROM trace_change) - 100000;"
)
_TREE_AND_CHANGES = (
    "ALTER TABLE trace ADD COLUMN has_root INTEGER NOT NULL DEFAULT 1",
    "UPDATE trace SET has_root = 0 WHERE json_extract(summary_keys, '$[2][0][0]') <> 0",
    "CREATE INDEX span_by_parent ON span (trace_key, parent_id, start_time_ns, span_id)",
    """CREATE TABLE missing_parent (
        trace_key INTEGER NOT NULL,
        parent_id BLOB NOT NULL,
        PRIMARY KEY (trace_key, parent_id)
    ) WITHOUT ROWID""",
    """INSERT INTO missing_parent SELECT DISTINCT trace_key, parent_id FROM span
    WHERE parent_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM span AS parent
        WHERE parent.trace_key = span.trace_key AND parent.span_id = span.parent_id)""",
    "CREATE TABLE trace_change (change INTEGER PRIMARY KEY AUTOINCREMENT, trace_key INTEGER NOT NULL UNIQUE)",
    "CREATE TABLE change_history (mark TEXT NOT NULL)",
    "INSERT INTO change_history VALUES (lower(hex(randomblob(6))))",
    f"CREATE TRIGGER trace_added AFTER INSERT ON trace BEGIN {_CHANGED.format(row='new')} END",
    f"CREATE TRIGGER trace_changed AFTER UPDATE ON trace BEGIN {_CHANGED.format(row='new')} END",
    f"CREATE TRIGGER assessment_added AFTER INSERT ON assessment BEGIN {_CHANGED.format(row='new')} END",
    f"CREATE TRIGGER assessment_changed AFTER UPDATE ON assessment BEGIN {_CHANGED.format(row='new')} END",
    f"CREATE TRIGGER assessment_removed AFTER DELETE ON assessment BEGIN {_CHANGED.format(row='old')} END",
    """CREATE TRIGGER trace_removed AFTER DELETE ON trace BEGIN
        DELETE FROM trace_change WHERE trace_key = old.trace_key;
        DELETE FROM missing_parent WHERE trace_key = old.trace_key;
    END""",
)

# How long the slowest and the quickest span of a trace took, so that a filter of span durations need not look
# at spans that cannot fit. What is filled in here is no change for those who follow traces.
_SPAN_DURATIONS = (
    "ALTER TABLE trace ADD COLUMN longest_span_ns INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE trace ADD COLUMN shortest_span_ns INTEGER NOT NULL DEFAULT 0",
    "DROP TRIGGER trace_changed",
    """UPDATE trace SET (longest_span_ns, shortest_span_ns) = (
        SELECT coalesce(max(end_time_ns - start_time_ns), 0), coalesce(min(end_time_ns - start_time_ns), 0)
        FROM span WHERE span.trace_key = trace.trace_key)""",
    f"CREATE TRIGGER trace_changed AFTER UPDATE ON trace BEGIN {_CHANGED.format(row='new')} END",
    "CREATE INDEX trace_by_longest_span ON trace (longest_span_ns)",
    "CREATE INDEX trace_by_shortest_span ON trace (shortest_span_ns)",
)

# In order; the place in this list, from 1, is the version that a step leads to. Only ever append.
MIGRATIONS: tuple[tuple[Step, ...], ...] = (
    _FIRST,
    _COSTS,
    _ANNOTATIONS,
    _TOKENS,
    term_schema.STEP,
    rollup_schema.TABLES,
    _TREE_AND_CHANGES,
    (*rollup_schema.PACKED, rebuild, *_SPAN_DURATIONS),
    blob_schema.STEP,
    removal_schema.STEP,
    view_schema.STEP,
    experiment_schema.STEP,
    note_schema.STEP,
    session_schema.STEP,
)


# The first page, and the one that says where others moved to.
_EMPTY_PAGES = 2


def migrate(connection: sqlite3.Connection) -> None:
    """Brings a store to the newest version, or leaves it untouched.

    Args:
        connection: in autocommit mode; the caller holds the lock between processes.

    Raises:
        StoreError: the file is another program's, or was made by a newer Outcrop.
    """
    version = version_of(connection)
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _apply(connection, version)
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def version_of(connection: sqlite3.Connection) -> int:
    """The version of a store; 0 of a file in which nothing is yet.

    Raises:
        StoreError: the file is another program's, was made by a newer Outcrop, or has lost its tables.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "schema_version" in tables:
        (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"The store has version {version}, this Outcrop knows {len(MIGRATIONS)}: a newer one made "
                "it. Upgrade (`pip install -U outcrop`) or give another --store."
            )
        return int(version)
    if tables:
        raise StoreError("The file is a database of another program. Give another --store.")
    (pages,) = connection.execute(
        "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
    ).fetchone()
    if pages > _EMPTY_PAGES:
        raise StoreError(
            f"The file says that it has no tables, and has {pages} pages that are in use: its beginning is "
            "damaged. Nothing was changed. Restore a backup, or give another --store."
        )
    return 0


def _apply(connection: sqlite3.Connection, version: int) -> None:
    if version == 0:
        connection.execute(
            "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at_ns INTEGER NOT NULL)"
        )
    for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in statements:
            if isinstance(statement, str):
                connection.execute(statement)
            else:
                statement(connection)
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", (number, time.time_ns()))
