"""What is said of experiments, which `schema` adds: descriptions, archiving, limits, and names they had."""

from __future__ import annotations

# A program goes on sending under the name that it knows.
STEP = (
    "ALTER TABLE experiment ADD COLUMN description TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE experiment ADD COLUMN archived_at_ns INTEGER",
    "ALTER TABLE experiment ADD COLUMN retention TEXT",
    """CREATE TABLE former_name (
        name TEXT PRIMARY KEY,
        experiment_id INTEGER NOT NULL REFERENCES experiment (experiment_id)
    ) WITHOUT ROWID""",
)
