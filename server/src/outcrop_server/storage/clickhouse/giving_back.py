"""Removes what was deleted from the tables, some time later: whole parts of them, else by rewriting a day.

Nothing here may take away what a commit adds meanwhile, however long a statement or this process pauses. So
rows are named by the numbers of the commits that wrote them, and parts by their names.
"""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.clickhouse.ageing import UNUSED_BYTES, unused_blobs
from outcrop_server.storage.clickhouse.client import encoded, hex_list
from outcrop_server.storage.clickhouse.erasing import Erasing
from outcrop_server.storage.clickhouse.forgetting import Forgetting
from outcrop_server.storage.clickhouse.listing import BY_DAYS
from outcrop_server.storage.clickhouse.lives import find_homes
from outcrop_server.storage.clickhouse.removing import begin_delete, drop_part, wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.committer import Committer
    from outcrop_server.storage.clickhouse.writer import Writer

# Less than this part of a day's bytes, or of all binaries', is not worth rewriting it.
_WORTH_IT = 0.1
# Of one statement, whose text the database keeps until it is done.
_MOST_TRACES, _MOST_REBORN, _MOST_BLOBS = 5000, 100, 2000
# What lies by days, beside `trace`.
_BY_DAY = ("span", "frame", "words")
_DOOMED = "FROM doomed FINAL WHERE NOT gone"
_BYTES = (
    "SELECT partition, sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() "
    "AND table IN ('span', 'frame', 'span_local', 'frame_local') GROUP BY partition"
)


class _Doomed(NamedTuple):
    """A trace that was deleted and lies there still: its rows of before a commit."""

    day: int
    trace_id: bytes
    below: int
    kept_bytes: int


class _DeadDay(NamedTuple):
    """A day of which nothing lived at a commit, and the parts in which it lay then."""

    number: int
    parts: list[tuple[str, str]]


class GivingBack:
    """Gives room back, in steps.

    Args:
        client: asks the database.
        committer: of the process.
    """

    def __init__(self, client: Client, committer: Committer) -> None:
        self._client = client
        self._committer = committer
        self._forgetting = Forgetting(client, committer)
        self._erasing = Erasing(client)
        self._lock = threading.Lock()
        # A day goes at once, however large it is; callers are told of it in steps.
        self._untold = 0

    def give_back(self, max_bytes: int, *, is_thorough: bool) -> int:
        """Gives about so many bytes back; 0 when there is nothing left to give.

        Args:
            max_bytes: how many.
            is_thorough: whether days are rewritten of which little is dead, too, and judgements and the log
                of commits are rid of what deleted traces left there.

        Raises:
            UnavailableError: it could not be done now.
        """
        with self._lock:
            if not self._untold:
                self._untold = self._given(0.0 if is_thorough else _WORTH_IT)
                if not self._untold and is_thorough:
                    self._erasing.erase()
            step = min(self._untold, max_bytes)
            self._untold -= step
            return step

    def _given(self, worth_it: float) -> int:
        found = self._client.query(f"SELECT day, sum(kept_bytes) {_DOOMED} GROUP BY day")
        days = {int(day): int(size) for day, size in found}
        if not self._client.cluster and (size := self._whole_days(days)):
            return size
        return self._rows_of_days(days, worth_it) or self._blobs(worth_it) or self._forgetting.forget()

    def _whole_days(self, days: dict[int, int]) -> int:
        """Drops a day of which nothing lives any more."""
        if not days:
            return 0
        living = self._client.query(
            f"SELECT DISTINCT anchor_day FROM trace FINAL WHERE anchor_day IN ({_joined(days)}) AND NOT gone",
            settings=BY_DAYS,
        )
        for day in sorted(days.keys() - {day for (day,) in living}):
            dead = self._committer.submit(partial(_dead_day, day), is_alone=True).result()
            if dead is not None and (size := self._drop(day, dead)):
                return size
        return 0

    def _drop(self, day: int, dead: _DeadDay) -> int:
        """Drops the parts of a dead day; 0 if some have become others meanwhile: then it is tried again."""
        dropped = [drop_part(self._client, table, name) for table, name in dead.parts]
        if not all(dropped):
            return 0
        own = f"FROM doomed FINAL WHERE NOT gone AND day = {day} AND below <= {dead.number}"
        ((size,),) = self._client.query(f"SELECT sum(kept_bytes) {own}")
        # There may be very many.
        self._remove_summaries(f"(SELECT trace_id {own})", dead.number)
        self._client.command(f"INSERT INTO doomed SELECT day, trace_id, below, below + 1, 1, 0 {own}")
        return int(size)

    def _rows_of_days(self, days: dict[int, int], worth_it: float) -> int:
        """Rewrites the day of which most is dead without that, where it is worth it."""
        stored = {int(day): size for day, size in self._client.query(_BYTES)}
        worth = {day: size for day, size in days.items() if size > worth_it * stored.get(day, 0)}
        for day in sorted(worth, key=lambda day: -worth[day]):
            # Of before a moment: what is begun anew later has greater numbers.
            doomed = self._doomed(day)
            homes = find_homes(self._client, {each.trace_id for each in doomed})
            gone = [each for each in doomed if (home := homes.get(each.trace_id)) is None or home.gone]
            left = {each.trace_id for each in gone}
            reborn = [each for each in doomed if each.trace_id in homes and not homes[each.trace_id].gone]
            reborn = reborn[:_MOST_REBORN]
            if not gone and not reborn:
                continue
            self._rewrite(day, left, max((each.below for each in gone), default=0), reborn)
            self._is_done([*gone, *reborn])
            return _size([*gone, *reborn])
        return 0

    def _rewrite(self, day: int, gone: set[bytes], below: int, reborn: Sequence[_Doomed]) -> None:
        for table in _BY_DAY:
            number = "born" if table == "words" else "number"
            conditions = [
                f"(trace_id = unhex('{each.trace_id.hex()}') AND {number} < {each.below})" for each in reborn
            ]
            if gone:
                conditions.append(f"(trace_id IN {hex_list(sorted(gone), 16)} AND {number} < {below})")
            condition = " OR ".join(conditions)
            begin_delete(self._client, table, condition, day)
        wait_for(self._client, _BY_DAY)
        if gone:
            self._remove_summaries(hex_list(sorted(gone), 16), below)

    def _remove_summaries(self, trace_ids: str, below: int) -> None:
        """Removes rows of traces that are gone; those that say so last: else the others would come back."""
        own = f"trace_id IN {trace_ids} AND version <= {below}"
        days = [day for (day,) in self._client.query(f"SELECT DISTINCT day FROM trace WHERE {own}")]
        for gone in (0, 1):
            for day in days:
                begin_delete(self._client, "trace", f"{own} AND gone = {gone}", day)
            wait_for(self._client, ["trace"])

    def _blobs(self, worth_it: float) -> int:
        """Removes binaries that nobody uses, where it is worth it."""
        ((newest,),) = self._client.query("SELECT max(number) FROM log WHERE kind = 'applied'")
        # Asked behind it: what is used again later comes again, with a greater number.
        ((unused, stored),) = self._client.query(
            f"SELECT ({UNUSED_BYTES}), (SELECT sum(bytes_on_disk) FROM system.parts "
            "WHERE active AND database = currentDatabase() AND table = 'blob')"
        )
        if not unused or unused <= worth_it * (stored or 0):
            return 0
        found = self._client.query(unused_blobs(f"number <= {newest}", _MOST_BLOBS))
        if not found:
            return 0
        keys = ", ".join(f"({number}, unhex('{sha256.hex()}'))" for number, sha256, _ in found)
        begin_delete(self._client, "blob", f"(experiment_id, sha256) IN ({keys}) AND number <= {newest}")
        wait_for(self._client, ["blob"])
        return sum(int(size) for *_, size in found)

    def _doomed(self, day: int) -> list[_Doomed]:
        """The first that were deleted of a day's."""
        found = self._client.query(
            f"SELECT day, trace_id, below, kept_bytes {_DOOMED} AND day = {day} "
            f"ORDER BY below, trace_id LIMIT {_MOST_TRACES}"
        )
        return [_Doomed(*values) for values in found]

    def _is_done(self, doomed: Sequence[_Doomed]) -> None:
        """Remembers that nothing of them is there any more; what is said twice is said once."""
        rows = [(each.day, each.trace_id, each.below, each.below + 1, 1, 0) for each in doomed]
        self._client.insert("doomed", encoded("doomed", rows))


def _dead_day(day: int, writer: Writer) -> _DeadDay | None:
    """The parts of a day of which nothing lives; to be asked in a commit, so that nothing is under way there.

    A part that gets more rows later has another name then.
    """
    tables = ", ".join(f"'{table}'" for table in _BY_DAY)
    parts = writer.client.query(
        "SELECT table, name FROM system.parts WHERE active AND database = currentDatabase() "
        f"AND partition = '{day}' AND table IN ({tables})"
    )
    living = writer.client.query(
        f"SELECT 1 FROM trace FINAL WHERE anchor_day = {day} AND NOT gone LIMIT 1", settings=BY_DAYS
    )
    return None if living else _DeadDay(writer.number, [(table, name) for table, name in parts])


def _size(doomed: Sequence[_Doomed]) -> int:
    return sum(each.kept_bytes for each in doomed)


def _joined(days: dict[int, int]) -> str:
    return ", ".join(map(str, sorted(days)))
