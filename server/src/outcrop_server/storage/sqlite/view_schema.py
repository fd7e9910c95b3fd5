"""The table of saved views, which `schema` makes. `place` keeps the order in which they were made."""

from __future__ import annotations

# By the experiment's number: a view stays its experiment's whatever that is called.
STEP = (
    """CREATE TABLE saved_view (
        place INTEGER PRIMARY KEY,
        view_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        experiment_id INTEGER REFERENCES experiment (experiment_id),
        search TEXT NOT NULL,
        columns TEXT NOT NULL,
        is_compact INTEGER NOT NULL,
        author TEXT NOT NULL,
        created_at_ns INTEGER NOT NULL,
        updated_at_ns INTEGER NOT NULL
    )""",
)
