"""The terms of a trace: the words by which its spans are found (names, types, models, errors, tools, tags).

An index from terms to traces, kept with every append. Of spans it holds exactly what they say; of tags it
may hold more than is true (one that was edited), never less: searches leave out traces by it, and test those
that are left.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.sqlite.bulk import Inserts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from outcrop_server.model.new_span import NewSpan

# Ids that one process remembers; more are asked for again.
_REMEMBERED = 50_000

_FIND = "SELECT term_id FROM term WHERE kind = ? AND value = ?"
_INSERT = "INSERT INTO term (kind, value) VALUES (?, ?)"
_OF_TRACES = Inserts("INSERT OR IGNORE INTO trace_term (term_id, trace_key) VALUES", 2)


class Term(NamedTuple):
    """What is said (`name`, `model`, `tag.env`, ...) and its value."""

    kind: str
    value: str


def terms_of(spans: Iterable[NewSpan]) -> set[Term]:
    """The terms of some spans of one trace."""
    found: set[Term] = set()
    seen: set[tuple[str | None, ...]] = set()
    for span in spans:
        row = span.row
        error = None if row.error is None else row.error.type
        said = (row.name, row.span_type, row.model, row.vendor, row.finish_reason, error, row.status)
        if said not in seen:
            seen.add(said)
            found |= _said(*said)
        for tool in span.tools:
            found.add(Term("tool", tool))
        if span.tags or span.metadata:
            found |= texts_terms(span.tags, span.metadata)
    return found


# The spans of all traces say the same few things again and again.
@lru_cache(maxsize=4096)
def _said(  # noqa: PLR0917 - for the cache; what a row says of itself, in the order of its columns
    name: str,
    span_type: str,
    model: str | None,
    vendor: str | None,
    finish_reason: str | None,
    error: str | None,
    status: str,
) -> frozenset[Term]:
    failed = span_type if status == "ERROR" else None
    values = {
        "name": name,
        "type": span_type,
        "model": model,
        "vendor": vendor,
        "finish_reason": finish_reason,
        "error": error,
        "failed": failed,
    }
    return frozenset(Term(kind, value) for kind, value in values.items() if value is not None)


def texts_terms(tags: Mapping[str, str | None], metadata: Mapping[str, str | None]) -> set[Term]:
    """The terms of tags and metadata; None is one that is deleted."""
    texts = (("tag", tags), ("metadata", metadata))
    return {
        Term(f"{entity}.{name}", value)
        for entity, pairs in texts
        for name, value in pairs.items()
        if value is not None
    }


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
