"""Brings a store to the newest version: in place where a step only adds, on a copy where it rewrites rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite import (
    blob_schema,
    experiment_schema,
    note_schema,
    removal_schema,
    schema,
    view_schema,
)
from outcrop_server.storage.sqlite.schema import migrate
from outcrop_server.storage.sqlite.upkeep.opening import alone, locked, log_path, reading, told, version_at
from outcrop_server.storage.sqlite.upkeep.replacing import copy_pages, replace, watch_nothing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Versions whose step makes new tables and columns and leaves every row as it is. Any other runs on a copy.
_ADDED = (
    blob_schema.STEP,
    removal_schema.STEP,
    view_schema.STEP,
    experiment_schema.STEP,
    note_schema.STEP,
)
_ADDING = frozenset({1, 3, 4, *(schema.MIGRATIONS.index(step) + 1 for step in _ADDED)})
# Indices and rollups that a step may add; measured, they took less than half of what was there.
_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What has to be done to a store.

    Attributes:
        version: what it has.
        newest: what this Outcrop has.
        on_copy: whether a step rewrites rows, so that it is made on a copy.
        room_bytes: what may be needed beside the store meanwhile.
    """

    version: int
    newest: int
    on_copy: bool
    room_bytes: int


def planned(path: Path) -> MigrationPlan:
    """What has to be done, asked by who holds the lock and is about to do it.

    Raises:
        StoreError: the file is another program's, or of a newer version.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return _plan(path, version_at(path, connection))


def _plan(path: Path, version: int) -> MigrationPlan:
    newest = len(schema.MIGRATIONS)
    on_copy = version > 0 and any(step not in _ADDING for step in range(version + 1, newest + 1))
    log = log_path(path)
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    return MigrationPlan(version, newest, on_copy, int(size * _GROWTH) if on_copy else 0)


def plan_of(path: Path) -> MigrationPlan:
    """What would have to be done to a store, whether a server has it open or not.

    Raises:
        StoreError: there is no such store, or it cannot be read.
    """
    with reading(path) as (_, version):
        return _plan(path, version)


def migrate_store(
    path: Path, *, in_place: bool = False, on_stage: Callable[[str], None] = watch_nothing
) -> None:
    """Brings a store to the newest version.

    Args:
        path: the store.
        in_place: in one transaction of the file itself, whatever the steps do.
        on_stage: told what is being done.

    Raises:
        StoreError: it was not done, and the store is as it was; says why.
    """
    with told(path), locked(path) as lock, lock.held():
        plan = planned(path)
        if plan.version == plan.newest:
            return
        if plan.on_copy and not in_place:
            migrate_on_copy(path, plan, on_stage)
            return
        # Alone: a server of the older version must not go on with tables that it does not know.
        with alone(path) as connection:
            on_stage("migrating")
            migrate(connection)


def migrate_on_copy(path: Path, plan: MigrationPlan, on_stage: Callable[[str], None] = watch_nothing) -> None:
    """Makes the copy, migrates it, checks it, and puts it in the store's place.

    Raises:
        StoreError, sqlite3.OperationalError: see `replacing.replace`; the store is as it was.
    """

    def make(connection: sqlite3.Connection, copy: Path) -> None:
        with closing(sqlite3.connect(copy, isolation_level=None)) as target:
            # A crash throws the copy away: it is made durable once, when it is right.
            target.execute("PRAGMA synchronous = OFF")
            copy_pages(connection, target, None)
            target.execute("PRAGMA journal_mode = MEMORY")
            on_stage("migrating")
            migrate(target)

    replace(path, make, room_bytes=plan.room_bytes, on_stage=on_stage)
