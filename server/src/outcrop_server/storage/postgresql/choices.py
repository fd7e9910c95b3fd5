"""The part of the store that is no trace: tokens, views, notes, documents, facts of experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.common.trace_terms import texts_terms
from outcrop_server.storage.postgresql import experiments, notes, tokens, views
from outcrop_server.storage.postgresql.touched import noted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from outcrop_server.model.access import AccessToken, PageSession
    from outcrop_server.model.annotations import Document, DocumentKey, TraceNote
    from outcrop_server.model.experiments import ExperimentFacts
    from outcrop_server.model.views import SavedView, ViewContent
    from outcrop_server.storage.postgresql.committer import Committer
    from outcrop_server.storage.postgresql.connections import ReaderPool


class StoreOfChoices:
    """Methods of `storage.tokens`, `.views`, `.notes` and `.experiments`, by a store's parts."""

    _committer: Committer
    _readers: ReaderPool

    def access_tokens(self) -> list[AccessToken]:
        """Every token that was ever made."""
        with self._readers.reading() as connection:
            return tokens.read_tokens(connection)

    def add_access_token(self, token: AccessToken) -> Future[bool]:
        """Keeps a token."""
        return self._committer.submit(lambda writer: tokens.insert_token(writer.connection, token))

    def revoke_access_token(self, token_id: str, at_ns: int, by: str) -> Future[bool]:
        """Revokes a token."""
        return self._committer.submit(
            lambda writer: tokens.revoke_token(writer.connection, token_id, at_ns, by)
        )

    def note_token_use(self, used_at_ns: Mapping[str, int]) -> Future[None]:
        """Keeps when tokens were last used."""
        return self._committer.submit(lambda writer: tokens.note_use(writer.connection, used_at_ns))

    def page_sessions(self) -> list[PageSession]:
        """Every session of a browser."""
        with self._readers.reading() as connection:
            return tokens.read_sessions(connection)

    def add_page_session(self, session: PageSession, now_ns: int, most: int) -> Future[None]:
        """Keeps a session."""
        return self._committer.submit(
            lambda writer: tokens.insert_session(writer.connection, session, now_ns, most)
        )

    def end_page_session(self, digest: bytes) -> Future[bool]:
        """Forgets a session."""
        return self._committer.submit(lambda writer: tokens.end_session(writer.connection, digest))

    def views(self) -> list[SavedView]:
        """Every saved view."""
        with self._readers.reading() as connection:
            return views.read_views(connection)

    def add_view(self, view: SavedView) -> Future[bool]:
        """Keeps a view."""
        return self._committer.submit(lambda writer: views.insert_view(writer.connection, view))

    def update_view(self, view_id: str, content: ViewContent, updated_at_ns: int) -> Future[bool]:
        """Replaces what a view says."""
        return self._committer.submit(
            lambda writer: views.update_view(writer.connection, view_id, content, updated_at_ns)
        )

    def delete_view(self, view_id: str) -> Future[bool]:
        """Deletes a view."""
        return self._committer.submit(lambda writer: views.delete_view(writer.connection, view_id))

    def add_experiment(self, facts: ExperimentFacts, at_ns: int) -> Future[bool]:
        """Makes an experiment."""
        return self._committer.submit(
            lambda writer: experiments.insert_experiment(writer.connection, facts, at_ns)
        )

    def edit_experiment(self, experiment_id: str, facts: ExperimentFacts) -> Future[bool]:
        """Replaces what is said of an experiment."""
        return self._committer.submit(
            lambda writer: experiments.update_experiment(writer.connection, experiment_id, facts)
        )

    def note_trace(self, trace_id: bytes, note: TraceNote) -> Future[bool]:
        """Says something of a trace."""
        # Programs say it in the background, of each trace, while spans come.
        terms = texts_terms(note.edit.tags, note.edit.metadata)
        return self._committer.submit(
            lambda writer: writer.note_trace(trace_id, note), touched=noted(trace_id, terms), may_wait=True
        )

    def waiting_note(self, trace_id: bytes) -> TraceNote | None:
        """What waits for a trace."""
        with self._readers.reading() as connection:
            return notes.read_note(connection, trace_id)

    def waiting_notes(self, after: bytes | None, limit: int) -> list[tuple[bytes, TraceNote]]:
        """A page of what waits for traces."""
        with self._readers.reading() as connection:
            return notes.read_notes(connection, after, limit)

    def documents(self, after: DocumentKey | None, limit: int) -> list[Document]:
        """A page of documents."""
        with self._readers.reading() as connection:
            return notes.read_documents(connection, after, limit)

    def put_document(self, document: Document) -> Future[bool]:
        """Keeps a document."""
        return self._committer.submit(lambda writer: writer.put_document(document), len(document.content))

    def document(self, place: DocumentKey) -> Document | None:
        """One document."""
        with self._readers.reading() as connection:
            return notes.read_document(connection, place)

    def document_keys(self, collection: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Keys that begin with a text."""
        with self._readers.reading() as connection:
            return notes.read_document_keys(connection, collection, prefix, limit)

    def delete_document(self, place: DocumentKey) -> Future[bool]:
        """Deletes a document."""
        return self._committer.submit(lambda writer: notes.delete_document(writer.connection, place))
