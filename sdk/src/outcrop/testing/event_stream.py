"""Frames of `application/vnd.amazon.eventstream`, written: events and exceptions of a stream.

A frame is prelude (total length, headers length, CRC), headers, payload, CRC; all integers big-endian.
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import secrets
import string
import struct
import zlib
from collections.abc import Mapping

from outcrop.testing.json_values import JsonObject, to_json

_PRELUDE = struct.Struct("!II")
_CRC = struct.Struct("!I")
_CRC_BYTES_AND_PRELUDE = 16
_STRING_TYPE = 7
_PADDING = string.ascii_lowercase + string.ascii_uppercase + string.digits


def encode_frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame with string headers.

    Args:
        headers: names (at most 255 bytes) and values (at most 32767 bytes).
        payload: the frame's body.

    Returns:
        The frame's bytes, both checksums included.
    """
    head = b"".join(_encode_header(name, value) for name, value in headers.items())
    prelude = _PRELUDE.pack(_CRC_BYTES_AND_PRELUDE + len(head) + len(payload), len(head))
    message = prelude + _CRC.pack(zlib.crc32(prelude)) + head + payload
    return message + _CRC.pack(zlib.crc32(message))


def encode_event(event_type: str, payload: JsonObject) -> bytes:
    """One event with a JSON payload, padded as Bedrock pads it."""
    headers = {":event-type": event_type, ":content-type": "application/json", ":message-type": "event"}
    return encode_frame(headers, to_json({**payload, "p": _padding()}))


def encode_exception(exception_type: str, payload: JsonObject) -> bytes:
    """One exception, after which a stream ends."""
    headers = {
        ":exception-type": exception_type,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode_frame(headers, to_json(payload))


def _encode_header(name: str, value: str) -> bytes:
    name_bytes, value_bytes = name.encode(), value.encode()
    return struct.pack(
        f"!B{len(name_bytes)}sBH{len(value_bytes)}s",
        len(name_bytes),
        name_bytes,
        _STRING_TYPE,
        len(value_bytes),
        value_bytes,
    )


def _padding() -> str:
    """The member `p`: an alphabet of random length, which hides how long a token is.

    Bedrock sends it in every event and no model mentions it: aws/aws-sdk-js-v3#6919.
    """
    return _PADDING[: 1 + secrets.randbelow(len(_PADDING))]
