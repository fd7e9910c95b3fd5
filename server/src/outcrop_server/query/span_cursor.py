"""The opaque cursor of a page of spans: below which parent, and behind which span it ended, as text."""

from __future__ import annotations

import base64
import binascii
import struct

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.tree import SpanPosition

# Version, whether there is a parent, its id, start and id of the span.
_FORMAT = struct.Struct(">B?8sq8s")
_VERSION = 1


def encode(position: SpanPosition) -> str:
    """Text for `next_cursor`."""
    parent_id = position.parent_id
    packed = _FORMAT.pack(
        _VERSION, parent_id is not None, parent_id or b"", position.start_time_ns, position.span_id
    )
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> SpanPosition:
    """The position that `encode` was given.

    Raises:
        BadRequestError: the text is no cursor of this server.
    """
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, has_parent, parent_id, start_time_ns, span_id = _FORMAT.unpack(packed)
    except (binascii.Error, struct.error, ValueError) as error:
        raise _refusal() from error
    if version != _VERSION:
        raise _refusal()
    return SpanPosition(parent_id if has_parent else None, start_time_ns, span_id)


def _refusal() -> BadRequestError:
    return BadRequestError(
        "This cursor was not made by this server. Leave it out to start at the first span."
    )
