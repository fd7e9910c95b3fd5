"""A process that migrates a store and is killed in the midst.

Run as `python migrating_process.py FILE STAGE`; the stage `step` is within the last step, half done.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from pathlib import Path

from outcrop_server.storage.sqlite import schema
from outcrop_server.storage.sqlite.upkeep.migrating import migrate_store


def main() -> None:
    """Migrates until it is killed."""
    path, fatal = Path(sys.argv[1]), sys.argv[2]

    def on_stage(stage: str) -> None:
        if stage == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE trace SET name = 'half done'")
        on_stage("step")

    schema.MIGRATIONS = (*schema.MIGRATIONS[:-1], (*schema.MIGRATIONS[-1], half))
    migrate_store(path, on_stage=on_stage, in_place=sys.argv[3:] == ["in-place"])


if __name__ == "__main__":
    main()
