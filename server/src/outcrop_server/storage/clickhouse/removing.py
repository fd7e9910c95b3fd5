"""Statements that remove rows and parts of tables, and waiting for those that the database does by and by."""

# ruff: noqa: S608 - put together from constants and numbers only.

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.clickhouse import failures
from outcrop_server.storage.clickhouse.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.clickhouse.client import Client

_NO_SUCH_PART = 232
# Else ClickHouse refuses to drop much at once.
_ANY_SIZE = {"max_partition_size_to_drop": 0}
_MOST_WAITING_S = 600.0
_FIRST_PAUSE_S, _MOST_PAUSE_S = 0.02, 1.0


def local_name(client: Client, table: str) -> str:
    """The table that holds the rows on each node."""
    return f"{table}_local" if client.cluster and TABLES[table].is_sharded else table


def altered(client: Client, table: str) -> str:
    """The beginning of a statement that changes a table on every node."""
    on = f" ON CLUSTER '{client.cluster}'" if client.cluster else ""
    return f"ALTER TABLE {local_name(client, table)}{on}"


def begin_delete(client: Client, table: str, condition: str, day: int | None = None) -> None:
    """Has rows removed, by and by: `wait_for` tells when they are gone.

    Args:
        client: asks the database.
        table: its name.
        condition: of the rows.
        day: in which they lie; None for a table that has no days.
    """
    within = "" if day is None else f" IN PARTITION {day}"
    # The answer would come when it is done, long after anybody waits for it.
    client.command(
        f"{altered(client, table)} DELETE{within} WHERE {condition}", settings={"mutations_sync": 0}
    )


def drop_part(client: Client, table: str, name: str) -> bool:
    """Drops a part of a table; False if it has become another one."""
    try:
        client.command(f"{altered(client, table)} DROP PART '{name}'", settings=_ANY_SIZE)
    except UnavailableError as error:
        if error.__cause__ is not None and failures.code_of(error.__cause__) == _NO_SUCH_PART:
            return False
        raise
    return True


def drop_partition(client: Client, table: str, partition: int) -> None:
    """Drops a partition of a table."""
    client.command(f"{altered(client, table)} DROP PARTITION {partition}", settings=_ANY_SIZE)


def wait_for(client: Client, tables: Iterable[str]) -> None:
    """Waits until the rewriting of tables is done.

    Raises:
        UnavailableError: it fails, or takes very long. It goes on, and may be begun again.
    """
    names = ", ".join(f"'{local_name(client, table)}'" for table in tables)
    statement = (
        "SELECT count(), max(latest_fail_reason) FROM system.mutations "
        f"WHERE database = currentDatabase() AND NOT is_done AND table IN ({names})"
    )
    until_s, pause_s = time.monotonic() + _MOST_WAITING_S, _FIRST_PAUSE_S
    while True:
        ((count, reason),) = client.query(statement)
        if not count:
            return
        if reason or time.monotonic() > until_s:
            raise UnavailableError(
                f"Room could not be given back: {reason or 'the database is still at it'}.", retry_after_s=60
            )
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, _MOST_PAUSE_S)
