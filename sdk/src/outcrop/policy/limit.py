"""Size limits: cuts what is too long in a finished span, with marks that say so, and JSON stays JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from outcrop.capture.content import STRUCTURAL, is_structural
from outcrop.capture.lanes import lanes_of, rewrite_lane
from outcrop.capture.limits import body_mark, cut_text
from outcrop.capture.rewriting import Change, rewrite_bytes, rewrite_text
from outcrop.capture.spread import spread
from outcrop.kept_settings import KeptSettings
from outcrop.otlp.records import SpanRecord
from outcrop.policy.content import derive
from outcrop.policy.stream import CapturedStream
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_BODIES = (names.REQUEST_BODY, names.RESPONSE_BODY)
# JSON texts: the texts within are cut, so that they stay JSON.
_JSON = (
    names.INPUTS,
    names.OUTPUTS,
    names.REQUEST_PARAMS,
    names.RESPONSE_FIELDS,
    gen_ai.INPUT_MESSAGES,
    gen_ai.OUTPUT_MESSAGES,
    gen_ai.SYSTEM_INSTRUCTIONS,
    gen_ai.TOOL_DEFINITIONS,
)
# What other attributes are read by: half of it would be another thing.
_WHOLE = frozenset({gen_ai.REQUEST_MODEL, gen_ai.RESPONSE_MODEL, names.MODEL_RESOLVED, names.CONTENT})
# What a too large body's texts are cut to, one after the other, until it fits.
_STEPS = (4096, 512, 64)
# Attributes of these kinds stay when there are too many.
_KEPT_FIRST = ("outcrop.", "gen_ai.", "aws.", "error.", "cloud.", "server.", "session.id", "user.id")


def limit_span(record: SpanRecord, kept: KeptSettings) -> None:
    """Cuts a span in place to what the settings allow."""
    if kept.max_text_length is not None:
        _cut_texts(record, kept.max_text_length)
    if kept.max_body_bytes is not None:
        _cut_bodies(record, kept.max_body_bytes)
    if kept.max_attributes is not None:
        _cut_attributes(record, kept.max_attributes)


def _cut_texts(record: SpanRecord, limit: int) -> None:
    change = _cutting(limit)
    for name in (*_BODIES, *_JSON, names.STREAM_CHUNKS):
        if name in record.attributes:
            record.attributes[name] = _cut_payload(name, record.attributes[name], change)
    payload = frozenset((*_BODIES, *_JSON, names.STREAM_CHUNKS))
    for name, value in record.attributes.items():
        if name not in payload and name not in _WHOLE:
            record.attributes[name] = _cut_value(value, limit)
    for event in record.events:
        event.attributes = {name: _cut_value(value, limit) for name, value in event.attributes.items()}
    record.status_message = cut_text(record.status_message, limit)


def _cut_bodies(record: SpanRecord, limit: int) -> None:
    marks: dict[str, Any] = {}
    for name in (*_BODIES, names.STREAM_CHUNKS, *_JSON):
        value = record.attributes.get(name)
        size = _size(value)
        if size <= limit:
            continue
        for cut in _cuts(name, value):
            if _size(cut) <= limit:
                record.attributes[name] = cut
                break
        else:
            mark = body_mark(size, limit)
            marks[name] = json.dumps(mark).encode() if name in _BODIES else json.dumps(mark)
    if marks:
        derive(record)
        record.attributes.update(marks)
        # Of a stream nothing can stand there but a stream.
        record.attributes[names.CUT] = sorted(marks)
        if names.STREAM_CHUNKS in marks:
            del record.attributes[names.STREAM_CHUNKS]


def _cuts(name: str, value: Any) -> Iterator[Any]:
    return (_cut_payload(name, value, _cutting(step)) for step in _STEPS)


def _cut_attributes(record: SpanRecord, limit: int) -> None:
    if len(record.attributes) <= limit:
        return
    ranked = sorted(record.attributes, key=lambda name: not name.startswith(_KEPT_FIRST))
    keep = frozenset(ranked[:limit])
    dropped = len(record.attributes) - limit
    record.attributes = {name: value for name, value in record.attributes.items() if name in keep}
    record.attributes[names.DROPPED_ATTRIBUTES] = dropped


def _cutting(limit: int) -> Change:
    return Change(
        text=partial(cut_text, limit=limit),
        binary=partial(_cut_binary, limit=limit),
        spared=STRUCTURAL,
    )


def _cut_binary(text: str, limit: int) -> str:
    """Half a picture is none."""
    return text if len(text) <= limit else f"[cut: binary, {len(text) * 3 // 4:,} bytes]"


def _cut_payload(name: str, value: Any, change: Change) -> Any:
    if name == names.STREAM_CHUNKS:
        return _cut_stream(value, change) if isinstance(value, bytes) else value
    if isinstance(value, bytes):
        return rewrite_bytes(value, change)
    return rewrite_text(value, change) if isinstance(value, str) else value


def _cut_stream(packed: bytes, change: Change) -> bytes:
    try:
        stream = CapturedStream(packed)
    except ValueError:
        return packed

    def rewrite(pieces: list[str]) -> list[str]:
        return spread(pieces, rewrite_text("".join(pieces), change))

    for lane in lanes_of(stream.documents):
        said = [leaf for leaf in lane if not is_structural(leaf.place, leaf.holder, leaf.parent)]
        rewrite_lane(said, rewrite)
    return stream.packed()


def _cut_value(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return cut_text(value, limit)
    if isinstance(value, list):
        return [_cut_value(member, limit) for member in cast("list[Any]", value)]
    if isinstance(value, bytes):
        return value[:limit]
    return value


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    return len(value) if isinstance(value, bytes) else 0
