"""The opaque cursor of a page of traces: the position where the page ended, as URL-safe text."""

from __future__ import annotations

import base64
import binascii
import struct

from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.rows import TracePosition

# The leading byte is the cursor's version, so that an old page's cursor is refused, not misread.
_FORMAT = struct.Struct(">Bq16s")
_VERSION = 1


def encode(position: TracePosition) -> str:
    """Text for `next_cursor`."""
    packed = _FORMAT.pack(_VERSION, position.start_time_ns, position.trace_id)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> TracePosition:
    """The position that `encode` was given.

    Raises:
        BadRequestError: the text is no cursor of this server.
    """
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        version, start_time_ns, trace_id = _FORMAT.unpack(packed)
    except (binascii.Error, struct.error, ValueError) as error:
        raise _refusal() from error
    if version != _VERSION:
        raise _refusal()
    return TracePosition(start_time_ns, trace_id)


def _refusal() -> BadRequestError:
    return BadRequestError(
        "This cursor was not made by this server. Leave it out to start at the newest trace."
    )
