"""What the index is to learn: which traces changed, and the terms of their new spans. It only reads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.common.trace_words import TraceWords
from outcrop_server.storage.sqlite import changes
from outcrop_server.storage.sqlite.removal_schema import HISTORY as REMOVAL_HISTORY
from outcrop_server.storage.sqlite.words.index_schema import (
    NO_DOCUMENT,
    Document,
    State,
)
from outcrop_server.storage.sqlite.words.trace_texts import read_texts

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.sqlite.words.index_file import IndexRows

# A step reads no more than this and then writes it: so many traces, terms, seconds.
_TRACES = 256
_TERMS = 200_000
_SECONDS = 0.15
# Traces that the index has already, looked at in a step.
_COMPARED = 2_000
_REMOVALS = 5_000

_LAST_REMOVAL = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'trace_removal'), 0)"
_REMOVED = "SELECT removal, trace_key FROM trace_removal WHERE removal > ? ORDER BY removal LIMIT ?"
_CHANGED = (
    "SELECT change, trace_key, trace_id, span_count, request_preview, response_preview "
    "FROM trace_change CROSS JOIN trace USING (trace_key) WHERE change > ? ORDER BY change LIMIT ?"
)
_BELOW = (
    "SELECT 0, trace_key, trace_id, span_count, request_preview, response_preview FROM trace "
    "WHERE trace_key < ? ORDER BY trace_key DESC"
)
_DOCUMENT = "SELECT trace_id, payload_id, span_count, is_doubtful FROM document WHERE trace_key = ?"
_DOCUMENTS = "SELECT trace_key FROM document WHERE trace_key >= ? AND trace_key < ? AND trace_id IS NOT NULL"
_TOP = "SELECT coalesce(max(trace_key), 0) + 1 FROM trace"


class _Row(NamedTuple):
    change: int
    trace_key: int
    trace_id: bytes
    span_count: int
    request_preview: str | None
    response_preview: str | None


class Gathered(NamedTuple):
    """What is to be added of a trace: its terms, and what the index holds of it then."""

    trace_key: int
    terms: set[bytes]
    document: Document


@dataclass
class Step:
    """What a step brings.

    Attributes:
        state: how far the index is with it.
        added: what is new, by trace.
        removed: keys of traces that are not there any more.
        is_last: whether nothing is left to do.
        recheck: the key below which traces are still to be compared with the index.
    """

    state: State
    added: list[Gathered] = field(default_factory=list[Gathered])
    removed: list[int] = field(default_factory=list[int])
    is_last: bool = False
    recheck: int = 0


def top_of(store: sqlite3.Connection) -> int:
    """A number above every key of a trace."""
    return int(store.execute(_TOP).fetchone()[0])


def last_removal(store: sqlite3.Connection) -> int:
    """The number of the newest removal."""
    return int(store.execute(_LAST_REMOVAL).fetchone()[0])


def gather(
    store: sqlite3.Connection,
    index: IndexRows,
    state: State,
    read_text: ReadText,
    recheck: int = 0,
) -> Step:
    """The next step.

    Args:
        store: within a snapshot.
        index: the index, which nobody else changes meanwhile.
        state: how far it is.
        read_text: reads a payload.
        recheck: below this key traces are compared with the index, although it should have them.
    """
    newest, newest_removal = changes.last(store).number, last_removal(store)
    is_lost = state.change < newest - changes.HISTORY or state.removal < newest_removal - REMOVAL_HISTORY
    if is_lost:
        # Not known what changed: every trace is compared.
        top = top_of(store)
        return Step(State(newest, newest_removal, top, is_whole=False), recheck=0)
    removed = store.execute(_REMOVED, (state.removal, _REMOVALS)).fetchall()
    step = Step(
        state._replace(removal=removed[-1][0] if removed else state.removal),
        removed=[key for _, key in removed],
        recheck=recheck,
    )
    gatherer = _Gatherer(store, index, read_text, frozenset(step.removed))
    rows = [_Row(*row) for row in store.execute(_CHANGED, (state.change, _TRACES))]
    for row in rows:
        if not gatherer.add(row):
            break
        step.state = step.state._replace(change=row.change)
    step.added = gatherer.added
    if not rows and len(removed) < _REMOVALS:
        _sweep(store, index, gatherer, step)
    return step


def _sweep(store: sqlite3.Connection, index: IndexRows, gatherer: _Gatherer, step: Step) -> None:
    """Goes on downward through all traces."""
    below = max(step.state.below, step.recheck)
    if below == 0:
        step.is_last = True
        return
    there: set[int] = set()
    reached = 0
    # Read as far as there is room: the cursor ends with the snapshot.
    for row in map(_Row._make, store.execute(_BELOW, (below,))):
        if len(there) >= _COMPARED or not (gatherer.is_done(row) or gatherer.add(row)):
            reached = row.trace_key + 1
            break
        there.add(row.trace_key)
    known = (key for (key,) in index.read(_DOCUMENTS, (reached, below)))
    step.removed += [key for key in known if key not in there]
    step.added = gatherer.added
    if step.state.below:
        step.state = step.state._replace(
            below=min(step.state.below, reached), is_whole=step.state.is_whole or reached == 0
        )
    step.recheck = min(step.recheck, reached)


class _Gatherer:
    def __init__(
        self,
        store: sqlite3.Connection,
        index: IndexRows,
        read_text: ReadText,
        removed: frozenset[int],
    ) -> None:
        self._store = store
        self._index = index
        self._read_text = read_text
        self._removed = removed
        self._ends_at = time.monotonic() + _SECONDS
        self._terms = 0
        self.added: list[Gathered] = []

    def is_done(self, row: _Row) -> bool:
        """Whether the index has all of a trace."""
        document = self._document(row)
        return document.trace_id == row.trace_id and document.span_count == row.span_count

    def add(self, row: _Row) -> bool:
        """Reads what is new of a trace; False if there was no room for all of it."""
        if self._is_full() and self.added:
            return False
        document = self._document(row)
        if document.trace_id is not None and (
            document.trace_id != row.trace_id or document.span_count > row.span_count
        ):
            document = NO_DOCUMENT._replace(is_doubtful=True)
        is_whole = True
        terms = TraceWords()
        terms.add_columns(row.request_preview, row.response_preview)
        payload_id, count = document.payload_id, document.span_count
        for found in read_texts(self._store, row.trace_key, self._read_text, document.payload_id):
            if found.payload_id != payload_id:
                is_full = self._terms + len(terms) > _TERMS or time.monotonic() > self._ends_at
                if is_full and payload_id > document.payload_id:
                    # The rest in the next step: what is taken are whole frames.
                    is_whole = False
                    break
                payload_id = found.payload_id
            terms.add(found.text, found.name, found.error_type, found.error_message)
            count += 1
        made = Document(row.trace_id, payload_id, count, document.is_doubtful)
        gathered = Gathered(row.trace_key, terms.all(), made)
        self._terms += len(gathered.terms)
        self.added.append(gathered)
        return is_whole

    def _is_full(self) -> bool:
        return len(self.added) >= _TRACES or self._terms >= _TERMS or time.monotonic() > self._ends_at

    def _document(self, row: _Row) -> Document:
        found = self._index.read(_DOCUMENT, (row.trace_key,))
        if not found:
            return NO_DOCUMENT
        if row.trace_key in self._removed:
            return NO_DOCUMENT._replace(is_doubtful=True)
        trace_id, payload_id, span_count, is_doubtful = found[0]
        return Document(trace_id, payload_id, span_count, bool(is_doubtful))


def terms_of_trace(
    store: sqlite3.Connection,
    trace_key: int,
    previews: tuple[str | None, str | None],
    read_text: ReadText,
) -> set[bytes]:
    """All terms that the index should have of a trace; for its check."""
    terms = TraceWords()
    terms.add_columns(*previews)
    for found in read_texts(store, trace_key, read_text):
        terms.add(found.text, found.name, found.error_type, found.error_message)
    return terms.all()
