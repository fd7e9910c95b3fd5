"""Writes steps to the index, each in one transaction with how far it is then."""

from __future__ import annotations

# ruff: noqa: S608 - put together from constants and numbers
from collections import OrderedDict
from itertools import groupby
from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite.words.index_schema import (
    SHARD_BITS,
    add_shard,
    drop_shard,
    shard_of,
    table_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from outcrop_server.storage.sqlite.words.gathering import Gathered, Step
    from outcrop_server.storage.sqlite.words.index_schema import State

# A shard more than half of whose traces are removed is filled again.
_LEAST_REMOVED = 1_000
# Terms of these shards are remembered; a term that is written twice costs room alone.
_SHARDS = 2
_REMEMBERED = 300_000
# A chunk of a vocabulary is written to until it has so many bytes.
_CHUNK_BYTES = 32 * 1024

_SET_DOCUMENT = "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)"
_REMOVE = (
    "UPDATE document SET trace_id = NULL, payload_id = 0, span_count = 0, is_doubtful = 1 "
    "WHERE trace_key = ? AND trace_id IS NOT NULL"
)
_SET_STATE = "UPDATE state SET change = ?, removal = ?, below = ?, is_whole = ?"


class IndexWriter:
    """Writes an index.

    Args:
        connection: the one that writes, in autocommit mode.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: OrderedDict[int, set[bytes]] = OrderedDict()

    def write(self, step: Step) -> State:
        """Writes a step; gives how far the index is then."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            state = self._write(step)
            self._connection.execute("COMMIT")
        except BaseException:
            self._known.clear()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return state

    def _write(self, step: Step) -> State:
        removed = [key for key in step.removed if self._connection.execute(_REMOVE, (key,)).rowcount]
        self._count(removed, "removed")
        # In their order: so FTS5 need not write out what it has for each.
        ordered = sorted(step.added, key=lambda each: each.trace_key)
        for shard, added in groupby(ordered, key=lambda each: shard_of(each.trace_key)):
            self._add(shard, list(added))
        state = step.state
        for shard in sorted({shard_of(key) for key in removed}):
            if self._is_worn(shard):
                drop_shard(self._connection, shard)
                self._known.pop(shard, None)
                # What is left of it is filled again, by going down from its end.
                state = state._replace(below=max(state.below, (shard + 1) << SHARD_BITS))
        self._connection.execute(_SET_STATE, state)
        return state

    def _add(self, shard: int, added: list[Gathered]) -> None:
        add_shard(self._connection, shard)
        rows = ((each.trace_key, b" ".join(each.terms).decode()) for each in added if each.terms)
        self._connection.executemany(f"INSERT INTO {table_of(shard)} (rowid, terms) VALUES (?, ?)", rows)
        new = [each.trace_key for each in added if not self._has(each.trace_key)]
        self._count(new, "documents")
        self._connection.executemany(_SET_DOCUMENT, [(each.trace_key, *each.document) for each in added])
        self._learn(shard, added)

    def _has(self, trace_key: int) -> bool:
        found = self._connection.execute("SELECT 1 FROM document WHERE trace_key = ?", (trace_key,))
        return found.fetchone() is not None

    def _count(self, keys: Iterable[int], column: str) -> None:
        for key in keys:
            self._connection.execute(
                f"UPDATE shard SET {column} = {column} + 1 WHERE shard = ?", (shard_of(key),)
            )

    def _is_worn(self, shard: int) -> bool:
        row = self._connection.execute(
            "SELECT removed >= documents OR (removed >= ? AND removed * 2 > documents) FROM shard "
            "WHERE shard = ?",
            (_LEAST_REMOVED, shard),
        ).fetchone()
        return row is not None and bool(row[0])

    def _learn(self, shard: int, added: list[Gathered]) -> None:
        """Adds what is new to a shard's vocabulary."""
        known = self._vocabulary(shard)
        new: list[bytes] = []
        for each in added:
            fresh = each.terms - known
            new += fresh
            known |= fresh
        if not new:
            return
        row = self._connection.execute(
            "SELECT chunk, terms FROM vocabulary WHERE shard = ? ORDER BY chunk DESC LIMIT 1", (shard,)
        ).fetchone()
        chunk, terms = row or (0, b"\n")
        if len(terms) >= _CHUNK_BYTES:
            chunk, terms = chunk + 1, b"\n"
        # Each term stands between two line ends.
        text = terms + b"\n".join(new) + b"\n"
        self._connection.execute("INSERT OR REPLACE INTO vocabulary VALUES (?, ?, ?)", (shard, chunk, text))

    def _vocabulary(self, shard: int) -> set[bytes]:
        known = self._known.pop(shard, None)
        if known is None:
            chunks = self._connection.execute("SELECT terms FROM vocabulary WHERE shard = ?", (shard,))
            known = {term for (terms,) in chunks for term in terms.split()}
        if len(known) > _REMEMBERED:
            known = set[bytes]()
        self._known[shard] = known
        while len(self._known) > _SHARDS:
            self._known.popitem(last=False)
        return known
