"""`outcrop db`: looks after a store's file. The commands are in modules of their own."""

from __future__ import annotations

import click

from outcrop_server.cli.db_changing import backup, compact, migrate
from outcrop_server.cli.db_looking import check, stats
from outcrop_server.cli.db_retain import retain


@click.group()
def db() -> None:
    """Check, back up, shrink and migrate a store, and remove old traces."""


for command in (check, stats, backup, compact, migrate, retain):
    db.add_command(command)
