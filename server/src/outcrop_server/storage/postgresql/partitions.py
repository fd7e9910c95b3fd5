"""The parts that traces lie in: one a day, by when they began, and one for moments that clocks got wrong.

A part is a partition of each of `schema.PARTITIONED`. Old days go by dropping theirs, which costs nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop_server.storage.postgresql.locks import PARTING, key_of
from outcrop_server.storage.postgresql.schema import ELSEWHEN, PARTITIONED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.postgresql.connections import Connection

DAY_NS = 86_400 * 1_000_000_000
# Of what began longer ago, or later than this, no part is made: a sender whose clock is wild would make
# thousands.
PAST_DAYS = 400
AHEAD_DAYS = 2

_FIND = """
    SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = 'trace'::regclass
"""
# Who waits here for long keeps readers waiting behind.
_PATIENCE = "SET LOCAL lock_timeout = '5s'"
_MAKE = "CREATE TABLE {table}_d{part} (LIKE {table} INCLUDING ALL)"
_ATTACH = "ALTER TABLE {table} ATTACH PARTITION {table}_d{part} FOR VALUES IN ({part})"


def part_of(start_ns: int, now_ns: int | None = None) -> int:
    """The part of what began at a moment, if it comes now."""
    day = start_ns // DAY_NS
    today = (time.time_ns() if now_ns is None else now_ns) // DAY_NS
    return day if today - PAST_DAYS <= day <= today + AHEAD_DAYS else ELSEWHEN


def moved(part: int, before_ns: int, start_ns: int) -> int:
    """The part of a trace that lay in one, and began earlier than was known, or later."""
    return part if start_ns // DAY_NS == before_ns // DAY_NS else part_of(start_ns)


def days_between(first_ns: int | None, last_ns: int | None) -> tuple[int, int]:
    """Between which numbers the parts lie, `ELSEWHEN` apart, of what began within a stretch of time."""
    first = -(2**31) if first_ns is None else first_ns // DAY_NS
    last = 2**31 - 1 if last_ns is None else last_ns // DAY_NS
    return max(first, -(2**31)), min(last, 2**31 - 1)


def read_parts(connection: Connection) -> list[int]:
    """Every part that there is, `ELSEWHEN` included, in order."""
    names = (name.rpartition("_")[2] for (name,) in connection.execute(_FIND))
    return sorted(int(name[1:]) if name[1:].isdigit() else ELSEWHEN for name in names)


class PartMissingError(Exception):
    """Something is to be written into a part that was not made ahead.

    Attributes:
        part: which.
    """

    def __init__(self, part: int) -> None:
        super().__init__(f"There is no part {part} yet.")
        self.part = part


class Partitions:
    """Makes parts before something is written into them; to be called by one thread, outside transactions."""

    def __init__(self) -> None:
        self._known: set[int] = {ELSEWHEN}

    def forget(self) -> None:
        """Drops what it remembers; needed where another server may have dropped one."""
        self._known = {ELSEWHEN}

    def checked(self, part: int) -> int:
        """A part that is there.

        Raises:
            PartMissingError: it was not prepared.
        """
        if part not in self._known:
            raise PartMissingError(part)
        return part

    def prepare(self, connection: Connection, parts: Iterable[int]) -> None:
        """Sees to it that these parts are there, and tomorrow's once today's is."""
        wanted = set(parts)
        if not wanted - self._known:
            return
        today = part_of(time.time_ns())
        if today in wanted:
            wanted.add(today + 1)
        self._known.update(read_parts(connection))
        for part in sorted(wanted - self._known):
            _make(connection, part)
            self._known.add(part)


def _make(connection: Connection, part: int) -> None:
    with connection.transaction():
        connection.execute(_PATIENCE)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (key_of(connection, PARTING),))
        # Another server may have made it while this one waited.
        if part in read_parts(connection):
            return
        for table in PARTITIONED:
            for statement in (_MAKE, _ATTACH):
                connection.execute(statement.format(table=table, part=part).encode())
