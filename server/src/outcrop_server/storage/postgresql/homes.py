"""Which traces a transaction touches, and the locks on them.

A row of `trace_home` gives an id its key and part. Who writes a trace holds its row; rows are made and locked
by the order of ids, so that nobody waits for somebody who waits for him.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outcrop_server.storage.postgresql.arrays import byteas, integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outcrop_server.storage.postgresql.connections import Connection

_MAKE = """
    INSERT INTO trace_home (trace_id, part) SELECT * FROM unnest(%s::bytea[], %s::integer[])
    ON CONFLICT (trace_id) DO NOTHING RETURNING trace_id, trace_key
"""
_LOCK = """
    SELECT trace_id, trace_key, part FROM trace_home WHERE trace_id = ANY(%s::bytea[])
    ORDER BY trace_id FOR UPDATE
"""
_MOVE = """
    UPDATE trace_home SET part = moved.part FROM unnest(%s::integer[], %s::bytea[]) AS moved (part, trace_id)
    WHERE trace_home.trace_id = moved.trace_id
"""
_DROP = "DELETE FROM trace_home WHERE trace_id = ANY(%s::bytea[])"
# Between making and locking, the one that was in the way may have been deleted.
_TRIES = 20


@dataclass(slots=True)
class Home:
    """Where a trace lies.

    Attributes:
        key: its key.
        part: its part, also while it has no row yet.
        is_stored: whether it has a row, or one that is about to be copied.
        has_note: whether a note waits for it.
        kept_part: the part that its home's row says.
    """

    key: int
    part: int
    is_stored: bool
    has_note: bool
    kept_part: int | None

    @property
    def wanted_part(self) -> int | None:
        """The part that its home's row is to say."""
        return self.part if self.is_stored else None


class Homes:
    """The traces of one transaction; to be called within it, by one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._homes: dict[bytes, Home] = {}

    def lock(self, made: Mapping[bytes, int | None], found: Iterable[bytes]) -> None:
        """Locks what a transaction writes; before everything else in it.

        Args:
            made: traces that are made where they are not there, with their parts; without one, a note waits.
            found: traces that are changed where they are there.
        """
        missing = dict(made)
        others = set(found) - missing.keys()
        for _ in range(_TRIES):
            new = self._make(missing)
            left = [trace_id for trace_id in missing if trace_id not in new]
            known = self._lock([*left, *others])
            missing = {trace_id: made[trace_id] for trace_id in left if trace_id not in known}
            others = set[bytes]()
            if not missing:
                return
        raise AssertionError("A trace was deleted and made anew again and again.")

    def get(self, trace_id: bytes) -> Home | None:
        """A trace's home, if it has one or is to have one."""
        return self._homes.get(trace_id)

    def stored(self, trace_id: bytes) -> Home | None:
        """A trace's home, if the trace is there."""
        home = self._homes.get(trace_id)
        return home if home is not None and home.is_stored else None

    def finish(self) -> None:
        """Writes where traces lie now; takes away the homes of those that are gone."""
        gone: list[bytes] = []
        moved: list[tuple[int | None, bytes]] = []
        for trace_id, home in self._homes.items():
            if not (home.is_stored or home.has_note):
                gone.append(trace_id)
            elif home.wanted_part != home.kept_part:
                moved.append((home.wanted_part, trace_id))
        if moved:
            parts, ids = zip(*moved, strict=True)
            self._connection.execute(_MOVE, (integers(parts), byteas(ids)))
        if gone:
            self._connection.execute(_DROP, (byteas(gone),))

    def _make(self, missing: Mapping[bytes, int | None]) -> set[bytes]:
        ids = sorted(missing)
        if not ids:
            return set()
        parts = integers(missing[trace_id] for trace_id in ids)
        rows: list[tuple[Any, ...]] = self._connection.execute(_MAKE, (byteas(ids), parts)).fetchall()
        for trace_id, key in rows:
            part = missing[trace_id]
            self._homes[trace_id] = Home(key, part or 0, False, False, part)
        return {trace_id for trace_id, _ in rows}

    def _lock(self, ids: list[bytes]) -> set[bytes]:
        if not ids:
            return set()
        rows: list[tuple[Any, ...]] = self._connection.execute(_LOCK, (byteas(ids),)).fetchall()
        for trace_id, key, part in rows:
            self._homes[trace_id] = Home(key, part or 0, part is not None, part is None, part)
        return {trace_id for trace_id, _, _ in rows}
