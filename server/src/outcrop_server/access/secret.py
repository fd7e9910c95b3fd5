"""Makes tokens, and what is kept of them.

A token holds 256 random bits: nobody finds it by trying, so one round of SHA-256 keeps it as well as a slow
hash would, and costs a request about a microsecond.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from typing import TYPE_CHECKING

from outcrop_server.model.access import AccessToken

if TYPE_CHECKING:
    from outcrop_server.model.access import Role

# By its beginning a token is known for what it is, by people and by scanners of repositories.
PREFIX = "outcrop_"
_BYTES = 32


def new_token(
    name: str,
    role: Role,
    experiments: tuple[str, ...] | None,
    created_by: str,
    *,
    expires_at_ns: int | None = None,
    requests_per_minute: int | None = None,
) -> tuple[str, AccessToken]:
    """A new token, to be shown once, and what is to be kept of it."""
    text = PREFIX + secrets.token_urlsafe(_BYTES)
    kept = AccessToken(
        token_id=os.urandom(6).hex(),
        name=name,
        role=role,
        experiments=experiments,
        digest=digest(text),
        created_at_ns=time.time_ns(),
        created_by=created_by,
        expires_at_ns=expires_at_ns,
        requests_per_minute=requests_per_minute,
    )
    return text, kept


def digest(text: str) -> bytes:
    """What is kept of a token, or of a session's id."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
