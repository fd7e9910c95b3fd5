"""Which traces were removed, by number, so that what is kept beside the store can let go of them too.

A trace's key may be given again, to another trace, once the newest one is removed.
"""

# ruff: noqa: S608 - put together from constants only

from __future__ import annotations

# Those of longer ago are dropped by the trigger.
HISTORY = 100_000

STEP = (
    "CREATE TABLE trace_removal (removal INTEGER PRIMARY KEY AUTOINCREMENT, trace_key INTEGER NOT NULL)",
    f"""CREATE TRIGGER trace_removal_numbered AFTER DELETE ON trace BEGIN
        INSERT INTO trace_removal (trace_key) VALUES (old.trace_key);
        DELETE FROM trace_removal WHERE removal <= (SELECT max(removal) FROM trace_removal) - {HISTORY};
    END""",
)
