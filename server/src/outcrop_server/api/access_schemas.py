"""The shapes of tokens and sessions. See `schemas` for how moments are written."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from outcrop_server.api.judging_schemas import Name
from outcrop_server.api.schemas import ApiModel

Role = Literal["write", "read", "admin"]
# A hundred years: more is a mistake, or no date that a calendar holds.
_MOST_DAYS = 36_500


class SignIn(ApiModel):
    """What is shown at the door."""

    token: str = Field(max_length=1000)


class Session(ApiModel):
    """Who asks."""

    name: str
    role: Role
    experiments: list[str] | None = Field(description="The only ones that this caller sees; null for all.")
    is_anonymous: bool = Field(description="The server asks nobody for a token.")
    has_session: bool = Field(description="Signed in with a browser, and can sign out.")


class NewToken(ApiModel):
    """A token that is to be made."""

    name: Name
    role: Role
    experiments: list[Name] = Field(default_factory=list, max_length=100, description="Empty for all.")
    expires_in_days: int | None = Field(None, ge=1, le=_MOST_DAYS, description="Null for never.")
    requests_per_minute: int | None = Field(None, ge=1, description="Null for the server's own limit.")


class Token(ApiModel):
    """What is known of a token; the token itself is not."""

    token_id: str
    name: str
    role: Role
    experiments: list[str] | None
    created_at_ns: str
    created_by: str
    expires_at_ns: str | None
    last_used_at_ns: str | None = Field(description="To about a minute.")
    revoked_at_ns: str | None
    revoked_by: str | None
    requests_per_minute: int | None


class CreatedToken(ApiModel):
    """A new token; this answer alone holds it."""

    token: str
    info: Token


class TokenList(ApiModel):
    """Every token that was ever made."""

    tokens: list[Token]
