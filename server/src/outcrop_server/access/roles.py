"""Holds a known caller to its role, whichever protocol it came by; a refusal leaves an audit line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.access import audit, rules
from outcrop_server.model.errors import ForbiddenError

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller

_WHAT_MAY = {
    "write": "only send traces",
    "read": "read traces, and judge them in its own name",
    "admin": "do everything",
}


def check(caller: Caller, needed: rules.Need, *, method: str, path: str) -> None:
    """Lets through what the caller's role allows.

    Args:
        caller: who asks.
        needed: what the request needs.
        method: of the request, for the audit line.
        path: likewise.

    Raises:
        ForbiddenError: the role is not enough; says which would be.
    """
    if rules.may(caller.role, needed):
        return
    audit.record_by(caller, "refused", why="role", method=method, path=path)
    raise ForbiddenError(
        f"The token '{caller.name}' has the role {caller.role}: it may {_WHAT_MAY[caller.role]}. "
        f"This request needs one of role {needed if needed == 'admin' else f'{needed} or admin'}."
    )
