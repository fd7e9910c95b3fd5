"""What waits for traces, and documents, as records.

A document is two records of one key: its head, so that lists of keys read no contents, and what it holds.
Those of a trace are listed by its id.
"""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, NamedTuple

import orjson

from outcrop_server.model.annotations import Document, DocumentKey
from outcrop_server.storage.clickhouse.memory import EXPERIMENT, Experiment
from outcrop_server.storage.clickhouse.records import read_page, read_records, read_some, read_together
from outcrop_server.storage.common.note_texts import WAITS_NS, note_text, read_note_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outcrop_server.model.annotations import TraceNote
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.writer import Writer

NOTE = "note"
DOCUMENT = "document"
CONTENT = "document_content"
OF_TRACE = "document_of"
# A note's value is when it came, a line's end, and its text.
_OLD_NOTES = """
    SELECT key FROM record WHERE kind = 'note' GROUP BY key
    HAVING NOT argMax(gone, version)
        AND toInt64OrZero(splitByChar('\n', argMax(value, version))[1]) < {until:Int64}
    LIMIT 1000
"""
_LOOKS_EACH_NS = 3600 * 10**9
# Between a collection and a key: so they lie in order of collections, then keys. In a collection NUL stands
# as itself and one.
_BETWEEN = "\0\0"
_NUL = "\0\1"


class _Head(NamedTuple):
    """What is kept of a document beside its content."""

    experiment_id: int
    trace_id: str | None
    size: int
    is_text: bool

    def text(self) -> str:
        return orjson.dumps(list(self)).decode()

    @classmethod
    def read(cls, text: str) -> _Head:
        return cls(*orjson.loads(text))


def read_note(client: Client, trace_id: bytes) -> TraceNote | None:
    """What waits for a trace."""
    found = read_some(client, NOTE, [trace_id.hex()]).get(trace_id.hex())
    return None if found is None else _note(found)


def read_notes(client: Client, after: bytes | None, limit: int) -> list[tuple[bytes, TraceNote]]:
    """A page of what waits."""
    found = read_page(client, [NOTE], limit, after=None if after is None else after.hex())
    return [(bytes.fromhex(key), _note(text)) for _, key, text in found]


def take_notes(writer: Writer, trace_ids: Iterable[bytes]) -> dict[bytes, TraceNote]:
    """What waits for some traces, which have come; it waits no longer."""
    if not writer.memory.has_notes:
        return {}
    found = writer.records.some(NOTE, [trace_id.hex() for trace_id in trace_ids])
    for key in found:
        writer.records.drop(NOTE, key)
    return {bytes.fromhex(key): _note(text) for key, text in found.items()}


def keep_note(writer: Writer, trace_id: bytes, note: TraceNote) -> None:
    """Lets a note wait, behind those that wait already."""
    writer.memory.has_notes = True
    _forget_old(writer)
    # Those of the other traces that the commit looks at are asked for along.
    absent = {trace_id, *writer.absent()}
    before = writer.records.some(NOTE, [each.hex() for each in absent]).get(trace_id.hex())
    whole = note if before is None else _note(before).then(note)
    writer.records.put(NOTE, trace_id.hex(), f"{time.time_ns()}\n{note_text(whole)}")


def forget(writer: Writer, trace_ids: Iterable[bytes]) -> None:
    """Forgets what waits for traces, and takes their documents away."""
    keys = [trace_id.hex() for trace_id in trace_ids]
    for key in writer.records.some(NOTE, keys):
        writer.records.drop(NOTE, key)
    for key, places in writer.records.some(OF_TRACE, keys).items():
        writer.records.drop(OF_TRACE, key)
        for place in orjson.loads(places):
            writer.records.drop(DOCUMENT, place)
            writer.records.drop(CONTENT, place)


def read_document(client: Client, place: DocumentKey) -> Document | None:
    """One document."""
    key = _key(place)
    found = read_together(client, [DOCUMENT, CONTENT], key)
    numbers = [str(_Head.read(text).experiment_id) for kind, _, text in found if kind == DOCUMENT]
    documents = _documents(found, read_some(client, EXPERIMENT, numbers))
    return documents[0] if documents else None


def read_documents(client: Client, after: DocumentKey | None, limit: int) -> list[Document]:
    """A page of documents."""
    found = read_page(client, [DOCUMENT, CONTENT], limit, after=None if after is None else _key(after))
    return _documents(found, read_records(client, EXPERIMENT)) if found else []


def read_document_keys(client: Client, collection: str, prefix: str, limit: int) -> list[tuple[str, int]]:
    """Keys that begin with a text, and how large the documents are."""
    found = read_page(client, [DOCUMENT], limit, prefix=_key(DocumentKey(collection, prefix)))
    return [(_place(key).key, _Head.read(text).size) for _, key, text in found]


def put_document(writer: Writer, document: Document) -> bool:
    """Keeps a document."""
    key = _key(document.place)
    trace = None if document.trace_id is None else document.trace_id.hex()
    _leave_trace(writer, key, stays_with=trace)
    if trace is not None:
        _join_trace(writer, key, trace)
    content = document.content
    try:
        text, is_text = content.decode(), True
    except UnicodeDecodeError:
        # Texts of the table are read as such.
        text, is_text = base64.b64encode(content).decode(), False
    head = _Head(writer.experiment_number(document.experiment), trace, len(content), is_text)
    writer.records.put(DOCUMENT, key, head.text())
    writer.records.put(CONTENT, key, text)
    return True


def delete_document(writer: Writer, place: DocumentKey) -> bool:
    """Deletes a document; False if there is none."""
    key = _key(place)
    if writer.records.get(DOCUMENT, key) is None:
        return False
    _leave_trace(writer, key)
    writer.records.drop(DOCUMENT, key)
    writer.records.drop(CONTENT, key)
    return True


def _join_trace(writer: Writer, key: str, trace: str) -> None:
    known: list[str] = orjson.loads(writer.records.get(OF_TRACE, trace) or "[]")
    if key not in known:
        writer.records.put(OF_TRACE, trace, orjson.dumps([*known, key]).decode())


def _leave_trace(writer: Writer, key: str, *, stays_with: str | None = None) -> None:
    """Takes a document from the trace that it was of, if it was of another one."""
    before = writer.records.get(DOCUMENT, key)
    trace = None if before is None else _Head.read(before).trace_id
    if trace is None or trace == stays_with:
        return
    left = [each for each in orjson.loads(writer.records.get(OF_TRACE, trace) or "[]") if each != key]
    if left:
        writer.records.put(OF_TRACE, trace, orjson.dumps(left).decode())
    else:
        writer.records.drop(OF_TRACE, trace)


def _documents(found: list[tuple[str, str, str]], experiments: Mapping[str, str]) -> list[Document]:
    """The documents of heads and contents, in order of their keys."""
    contents = {key: text for kind, key, text in found if kind == CONTENT}
    documents: list[Document] = []
    for kind, key, text in found:
        if kind == DOCUMENT:
            head, content = _Head.read(text), contents[key]
            name = Experiment.read(experiments[str(head.experiment_id)]).name
            documents.append(
                Document(
                    _place(key),
                    name,
                    content.encode() if head.is_text else base64.b64decode(content),
                    None if head.trace_id is None else bytes.fromhex(head.trace_id),
                )
            )
    return documents


def _key(place: DocumentKey) -> str:
    return f"{place.collection.replace(chr(0), _NUL)}{_BETWEEN}{place.key}"


def _place(key: str) -> DocumentKey:
    collection, _, rest = key.partition(_BETWEEN)
    return DocumentKey(collection.replace(_NUL, "\0"), rest)


def _note(value: str) -> TraceNote:
    return read_note_text(value.partition("\n")[2])


def _forget_old(writer: Writer) -> None:
    """Now and then forgets what has waited for too long."""
    now_ns = time.time_ns()
    if now_ns - writer.memory.looked_at_notes_ns < _LOOKS_EACH_NS:
        return
    writer.memory.looked_at_notes_ns = now_ns
    for (key,) in writer.client.query(_OLD_NOTES, {"until": now_ns - WAITS_NS}):
        writer.records.drop(NOTE, key)
