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
from datetime import datetime

from outcrop.testing.json_values import JsonObject, to_json

_PRELUDE = struct.Struct("!II")
_CRC = struct.Struct("!I")
_CRC_BYTES_AND_PRELUDE = 16
_TRUE_TYPE, _FALSE_TYPE, _LONG_TYPE, _BYTES_TYPE, _STRING_TYPE, _TIMESTAMP_TYPE = 0, 1, 5, 6, 7, 8
_PADDING = string.ascii_lowercase + string.ascii_uppercase + string.digits


HeaderValue = str | bool | int | bytes | datetime


def encode_frame(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One frame.

    Args:
        headers: names (at most 255 bytes) and values (texts and bytes of at most 32767 bytes).
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
    return encode_frame(event_headers(event_type), to_json(padded(payload)))


def event_headers(event_type: str, content_type: str = "application/json") -> dict[str, str]:
    """The headers of an event's frame."""
    return {":event-type": event_type, ":content-type": content_type, ":message-type": "event"}


def padded(payload: JsonObject) -> JsonObject:
    """The payload with the member `p`: an alphabet of random length, which hides how long a token is.

    Bedrock sends it in every event and no model mentions it: aws/aws-sdk-js-v3#6919.
    """
    return {**payload, "p": _PADDING[: 1 + secrets.randbelow(len(_PADDING))]}


def encode_exception(exception_type: str, payload: JsonObject) -> bytes:
    """One exception, after which a stream ends."""
    headers = {
        ":exception-type": exception_type,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return encode_frame(headers, to_json(payload))


def _encode_header(name: str, value: HeaderValue) -> bytes:
    name_bytes = name.encode()
    return bytes([len(name_bytes)]) + name_bytes + _encode_value(value)


def _encode_value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return bytes([_TRUE_TYPE if value else _FALSE_TYPE])
    if isinstance(value, int):
        return struct.pack("!Bq", _LONG_TYPE, value)
    if isinstance(value, datetime):
        return struct.pack("!Bq", _TIMESTAMP_TYPE, round(value.timestamp() * 1000))
    kind, data = (_STRING_TYPE, value.encode()) if isinstance(value, str) else (_BYTES_TYPE, value)
    return struct.pack("!BH", kind, len(data)) + data
