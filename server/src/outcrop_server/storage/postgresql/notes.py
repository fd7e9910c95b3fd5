"""Waiting notes and documents as rows.

The functions that write are called within a transaction, by the committing thread.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from outcrop_server.model.annotations import Document, DocumentKey
from outcrop_server.storage.common.note_texts import WAITS_NS, note_text, read_note_text
from outcrop_server.storage.postgresql.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.annotations import TraceNote
    from outcrop_server.storage.postgresql.connections import Connection

_OF_TRACES = "SELECT trace_id, note FROM trace_note WHERE trace_id = ANY(%s::bytea[])"
_SELECT_NOTE = "SELECT note FROM trace_note WHERE trace_id = %s"
_PUT_NOTE = """
    INSERT INTO trace_note (trace_id, note, noted_at_ns) VALUES (%s, %s, %s)
    ON CONFLICT (trace_id) DO UPDATE SET note = excluded.note, noted_at_ns = excluded.noted_at_ns
"""
_DELETE_NOTES = "DELETE FROM trace_note WHERE trace_id = ANY(%s::bytea[])"
# With the homes that were kept for them; those that somebody writes to just now stay.
_DELETE_OLD = """
    WITH old AS (
        SELECT trace_home.trace_id FROM trace_note JOIN trace_home USING (trace_id)
        WHERE noted_at_ns < %s AND part IS NULL FOR UPDATE OF trace_home SKIP LOCKED
    ), gone AS (DELETE FROM trace_note USING old WHERE trace_note.trace_id = old.trace_id)
    DELETE FROM trace_home USING old WHERE trace_home.trace_id = old.trace_id
"""
_SELECT_DOCUMENT = """
    SELECT experiment.name, content, trace_id FROM document JOIN experiment USING (experiment_id)
    WHERE digest = %s
"""
_SELECT_KEYS = """
    SELECT key, octet_length(content) FROM document
    WHERE collection = %(collection)s AND left(key, 500) >= left(%(prefix)s, 500)
        AND starts_with(key, %(prefix)s)
    ORDER BY left(key, 500), key LIMIT %(limit)s
"""
_PUT_DOCUMENT = """
    INSERT INTO document (digest, collection, key, experiment_id, trace_id, content)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (digest) DO UPDATE SET
        experiment_id = excluded.experiment_id, trace_id = excluded.trace_id, content = excluded.content
"""
_SELECT_NOTES = "SELECT trace_id, note FROM trace_note WHERE trace_id > %s ORDER BY trace_id LIMIT %s"
_SELECT_DOCUMENTS = """
    SELECT collection, key, experiment.name, content, trace_id
    FROM document JOIN experiment USING (experiment_id)
    WHERE (collection, left(key, 500)) >= (%(collection)s, left(%(key)s, 500))
        AND (collection, key) > (%(collection)s, %(key)s)
    ORDER BY collection, left(key, 500), key LIMIT %(limit)s
"""
_DELETE_DOCUMENT = "DELETE FROM document WHERE digest = %s"


def read_note(connection: Connection, trace_id: bytes) -> TraceNote | None:
    """What waits for a trace."""
    found = connection.execute(_SELECT_NOTE, (trace_id,)).fetchone()
    return None if found is None else read_note_text(found[0])


def keep_note(connection: Connection, trace_id: bytes, note: TraceNote) -> None:
    """Lets a note wait, behind those that wait already; the trace's home is locked."""
    before = read_note(connection, trace_id)
    text = note_text(note if before is None else before.then(note))
    connection.execute(_PUT_NOTE, (trace_id, text, time.time_ns()))


def take_notes(connection: Connection, trace_ids: Sequence[bytes]) -> dict[bytes, TraceNote]:
    """What waits for some traces, which have come; it waits no longer."""
    rows: list[tuple[Any, ...]] = connection.execute(_OF_TRACES, (list(trace_ids),)).fetchall()
    delete_notes(connection, trace_ids)
    return {trace_id: read_note_text(text) for trace_id, text in rows}


def delete_notes(connection: Connection, trace_ids: Sequence[bytes]) -> None:
    """Forgets what waits for some traces."""
    connection.execute(_DELETE_NOTES, (list(trace_ids),))


def delete_old_notes(connection: Connection) -> None:
    """Forgets what has waited for too long."""
    connection.execute(_DELETE_OLD, (time.time_ns() - WAITS_NS,))


def read_document(connection: Connection, place: DocumentKey) -> Document | None:
    """One document."""
    found = connection.execute(_SELECT_DOCUMENT, (digest_of(*place),)).fetchone()
    return None if found is None else Document(place, *found)


def read_document_keys(
    connection: Connection, collection: str, prefix: str, limit: int
) -> list[tuple[str, int]]:
    """Keys that begin with a text."""
    values = {"collection": collection, "prefix": prefix, "limit": limit}
    return [(key, int(size)) for key, size in connection.execute(_SELECT_KEYS, values)]


def read_notes(connection: Connection, after: bytes | None, limit: int) -> list[tuple[bytes, TraceNote]]:
    """A page of what waits."""
    rows = connection.execute(_SELECT_NOTES, (after or b"", limit))
    return [(trace_id, read_note_text(text)) for trace_id, text in rows]


def read_documents(connection: Connection, after: DocumentKey | None, limit: int) -> list[Document]:
    """A page of documents."""
    collection, key = after or ("", "")
    values = {"collection": collection, "key": key, "limit": limit}
    rows = connection.execute(_SELECT_DOCUMENTS, values)
    return [Document(DocumentKey(collection, key), *rest) for collection, key, *rest in rows]


def put_document(connection: Connection, document: Document, experiment_id: int) -> bool:
    """Keeps a document."""
    digest = digest_of(*document.place)
    values = (digest, *document.place, experiment_id, document.trace_id, document.content)
    connection.execute(_PUT_DOCUMENT, values)
    return True


def delete_document(connection: Connection, place: DocumentKey) -> bool:
    """Deletes a document; False if there is none."""
    return connection.execute(_DELETE_DOCUMENT, (digest_of(*place),)).rowcount > 0
