"""The part of the SQLite store that keeps what people chose: tokens, views, what is said of experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite import experiments, tokens, views

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from outcrop_server.model.access import AccessToken
    from outcrop_server.model.experiments import ExperimentFacts
    from outcrop_server.model.views import SavedView, ViewContent
    from outcrop_server.storage.sqlite.committer import Committer
    from outcrop_server.storage.sqlite.connections import ReaderPool


class StoreOfChoices:
    """Methods of `storage.tokens`, `.views` and `.experiments`, over a store's reader and committer."""

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
