"""The part of the storage contract by which a whole store is copied; `storage.api` has the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from outcrop_server.model.annotations import Document, DocumentKey, TraceNote


class CopiedStore(Protocol):
    """What is asked of a store for that beside what is asked of it anyway."""

    def waiting_notes(self, after: bytes | None, limit: int) -> list[tuple[bytes, TraceNote]]:
        """The first `limit` notes that wait, behind a trace id, in the order of these ids."""
        ...

    def documents(self, after: DocumentKey | None, limit: int) -> list[Document]:
        """The first `limit` documents behind a place, in the order of collections and keys."""
        ...
