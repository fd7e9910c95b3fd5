"""The storage contract's part about what is said and kept beside spans: notes of traces, and documents.

`storage.api` has the rest and what holds for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from outcrop_server.model.annotations import Document, DocumentKey, TraceNote


class NoteStore(Protocol):
    """A place for what belongs to traces and is no span. Changes are durable when their future is done."""

    def note_trace(self, trace_id: bytes, note: TraceNote) -> Future[bool]:
        """Says of a trace what a note says, whether its spans came before or come later.

        The edit MUST count as one by `edit_trace`. While no span has come the trace is not there, and the
        note waits; several that wait MUST count as one after the other. One that has waited for a week MAY be
        forgotten. Of an assessment whose id is known nothing is kept.

        Returns:
            False if the experiment, or the trace, is not the caller's: then nothing is kept.
        """
        ...

    def waiting_note(self, trace_id: bytes) -> TraceNote | None:
        """What is said of a trace of which no span has come; None if nothing is, or if one has."""
        ...

    def put_document(self, document: Document) -> Future[bool]:
        """Keeps a document, in place of the one that had its key.

        One that names a trace MUST be deleted with it, and MAY come before it. An experiment that nobody
        named is made.

        Returns:
            False if the experiment, or the document that has the key, is not the caller's.
        """
        ...

    def document(self, place: DocumentKey) -> Document | None:
        """One document, its experiment by the name that it has now; None if there is none."""
        ...

    def document_keys(self, collection: str, prefix: str, limit: int) -> Sequence[tuple[str, int]]:
        """The first `limit` keys that begin with a text, and how many bytes each document has."""
        ...

    def delete_document(self, place: DocumentKey) -> Future[bool]:
        """Deletes a document. False if there is none."""
        ...
