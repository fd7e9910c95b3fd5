"""Makes and revokes tokens in a store, for the API and the command line alike."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop_server.access.secret import new_token
from outcrop_server.model.errors import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.access import AccessToken, Role
    from outcrop_server.storage.tokens import TokenStore

_NS_IN_S = 1_000_000_000


def make_token(
    store: TokenStore,
    name: str,
    role: Role,
    *,
    experiments: Sequence[str] = (),
    expires_in_s: int | None = None,
    requests_per_minute: int | None = None,
    by: str,
) -> tuple[str, AccessToken]:
    """Makes a token.

    Args:
        store: where it is kept.
        name: who or what it is for.
        role: what it opens.
        experiments: names of the only ones that it opens; empty for all.
        expires_in_s: seconds until it opens nothing more; None for never.
        requests_per_minute: its own limit; None for the server's.
        by: who makes it.

    Returns:
        The token, which nobody can be shown again, and what is kept of it.

    Raises:
        BadRequestError: the name is taken.
        UnavailableError: the store could not keep it.
    """
    text, token = new_token(
        name,
        role,
        tuple(dict.fromkeys(experiments)) or None,
        by,
        expires_at_ns=None if expires_in_s is None else time.time_ns() + expires_in_s * _NS_IN_S,
        requests_per_minute=requests_per_minute,
    )
    if not store.add_access_token(token).result():
        raise BadRequestError(f"There is a token '{name}' already. Revoke it first, or give another name.")
    return text, token


def revoke_token(store: TokenStore, name_or_id: str, by: str) -> AccessToken:
    """Revokes a token for good.

    Raises:
        NotFoundError: none that is not revoked has this name or id.
        UnavailableError: the store could not keep it.
    """
    for token in store.access_tokens():
        if token.revoked_at_ns is None and name_or_id in {token.token_id, token.name}:
            store.revoke_access_token(token.token_id, time.time_ns(), by).result()
            return token
    raise NotFoundError(
        f"No token that could be revoked has the name or id '{name_or_id[:100]}'. `outcrop tokens list` "
        "shows those that there are."
    )
