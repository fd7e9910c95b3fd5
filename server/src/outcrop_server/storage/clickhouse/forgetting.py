"""Removes what commits leave behind: rows of those that came to nothing, old parts of log and changes."""

# ruff: noqa: S608 - put together from constants and numbers only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse.changes import FORGOTTEN, HISTORY
from outcrop_server.storage.clickhouse.leases import now_of
from outcrop_server.storage.clickhouse.opening import META
from outcrop_server.storage.clickhouse.removing import begin_delete, drop_partition, wait_for
from outcrop_server.storage.clickhouse.schema import LOG_PART, PLACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.committer import Committer

_HOUR_NS = 3600 * 1_000_000_000
_DAY_NS = 24 * _HOUR_NS
_SIZES = (
    "SELECT toUInt64(partition), sum(bytes_on_disk) FROM system.parts "
    "WHERE active AND database = currentDatabase() AND table = '{table}' GROUP BY partition ORDER BY 1"
)
_VOIDS = "SELECT number, at_ns FROM log WHERE kind = 'void'"


class Forgetting:
    """Removes it.

    Args:
        client: asks the database.
        committer: of the process.
    """

    def __init__(self, client: Client, committer: Committer) -> None:
        self._client = client
        self._committer = committer
        # Commits that came to nothing whose rows were removed, and of which nobody can write any more.
        self._swept: set[int] = set()
        self._swept_late: set[int] = set()

    def forget(self) -> int:
        """Removes what there is; about how many bytes that was."""
        now_ns = now_of(self._client)
        voids = {int(number): int(at_ns) for number, at_ns in self._client.query(_VOIDS)}
        self._sweep([each for each, at_ns in voids.items() if at_ns < now_ns - _HOUR_NS], self._swept)
        # Once more: a writer that had paused may have gone on after that.
        self._sweep([each for each, at_ns in voids.items() if at_ns < now_ns - _DAY_NS], self._swept_late)
        return self._drop_changes(now_ns) or self._drop_log(set(voids))

    def _sweep(self, numbers: Sequence[int], swept: set[int]) -> None:
        """Removes rows of commits that came to nothing."""
        new = sorted(set(numbers) - swept)
        if not new:
            return
        own = f"number IN ({', '.join(map(str, new))})"
        for table in ("span", "frame"):
            for (day,) in self._client.query(f"SELECT DISTINCT day FROM {table} WHERE {own}"):
                begin_delete(self._client, table, own, day)
        if self._client.query(f"SELECT 1 FROM blob WHERE {own} LIMIT 1"):
            begin_delete(self._client, "blob", own)
        wait_for(self._client, ["span", "frame", "blob"])
        swept.update(new)

    def _drop_changes(self, now_ns: int) -> int:
        """Drops the oldest changes, where enough of the last ones are left."""
        sizes = self._client.query(_SIZES.format(table="change"))
        if not sizes:
            return 0
        part, size = sizes[0]
        last = (part + 1) * LOG_PART * PLACES - 1
        ((left, newest_ns),) = self._client.query(
            f"SELECT (SELECT count() FROM change WHERE change > {last}), "
            f"(SELECT max(at_ns) FROM log WHERE number < {(part + 1) * LOG_PART})"
        )
        if left < HISTORY or (newest_ns or 0) > now_ns - _DAY_NS:
            return 0
        # Who reads them learns of it before they go.
        self._committer.submit(lambda writer: writer.records.put(META, FORGOTTEN, str(last))).result()
        drop_partition(self._client, "change", part)
        return int(size)

    def _drop_log(self, voids: set[int]) -> int:
        """Drops the oldest part of the log, which no insert can need any more."""
        sizes = self._client.query(_SIZES.format(table="log"))
        ((newest,),) = self._client.query("SELECT max(number) FROM log")
        if not sizes:
            return 0
        part, size = sizes[0]
        # With a part of the log goes the memory of what was inserted there.
        is_old = (part + 2) * LOG_PART <= newest
        own = {number for number in voids if number // LOG_PART == part}
        if not is_old or not own <= self._swept_late:
            return 0
        drop_partition(self._client, "log", part)
        return int(size)
