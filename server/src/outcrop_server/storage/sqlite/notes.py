"""Waiting notes and documents as rows.

The functions that write are called within a transaction, by the committing thread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop_server.model.annotations import Document, DocumentKey
from outcrop_server.storage.common.note_texts import WAITS_NS, note_text, read_note_text
from outcrop_server.storage.sqlite.bulk import Lookup

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from outcrop_server.model.annotations import TraceNote

_IS_ANY = "SELECT 1 FROM trace_note LIMIT 1"
_OF_TRACES = Lookup("SELECT trace_id, note FROM trace_note WHERE trace_id IN")
_SELECT_NOTE = "SELECT note FROM trace_note WHERE trace_id = ?"
_PUT_NOTE = "INSERT OR REPLACE INTO trace_note (trace_id, note, noted_at_ns) VALUES (?, ?, ?)"
_DELETE_NOTE = "DELETE FROM trace_note WHERE trace_id = ?"
_DELETE_OLD = "DELETE FROM trace_note WHERE noted_at_ns < ?"
_SELECT_DOCUMENT = """
    SELECT experiment.name, content, trace_id FROM document JOIN experiment USING (experiment_id)
    WHERE collection = ? AND key = ?
"""
_SELECT_KEYS = """
    SELECT key, length(content) FROM document
    WHERE collection = ? AND key >= ? AND substr(key, 1, ?) = ? ORDER BY key LIMIT ?
"""
_PUT_DOCUMENT = """
    INSERT INTO document (collection, key, experiment_id, trace_id, content) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (collection, key) DO UPDATE SET
        experiment_id = excluded.experiment_id, trace_id = excluded.trace_id, content = excluded.content
"""
_SELECT_NOTES = "SELECT trace_id, note FROM trace_note WHERE trace_id > ? ORDER BY trace_id LIMIT ?"
_SELECT_DOCUMENTS = """
    SELECT collection, key, experiment.name, content, trace_id
    FROM document JOIN experiment USING (experiment_id)
    WHERE (collection, key) > (?, ?) ORDER BY collection, key LIMIT ?
"""
_DELETE_DOCUMENT = "DELETE FROM document WHERE collection = ? AND key = ?"


def read_note(connection: sqlite3.Connection, trace_id: bytes) -> TraceNote | None:
    """What waits for a trace."""
    found = connection.execute(_SELECT_NOTE, (trace_id,)).fetchone()
    return None if found is None else read_note_text(found[0])


def keep_note(connection: sqlite3.Connection, trace_id: bytes, note: TraceNote) -> None:
    """Lets a note wait, behind those that wait already."""
    now = time.time_ns()
    connection.execute(_DELETE_OLD, (now - WAITS_NS,))
    before = read_note(connection, trace_id)
    connection.execute(_PUT_NOTE, (trace_id, note_text(note if before is None else before.then(note)), now))


def take_notes(connection: sqlite3.Connection, trace_ids: Sequence[bytes]) -> dict[bytes, TraceNote]:
    """What waits for some traces, which have come; it waits no longer."""
    # Mostly nothing does, and this is asked with every batch of spans.
    if connection.execute(_IS_ANY).fetchone() is None:
        return {}
    found = {trace_id: read_note_text(text) for trace_id, text in _OF_TRACES.run(connection, trace_ids)}
    delete_notes(connection, list(found))
    return found


def delete_notes(connection: sqlite3.Connection, trace_ids: Sequence[bytes]) -> None:
    """Forgets what waits for some traces."""
    connection.executemany(_DELETE_NOTE, [(trace_id,) for trace_id in trace_ids])


def read_document(connection: sqlite3.Connection, place: DocumentKey) -> Document | None:
    """One document."""
    found = connection.execute(_SELECT_DOCUMENT, place).fetchone()
    return None if found is None else Document(place, *found)


def read_document_keys(
    connection: sqlite3.Connection, collection: str, prefix: str, limit: int
) -> list[tuple[str, int]]:
    """Keys that begin with a text."""
    values = (collection, prefix, len(prefix), prefix, limit)
    return [(key, int(size)) for key, size in connection.execute(_SELECT_KEYS, values)]


def read_notes(
    connection: sqlite3.Connection, after: bytes | None, limit: int
) -> list[tuple[bytes, TraceNote]]:
    """A page of what waits."""
    rows = connection.execute(_SELECT_NOTES, (after or b"", limit))
    return [(trace_id, read_note_text(text)) for trace_id, text in rows]


def read_documents(connection: sqlite3.Connection, after: DocumentKey | None, limit: int) -> list[Document]:
    """A page of documents."""
    rows = connection.execute(_SELECT_DOCUMENTS, (*(after or ("", "")), limit))
    return [Document(DocumentKey(collection, key), *rest) for collection, key, *rest in rows]


def put_document(connection: sqlite3.Connection, document: Document, experiment_id: int) -> bool:
    """Keeps a document."""
    values = (*document.place, experiment_id, document.trace_id, document.content)
    connection.execute(_PUT_DOCUMENT, values)
    return True


def delete_document(connection: sqlite3.Connection, place: DocumentKey) -> bool:
    """Deletes a document; False if there is none."""
    return connection.execute(_DELETE_DOCUMENT, place).rowcount > 0
