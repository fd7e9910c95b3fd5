"""The storage contract's part about access tokens and who is signed in; `storage.api` has the rest.

They lie beside the traces so that every server over a store, and the command line, know the same ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from outcrop_server.model.access import AccessToken, PageSession


class TokenStore(Protocol):
    """A place that keeps access tokens. Changes are durable when their future is done, as with spans."""

    def access_tokens(self) -> list[AccessToken]:
        """Every token that was ever made, revoked ones included, in the order in which they were made."""
        ...

    def add_access_token(self, token: AccessToken) -> Future[bool]:
        """Keeps a token; its id and digest MUST be new.

        Returns:
            False if there is one of this name that is not revoked: then nothing is kept.
        """
        ...

    def revoke_access_token(self, token_id: str, at_ns: int, by: str) -> Future[bool]:
        """Revokes a token for good; False if there is none of this id, or it is revoked already."""
        ...

    def note_token_use(self, used_at_ns: Mapping[str, int]) -> Future[None]:
        """Keeps when tokens were last used, by their ids. MUST NOT go back in time.

        Unknown ids MUST be passed over.
        """
        ...

    def page_sessions(self) -> list[PageSession]:
        """Every session of a browser that is kept, in any order; MAY hold some that have ended."""
        ...

    def add_page_session(self, session: PageSession, now_ns: int, most: int) -> Future[None]:
        """Keeps a session; forgets those that ended before `now_ns`, and of more than `most` the oldest.

        The oldest are those that end first.

        MAY leave that to a later moment.
        """
        ...

    def end_page_session(self, digest: bytes) -> Future[bool]:
        """Forgets a session. False if there is none."""
        ...
