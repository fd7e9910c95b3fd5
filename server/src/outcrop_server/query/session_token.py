"""The opaque token of a page of sessions: the position where the page ended, as URL-safe text."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from outcrop_server.model.aggregates import SessionPosition
from outcrop_server.model.errors import BadRequestError

if TYPE_CHECKING:
    from outcrop_server.model.aggregates import SessionRow

# The first member is the token's version, so that an old page's token is refused, not misread.
_VERSION = 1
_MAX = 2**63


def encode(last: SessionRow) -> str:
    """Text for `next_page_token` of a page that ended with this row."""
    packed = json.dumps(
        [_VERSION, last.last_start_ns, last.experiment_id, last.session_id], separators=(",", ":")
    )
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode(text: str) -> SessionPosition:
    """The position of the row that `encode` was given.

    Raises:
        BadRequestError: the text is no token of this server.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        members: Any = json.loads(raw)
        version, last_ns, experiment_id, session_id = members
        str(session_id).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise _refusal() from error
    is_ours = (
        version == _VERSION
        and type(last_ns) is int
        and abs(last_ns) < _MAX
        and isinstance(experiment_id, str)
        and experiment_id.isascii()
        and experiment_id.isdecimal()
        and int(experiment_id) < _MAX
        and isinstance(session_id, str)
    )
    if not is_ours:
        raise _refusal()
    return SessionPosition(last_ns, experiment_id, session_id)


def _refusal() -> BadRequestError:
    return BadRequestError(
        "This page token was not made by this server. Leave it out to start at the first page."
    )
