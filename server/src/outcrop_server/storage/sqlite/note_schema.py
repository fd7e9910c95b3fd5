"""The tables of what is kept beside spans, which `schema` makes; see `storage.notes`."""

from __future__ import annotations

# A note waits here only until the trace's first span comes. A document may come before its trace, so it names
# it by its id, and is found by it when the trace is deleted.
STEP = (
    """CREATE TABLE trace_note (
        trace_id BLOB PRIMARY KEY,
        note TEXT NOT NULL,
        noted_at_ns INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE document (
        collection TEXT NOT NULL,
        key TEXT NOT NULL,
        experiment_id INTEGER NOT NULL REFERENCES experiment (experiment_id),
        trace_id BLOB,
        content BLOB NOT NULL,
        UNIQUE (collection, key)
    )""",
    "CREATE INDEX document_by_trace ON document (trace_id) WHERE trace_id IS NOT NULL",
    """CREATE TRIGGER document_of_removed_trace AFTER DELETE ON trace BEGIN
        DELETE FROM document WHERE trace_id = old.trace_id;
    END""",
)
