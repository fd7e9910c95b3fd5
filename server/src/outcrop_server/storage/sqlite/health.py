"""What can be known of a database file's disk without waiting for it, and a write that changes nothing."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite.words.index_file import index_bytes, index_path

if TYPE_CHECKING:
    from pathlib import Path

    from outcrop_server.storage.sqlite.write import Writer


def fault(path: Path) -> str | None:
    """Why the file or its folder cannot be written to; None if they can. A full disk is not looked for."""
    # Without the path: whoever reaches the server may read this.
    for name, place in (("file", path), ("folder", path.parent)):
        if not place.exists():
            return f"The store's {name} is not there any more."
        if not os.access(place, os.W_OK):
            return f"The store's {name} cannot be written to."
    return None


def free_bytes(path: Path) -> int | None:
    """What is free on the file's disk for this user."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


def file_bytes(path: Path) -> dict[str, int]:
    """Sizes of the database, of its write-ahead log and of its index of words; what is not there has none."""
    found: dict[str, int] = {}
    for name, file in (("database", path), ("log", path.with_name(path.name + "-wal"))):
        try:
            found[name] = file.stat().st_size
        except OSError:
            found[name] = 0
    found["words"] = index_bytes(index_path(path))
    return found


def write_something(writer: Writer) -> None:
    """Writes what is there already: SQLite does not compare, so the disk is really used."""
    (version,) = writer.connection.execute("PRAGMA user_version").fetchone()
    writer.connection.execute(f"PRAGMA user_version = {int(version)}")
