"""The end of a transaction that writes: what all writers share, under one lock, which its commit lets go.

So everything here becomes visible in the order of its numbers, and no two transactions wait for each other.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from outcrop_server.storage.postgresql import blobs
from outcrop_server.storage.postgresql.arrays import byteas, integers
from outcrop_server.storage.postgresql.locks import FINISHING, key_of
from outcrop_server.storage.postgresql.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.common.rollup_deltas import Deltas
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.homes import Home

# About what a span takes beside its payload: its row, its part of the trace's row, and of the indices. What
# each part holds is summed up by it, so it stays what it is, or a migration sums them up anew.
SPAN_BYTES = 800
# So many numbers of changes are remembered; older ones are dropped now and then.
HISTORY = 100_000
_DROPPED_EACH = 1000

_LOCK = "SELECT pg_advisory_xact_lock(%s)"
_LAST = "SELECT last FROM change_history"
_NUMBER = """
    INSERT INTO trace_change (change, trace_key, part)
    SELECT %s + number, trace_key, part
    FROM unnest(%s::bigint[], %s::integer[]) WITH ORDINALITY AS changed (trace_key, part, number)
    ON CONFLICT (trace_key) DO UPDATE SET change = excluded.change, part = excluded.part
"""
_SAY_LAST = "UPDATE change_history SET last = %s"
_BEGIN_HISTORY = "INSERT INTO change_history (mark, last) VALUES (%s, 0)"
_DROP_OLD = "DELETE FROM trace_change WHERE change <= %s"
_DROP_CHANGES = "DELETE FROM trace_change WHERE trace_key = ANY(%s::bigint[])"
_USE = """
    INSERT INTO part_use (part, trace_count, kept_bytes, deleted_bytes)
    SELECT * FROM unnest(%s::integer[], %s::bigint[], %s::bigint[], %s::bigint[])
    ON CONFLICT (part) DO UPDATE SET
        trace_count = part_use.trace_count + excluded.trace_count,
        kept_bytes = part_use.kept_bytes + excluded.kept_bytes,
        deleted_bytes = part_use.deleted_bytes + excluded.deleted_bytes
"""
_DELETE_DOCUMENTS = "DELETE FROM document WHERE trace_id = ANY(%s::bytea[])"


def new_mark() -> str:
    """What tells one history of changes from another."""
    return secrets.token_hex(6)


class Finishing:
    """What a transaction has to write at its end; by one thread.

    Args:
        connection: the connection that writes.

    Attributes:
        lock: the number of the lock.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sums = Sums()
        self._changed: dict[int, Home] = {}
        self._used: dict[int, list[int]] = {}
        self._removed: dict[bytes, int] = {}
        self._unused: set[int] = set()
        self._last: int | None = None
        self.lock = key_of(connection, FINISHING)

    def begin(self) -> None:
        """To be called as a transaction begins."""
        self._sums.series.begin()

    def roll_back(self) -> None:
        """Drops what was gathered."""
        self._sums.series.roll_back()
        self._sums.forget()
        self._forget()

    def changed(self, home: Home) -> None:
        """Says that a trace has changed; its newest change counts."""
        self._changed.pop(home.key, None)
        self._changed[home.key] = home

    def in_order(self, homes: Iterable[Home]) -> None:
        """Puts those of some traces that have changed into their order."""
        for home in homes:
            if home.key in self._changed:
                self.changed(home)

    def removed(self, trace_id: bytes, home: Home) -> None:
        """Says that a trace is gone."""
        self._changed.pop(home.key, None)
        self._removed[trace_id] = home.key

    def unused(self, blob_ids: Iterable[int]) -> None:
        """Says that some binaries are used less."""
        self._unused.update(blob_ids)

    def used(self, part: int, traces: int, spans: int, frame_bytes: int) -> None:
        """Says that a part holds more traces, spans and bytes of frames, or fewer."""
        size = spans * SPAN_BYTES + frame_bytes
        sums = self._used.setdefault(part, [0, 0, 0])
        sums[0] += traces
        sums[1] += size
        sums[2] -= min(0, size)

    def take_lock(self) -> None:
        """Waits until no other writer is at its end; the end of the transaction lets it go."""
        self._connection.execute(_LOCK, (self.lock,))

    def look(self, deltas: Deltas) -> None:
        """Takes the lock, and asks for what is to be known before `put`."""
        if not (deltas or self._changed or self._used or self._removed or self._unused):
            return
        connection = self._connection
        if deltas and not self._sums.are_known(deltas):
            self.take_lock()
        with connection.pipeline():
            self.take_lock()
            last = connection.execute(_LAST)
            self._sums.look(connection, deltas)
        found = last.fetchone()
        self._last = None if found is None else int(found[0])

    def put(self, deltas: Deltas) -> None:
        """Writes everything; to be called within a pipeline, since nothing here waits for an answer."""
        connection = self._connection
        self._sums.put(connection, deltas)
        if self._used:
            rows = [(part, *sums) for part, sums in sorted(self._used.items())]
            connection.execute(_USE, [integers(column) for column in zip(*rows, strict=True)])
        if self._removed:
            connection.execute(_DROP_CHANGES, (integers(self._removed.values()),))
            connection.execute(_DELETE_DOCUMENTS, (byteas(self._removed),))
        if self._unused:
            blobs.delete_unused(connection, self._unused)
        if self._changed:
            self._number()
        self._forget()

    def _number(self) -> None:
        connection, last = self._connection, self._last
        if last is None:
            # The first change of all, or the first one after a crash.
            connection.execute("DELETE FROM trace_change")
            connection.execute(_BEGIN_HISTORY, (new_mark(),))
            last = 0
        parts = integers(home.part for home in self._changed.values())
        connection.execute(_NUMBER, (last, integers(self._changed), parts))
        newest = last + len(self._changed)
        connection.execute(_SAY_LAST, (newest,))
        if newest // _DROPPED_EACH != last // _DROPPED_EACH:
            connection.execute(_DROP_OLD, (newest - HISTORY,))

    def _forget(self) -> None:
        self._changed.clear()
        self._used.clear()
        self._removed.clear()
        self._unused.clear()
