"""The terms of traces as rows, kept with every append; `common.trace_terms` says what they are."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite.bulk import Inserts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from outcrop_server.storage.common.trace_terms import Term

# Ids that one process remembers; more are asked for again.
_REMEMBERED = 50_000

_FIND = "SELECT term_id FROM term WHERE kind = ? AND value = ?"
_INSERT = "INSERT INTO term (kind, value) VALUES (?, ?)"
_OF_TRACES = Inserts("INSERT OR IGNORE INTO trace_term (term_id, trace_key) VALUES", 2)


class TermWriter:
    """Writes terms; to be called within a transaction, by one thread.

    Args:
        connection: the connection that writes.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._ids: dict[Term, int] = {}
        self._pairs: list[tuple[int, int]] = []

    def forget(self) -> None:
        """Drops what it remembers; needed after a rollback."""
        self._ids.clear()
        self._pairs.clear()

    def add(self, trace_key: int, terms: Iterable[Term]) -> None:
        """Says that a trace has these terms; `finish` writes it."""
        self._pairs += [(number, trace_key) for number in map(self._id, terms)]

    def finish(self) -> None:
        """Writes what was said."""
        if self._pairs:
            # In one order: neighbours in the tree are written one after the other.
            self._pairs.sort()
            _OF_TRACES.run(self._connection, list(chain.from_iterable(self._pairs)))
            self._pairs.clear()

    def _id(self, term: Term) -> int:
        known = self._ids.get(term)
        if known is None:
            found = self._connection.execute(_FIND, term).fetchone()
            known = int(found[0]) if found else int(self._connection.execute(_INSERT, term).lastrowid or 0)
            if len(self._ids) >= _REMEMBERED:
                self._ids.clear()
            self._ids[term] = known
        return known
