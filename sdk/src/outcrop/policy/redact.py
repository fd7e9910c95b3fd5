"""Hides what a user asks to hide, wherever in a finished span it stands."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from outcrop.capture.lanes import lanes_of, rewrite_lane
from outcrop.capture.redaction import Redactor
from outcrop.capture.rewriting import Change, rewrite_bytes, rewrite_text
from outcrop.capture.spread import spread
from outcrop.otlp.records import SpanRecord
from outcrop.policy.event_lines import rewrite_event_lines
from outcrop.policy.stream import CapturedStream
from outcrop.semconv import outcrop_attributes as names

# An error's body is kept up to a length; what is hidden may lie across its end.
_MAX_ATTEMPT_BODY, _CUT_MARGIN = 4096, 256


def redact_span(record: SpanRecord, redactor: Redactor) -> None:
    """Redacts a span in place: its name, status, attributes, events, bodies and stream."""
    change = Change(redactor, redactor.in_key)
    record.name = rewrite_text(record.name, change)
    record.status_message = rewrite_text(record.status_message, change)
    packed = record.attributes.pop(names.STREAM_CHUNKS, None)
    answer = record.attributes.get(names.RESPONSE_BODY)
    if isinstance(answer, bytes):
        record.attributes[names.RESPONSE_BODY] = rewrite_event_lines(answer, partial(_rewrite, change=change))
    record.attributes = _redact_members(record.attributes, change)
    if isinstance(packed, bytes):
        redacted = redact_stream(packed, change)
        if redacted is not None:
            record.attributes[names.STREAM_CHUNKS] = redacted
    for event in record.events:
        event.name = rewrite_text(event.name, change)
        body = event.attributes.get(names.ATTEMPT_BODY)
        if isinstance(body, str) and len(body.encode("utf-8", "replace")) >= _MAX_ATTEMPT_BODY:
            event.attributes[names.ATTEMPT_BODY] = body[:-_CUT_MARGIN]
        event.attributes = _redact_members(event.attributes, change)


def redact_stream(packed: bytes, change: Change) -> bytes | None:
    """A captured stream, redacted across its events; None if it cannot be read, and so cannot be sent."""
    try:
        stream = CapturedStream(packed)
    except ValueError:
        return None
    for lane in lanes_of(stream.documents):
        rewrite_lane(lane, partial(_rewrite, change=change))
    return stream.packed(change)


def _rewrite(pieces: list[str], change: Change) -> list[str]:
    return spread(pieces, rewrite_text("".join(pieces), change))


def _redact_members(members: dict[str, Any], change: Change) -> dict[str, Any]:
    return {key: _redact_value(value, change) for key, value in members.items()}


def _redact_value(value: Any, change: Change) -> Any:
    if isinstance(value, str):
        return rewrite_text(value, change)
    if isinstance(value, bytes):
        return rewrite_bytes(value, change)
    if isinstance(value, dict):
        return _redact_members(cast("dict[str, Any]", value), change)
    if isinstance(value, list):
        return [_redact_value(member, change) for member in cast("list[Any]", value)]
    return value
