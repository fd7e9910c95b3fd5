"""The table of who is signed in with a browser, which `schema` makes."""

from __future__ import annotations

STEP = (
    """CREATE TABLE page_session (
        digest BLOB PRIMARY KEY,
        token_id TEXT NOT NULL,
        ends_at_ns INTEGER NOT NULL
    ) WITHOUT ROWID""",
)
