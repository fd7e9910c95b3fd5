"""The tables of large binaries, which `schema` makes: each content once an experiment, and where it is used.

A use says where in a frame a binary was; see `storage.binaries`. What nobody uses is deleted by triggers, so
that no writer forgets to, a program of an older version that has the file open included.
"""

from __future__ import annotations

# Once an experiment and not once a store: how soon a sender is answered must not tell it what others have.
# No number of a blob is ever given again, so that a reader cannot take another one's content for its own.
# `number` counts the uses of a frame in their order; `trace_key` is that of the frame's spans.
STEP = (
    """CREATE TABLE blob (
        blob_id INTEGER PRIMARY KEY AUTOINCREMENT,
        experiment_id INTEGER NOT NULL REFERENCES experiment (experiment_id),
        sha256 BLOB NOT NULL,
        size INTEGER NOT NULL,
        is_compressed INTEGER NOT NULL,
        content BLOB NOT NULL,
        UNIQUE (experiment_id, sha256)
    )""",
    """CREATE TABLE blob_use (
        payload_id INTEGER NOT NULL REFERENCES payload (payload_id),
        number INTEGER NOT NULL,
        place INTEGER NOT NULL,
        is_base64 INTEGER NOT NULL,
        blob_id INTEGER NOT NULL REFERENCES blob (blob_id),
        trace_key INTEGER NOT NULL REFERENCES trace (trace_key),
        PRIMARY KEY (payload_id, number)
    ) WITHOUT ROWID""",
    "CREATE INDEX blob_use_by_blob ON blob_use (blob_id, trace_key)",
    "CREATE INDEX blob_use_by_trace ON blob_use (trace_key, blob_id)",
    """CREATE TRIGGER payload_removed AFTER DELETE ON payload BEGIN
        DELETE FROM blob_use WHERE payload_id = old.payload_id;
    END""",
    """CREATE TRIGGER blob_unused AFTER DELETE ON blob_use
    WHEN NOT EXISTS (SELECT 1 FROM blob_use WHERE blob_id = old.blob_id) BEGIN
        DELETE FROM blob WHERE blob_id = old.blob_id;
    END""",
)
