"""A copy of a store of one moment, while servers go on writing; checked before it gets its name."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite.upkeep.opening import reading, snapshot, told
from outcrop_server.storage.sqlite.upkeep.replacing import (
    copy_pages,
    counted,
    create_private,
    remove,
    sync_folder,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def back_up(
    path: Path, target: Path, on_pages: Callable[[int, int], None] | None = None
) -> tuple[dict[str, int], int]:
    """Copies a store.

    Args:
        path: the store.
        target: the file to make; one that is there is never overwritten.
        on_pages: told how many pages are copied and how many there are.

    Returns:
        How many rows each table has, and the copy's bytes.

    Raises:
        StoreError: nothing was made; says why.
    """
    part = target.with_name(target.name + ".part")
    _prepare(target, part)
    try:
        with told(path):
            counts = _copy(path, part, on_pages)
            verify(part, counts)
        _name(part, target)
    except OSError as error:
        raise StoreError(f"The backup {target} could not be written: {error.strerror}.") from error
    finally:
        remove(part)
    return counts, target.stat().st_size


def _copy(path: Path, part: Path, on_pages: Callable[[int, int], None] | None) -> dict[str, int]:
    with reading(path) as (connection, _), snapshot(connection):
        # The first read fixes the moment: without it each write of a server would begin the copy anew.
        counts = counted(connection)
        _need_room(connection, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            copy_pages(connection, copy, on_pages)
            # One file, with nothing beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    return counts


def _prepare(target: Path, part: Path) -> None:
    if target.exists():
        raise StoreError(f"{target} is there already, and nothing is overwritten. Give another name.")
    try:
        create_private(part)
    except FileExistsError as error:
        raise StoreError(
            f"{part} is there already: another backup is being made, or one was cut off. In that case delete "
            "it and try again."
        ) from error
    except OSError as error:
        raise StoreError(f"The backup {target} cannot be written: {error.strerror}.") from error


def _need_room(connection: sqlite3.Connection, part: Path) -> None:
    (size,) = connection.execute(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    ).fetchone()
    free = shutil.disk_usage(part.parent).free
    if free < size:
        raise StoreError(f"The backup takes {size:,} bytes, and {free:,} are free in {part.parent}.")


def _name(part: Path, target: Path) -> None:
    """Gives the copy its name, unless somebody made a file of this name meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError as error:
        raise StoreError(f"{target} is there now, and nothing is overwritten. Give another name.") from error
    except OSError:  # a file system without links
        part.rename(target)
    sync_folder(target)
