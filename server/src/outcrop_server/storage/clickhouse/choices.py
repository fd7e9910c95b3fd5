"""The part of the store that is no span: tokens, views, notes, documents, experiments, judgements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse import experiments, judging, notes, tokens, views

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from outcrop_server.model.access import AccessToken, PageSession
    from outcrop_server.model.annotations import (
        Assessment,
        AssessmentContent,
        Document,
        DocumentKey,
        TraceEdit,
        TraceNote,
    )
    from outcrop_server.model.experiments import ExperimentFacts
    from outcrop_server.model.views import SavedView, ViewContent
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.committer import Committer


class StoreOfChoices:
    """Methods of `storage.tokens`, `.views`, `.notes`, `.experiments` and judgements, by a store's parts.

    Each change is decided within its commit, alone among all servers: so names and ids are unique over them.
    """

    _client: Client
    _committer: Committer

    def access_tokens(self) -> list[AccessToken]:
        """Every token that was ever made."""
        return tokens.read_tokens(self._client)

    def add_access_token(self, token: AccessToken) -> Future[bool]:
        """Keeps a token."""
        return self._committer.submit(lambda writer: tokens.insert_token(writer, token))

    def revoke_access_token(self, token_id: str, at_ns: int, by: str) -> Future[bool]:
        """Revokes a token."""
        return self._committer.submit(lambda writer: tokens.revoke_token(writer, token_id, at_ns, by))

    def note_token_use(self, used_at_ns: Mapping[str, int]) -> Future[None]:
        """Keeps when tokens were last used."""
        used = dict(used_at_ns)
        # Nobody waits to see it.
        return self._committer.submit(lambda writer: tokens.note_use(writer, used), may_wait=True)

    def page_sessions(self) -> list[PageSession]:
        """Every session of a browser."""
        return tokens.read_sessions(self._client)

    def add_page_session(self, session: PageSession, now_ns: int, most: int) -> Future[None]:
        """Keeps a session."""
        return self._committer.submit(lambda writer: tokens.insert_session(writer, session, now_ns, most))

    def end_page_session(self, digest: bytes) -> Future[bool]:
        """Forgets a session."""
        return self._committer.submit(lambda writer: tokens.end_session(writer, digest))

    def views(self) -> list[SavedView]:
        """Every saved view."""
        return views.read_views(self._client)

    def add_view(self, view: SavedView) -> Future[bool]:
        """Keeps a view."""
        return self._committer.submit(lambda writer: views.insert_view(writer, view))

    def update_view(self, view_id: str, content: ViewContent, updated_at_ns: int) -> Future[bool]:
        """Replaces what a view says."""
        return self._committer.submit(
            lambda writer: views.update_view(writer, view_id, content, updated_at_ns)
        )

    def delete_view(self, view_id: str) -> Future[bool]:
        """Deletes a view."""
        return self._committer.submit(lambda writer: views.delete_view(writer, view_id))

    def add_experiment(self, facts: ExperimentFacts, at_ns: int) -> Future[bool]:
        """Makes an experiment."""
        return self._committer.submit(lambda writer: experiments.insert_experiment(writer, facts, at_ns))

    def edit_experiment(self, experiment_id: str, facts: ExperimentFacts) -> Future[bool]:
        """Replaces what is said of an experiment."""
        return self._committer.submit(
            lambda writer: experiments.update_experiment(writer, experiment_id, facts)
        )

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> Future[bool]:
        """Sets and deletes tags and metadata of a trace."""
        return self._committer.submit(
            lambda writer: writer.edit_trace(trace_id, edit), trace_ids=frozenset({trace_id})
        )

    def assessments(self, trace_id: bytes) -> list[Assessment]:
        """The judgements of a trace."""
        return judging.read_assessments(self._client, trace_id)

    def assessments_of(self, trace_ids: Sequence[bytes]) -> dict[bytes, list[Assessment]]:
        """The judgements of several traces."""
        return judging.read_some_assessments(self._client, trace_ids)

    def add_assessment(self, assessment: Assessment) -> Future[bool]:
        """Keeps a judgement."""
        return self._committer.submit(
            lambda writer: writer.judgements.insert(assessment), trace_ids=frozenset({assessment.trace_id})
        )

    def update_assessment(
        self, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
    ) -> Future[bool]:
        """Replaces what a judgement says."""
        return self._committer.submit(
            lambda writer: writer.judgements.update(trace_id, assessment_id, content, updated_at_ns),
            trace_ids=frozenset({trace_id}),
        )

    def delete_assessment(self, trace_id: bytes, assessment_id: str) -> Future[bool]:
        """Deletes a judgement."""
        return self._committer.submit(
            lambda writer: writer.judgements.delete(trace_id, assessment_id), trace_ids=frozenset({trace_id})
        )

    def note_trace(self, trace_id: bytes, note: TraceNote) -> Future[bool]:
        """Says something of a trace."""
        # Programs say it in the background, of each trace, while spans come.
        return self._committer.submit(
            lambda writer: writer.note_trace(trace_id, note), trace_ids=frozenset({trace_id}), may_wait=True
        )

    def waiting_note(self, trace_id: bytes) -> TraceNote | None:
        """What waits for a trace."""
        return notes.read_note(self._client, trace_id)

    def waiting_notes(self, after: bytes | None, limit: int) -> list[tuple[bytes, TraceNote]]:
        """A page of what waits for traces."""
        return notes.read_notes(self._client, after, limit)

    def documents(self, after: DocumentKey | None, limit: int) -> list[Document]:
        """A page of documents."""
        return notes.read_documents(self._client, after, limit)

    def put_document(self, document: Document) -> Future[bool]:
        """Keeps a document."""
        return self._committer.submit(
            lambda writer: notes.put_document(writer, document), len(document.content)
        )

    def document(self, place: DocumentKey) -> Document | None:
        """One document."""
        return notes.read_document(self._client, place)

    def document_keys(self, collection: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Keys that begin with a text."""
        return notes.read_document_keys(self._client, collection, prefix, limit)

    def delete_document(self, place: DocumentKey) -> Future[bool]:
        """Deletes a document."""
        return self._committer.submit(lambda writer: notes.delete_document(writer, place))
