"""A span as MLflow keeps it, in any of the forms that it has had, as an import takes it. Pure.

Since version 3 ids are base64 and attributes JSON in text; an answer of `batchGet` is OTLP in protobuf's JSON
form; before, ids were hexadecimal below `context`.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from outcrop.json_reading import JsonObject, as_list, as_object, as_text
from outcrop.mlflow_import.values import from_text, pairs

_STATUS = {"OK": 1, "ERROR": 2}
_SPAN_ID_BYTES = 8


class UnreadableError(ValueError):
    """It is no span of any known form; the message says why."""


def read_span(given: JsonObject, trace_id: str) -> JsonObject:
    """A span of an import.

    Args:
        given: the span as MLflow gave it.
        trace_id: of its trace, 32 hexadecimal digits: older versions named traces otherwise than their spans.

    Raises:
        UnreadableError: a part that no span is without is missing or no such thing.
    """
    try:
        read = _before_3(given) if "context" in given else _since_3(given)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise UnreadableError(f"{type(error).__name__}: {error}") from error
    return {"trace_id": trace_id, **read}


def _since_3(given: JsonObject) -> JsonObject:
    attributes = given.get("attributes")
    status = as_object(given.get("status"))
    parent = given.get("parent_span_id")
    return {
        "span_id": _from_base64(given["span_id"]),
        **({"parent_span_id": _from_base64(parent)} if parent else {}),
        "name": str(given.get("name", "")),
        "start_time_ns": str(int(given["start_time_unix_nano"])),
        "end_time_ns": str(int(given.get("end_time_unix_nano") or given["start_time_unix_nano"])),
        "status": _status(as_text(status.get("code")), as_text(status.get("message"))),
        "attributes": _attributes(attributes),
        "events": [_event(as_object(each), "time_unix_nano", 1) for each in as_list(given.get("events"))],
        "links": [_link(as_object(each)) for each in as_list(given.get("links"))],
    }


def _before_3(given: JsonObject) -> JsonObject:
    parent = given.get("parent_id")
    return {
        "span_id": _from_hex(as_object(given["context"])["span_id"]),
        **({"parent_span_id": _from_hex(parent)} if parent else {}),
        "name": str(given.get("name", "")),
        "start_time_ns": str(int(given["start_time"])),
        "end_time_ns": str(int(given.get("end_time") or given["start_time"])),
        "status": _status(as_text(given.get("status_code")), as_text(given.get("status_message"))),
        "attributes": _attributes(given.get("attributes")),
        # In microseconds, then.
        "events": [_event(as_object(each), "timestamp", 1000) for each in as_list(given.get("events"))],
    }


def _attributes(given: Any) -> JsonObject:
    if isinstance(given, list):
        return pairs(given)
    return {name: from_text(value) for name, value in as_object(given).items()}


def _event(given: JsonObject, time: str, unit_ns: int) -> JsonObject:
    attributes = given.get("attributes")
    read = pairs(attributes) if isinstance(attributes, list) else as_object(attributes)
    # An exception's words are words, not JSON.
    words = {name: value if isinstance(value, str) else from_text(value) for name, value in read.items()}
    return {
        "name": str(given.get("name", "")),
        "time_ns": str(int(given[time]) * unit_ns),
        "attributes": words,
    }


def _link(given: JsonObject) -> JsonObject:
    trace_id, span_id = str(given["trace_id"]), str(given["span_id"])
    is_base64 = span_id.endswith("=")
    return {
        "trace_id": base64.b64decode(trace_id).hex() if is_base64 else hex_of_trace(trace_id),
        "span_id": _from_base64(span_id) if is_base64 else _from_hex(span_id),
        "attributes": _attributes(given.get("attributes")),
    }


def hex_of_trace(trace_id: str) -> str:
    """The 32 digits in a trace's id: `tr-…`, `trace:/catalog.schema/…`, or the bare digits of before.

    Raises:
        UnreadableError: there are none.
    """
    digits = trace_id.rpartition("/")[2].removeprefix("tr-").removeprefix("0x").replace("-", "").lower()
    try:
        return bytes.fromhex(digits).rjust(16, b"\0")[-16:].hex() if digits else _none(trace_id)
    except ValueError as error:
        raise UnreadableError(f"{trace_id[:60]!r} is no trace id") from error


def _none(trace_id: str) -> str:
    raise UnreadableError(f"{trace_id[:60]!r} is no trace id")


def _status(code: str | None, message: str | None) -> JsonObject:
    number = _STATUS.get((code or "").removeprefix("STATUS_CODE_"), 0)
    return {**({"code": number} if number else {}), **({"message": message} if message else {})}


def _from_base64(given: Any) -> str:
    return _eight(base64.b64decode(str(given), validate=True))


def _from_hex(given: Any) -> str:
    return _eight(bytes.fromhex(str(given).removeprefix("0x").rjust(2 * _SPAN_ID_BYTES, "0")))


def _eight(span_id: bytes) -> str:
    if len(span_id) != _SPAN_ID_BYTES:
        raise ValueError("a span id must have 8 bytes")
    return span_id.hex()
