"""What senders and readers are told where the token cannot be had. By itself: most programs have no token."""

from __future__ import annotations

from outcrop.exceptions import OutcropError


class TokenUnavailableError(OutcropError):
    """The token could not be had; says why, without any of it."""
