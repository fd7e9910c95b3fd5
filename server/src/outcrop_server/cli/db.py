"""`outcrop db`: looks after a store. The commands are in modules of their own."""

from __future__ import annotations

import click

from outcrop_server.cli.lazy import Later, LazyGroup

_CHANGING, _LOOKING = "outcrop_server.cli.db_changing", "outcrop_server.cli.db_looking"
_COMMANDS = {
    "backup": Later(_CHANGING, "backup", "Copy the store as it is at this moment into a file."),
    "check": Later(_LOOKING, "check", "Look whether everything in the store fits together."),
    "compact": Later(_CHANGING, "compact", "Give the room of what was deleted back to the system."),
    "copy": Later("outcrop_server.cli.db_copying", "copy", "Copy everything into another store."),
    "migrate": Later(_CHANGING, "migrate", "Bring the store of an older Outcrop to this one's version."),
    "retain": Later("outcrop_server.cli.db_retain", "retain", "Remove the traces that are over the limits."),
    "stats": Later(_LOOKING, "stats", "Show what the store holds, by experiment, and what it takes."),
}


@click.group(cls=LazyGroup, later=_COMMANDS)
def db() -> None:
    """Check, back up, shrink, migrate and copy a store, and remove old traces."""
