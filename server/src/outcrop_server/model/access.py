"""Who may do what: an access token as a store keeps it, and the caller that a request turns out to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["write", "read", "admin"]
ROLES: tuple[Role, ...] = ("write", "read", "admin")
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What is kept of a token. The token itself is not: `digest` is its SHA-256.

    Attributes:
        token_id: 12 hex digits, by which it is revoked and named in audit lines.
        name: who or what it is for; unique among those that are not revoked.
        role: `write` takes spans in and nothing else; `read` looks, and judges in its own name; `admin` may
            all, delete and manage tokens included.
        experiments: the only ones that it opens; None for all.
        digest: 32 bytes.
        created_at_ns: nanoseconds since the epoch, as all times here.
        created_by: the caller or the account that made it.
        expires_at_ns: from then on it opens nothing; None for never.
        requests_per_minute: its own limit; None for the server's.
        last_used_at_ns: to about a minute; None if it never was.
        revoked_at_ns: None while it is not.
        revoked_by: as `created_by`.
    """

    token_id: str
    name: str
    role: Role
    experiments: tuple[str, ...] | None
    digest: bytes
    created_at_ns: int
    created_by: str
    expires_at_ns: int | None = None
    requests_per_minute: int | None = None
    last_used_at_ns: int | None = None
    revoked_at_ns: int | None = None
    revoked_by: str | None = None

    def opens_at(self, now_ns: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at_ns is None and (self.expires_at_ns is None or now_ns < self.expires_at_ns)


@dataclass(frozen=True, slots=True)
class PageSession:
    """What is kept of somebody who signed in with a browser. The session's id itself is not.

    Attributes:
        digest: SHA-256 of its id.
        token_id: of the token that was shown at the door.
        ends_at_ns: from then on it opens nothing; nanoseconds since the epoch.
    """

    digest: bytes
    token_id: str
    ends_at_ns: int


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes:
        name: the token's name, or `anonymous`.
        role: what the caller may do.
        experiments: the only ones that exist for this caller; None for all.
        token_id: None for `anonymous`.
        client: address of the machine that asked, as far as it is known.
        has_session: came by a browser's cookie.
    """

    name: str
    role: Role
    experiments: frozenset[str] | None = None
    token_id: str | None = None
    client: str = ""
    has_session: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody was asked for a token."""
        return self.token_id is None
