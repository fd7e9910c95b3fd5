"""Reads any other operation: its arguments, its answer and its stream, in the shapes that boto3 shows.

What botocore's model says of the operation travelled with the span (`outcrop.request.member`,
`outcrop.response.member`), so nothing here knows an operation by name.
"""

from __future__ import annotations

import json
from typing import Any

from outcrop.bedrock.converse_stream import describe_event
from outcrop.bedrock.exchange import Exchange, StreamPiece
from outcrop.genai.messages import preview, text_part
from outcrop.genai.stream import Chunk, Outcome, Stream
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_object, as_text

# Where requests of the agent and retrieval services keep their words.
_WORDS = ("inputText", "text", "query", "prompt", "input", "content")
_DEPTH = 4


def read_generic(span_type: str, exchange: Exchange, attempts: int) -> SpanView:
    """Reads an operation that has no reader of its own."""
    inputs = _joined(exchange.params, exchange.request_member, exchange.request)
    outputs: JsonObject | None
    stream: Stream | None = None
    if exchange.pieces is not None:
        events = [{piece.type: piece.data} for piece in exchange.pieces]
        outputs = {**exchange.visible_fields, exchange.response_member or "stream": events}
        if not events and exchange.outcome == Outcome.ERROR:
            # A call that was refused has no answer, not an empty one.
            outputs = exchange.visible_fields or None
        chunks = [_chunk(index, piece) for index, piece in enumerate(exchange.pieces)]
        stream = Stream(exchange.outcome or "", exchange.end_reason or "", chunks)
        answer = "".join(chunk.text or "" for chunk in chunks if chunk.kind == "text")
    else:
        outputs = _joined(exchange.visible_fields, exchange.response_member, exchange.response) or None
        answer = _first_words(outputs) or ""
    return SpanView(
        span_type=span_type,
        inputs=inputs,
        outputs=outputs,
        stream=stream,
        request_model=exchange.model_id,
        attempts=attempts,
        request_preview=_preview(_first_words(inputs)),
        response_preview=_preview(answer or _as_line(outputs)),
        problem=exchange.problem,
    )


def _joined(fields: JsonObject, member: str | None, body: Any) -> JsonObject:
    if body is None:
        return dict(fields)
    if member is not None:
        return {**fields, member: body}
    return {**fields, **(as_object(body) if isinstance(body, dict) else {"body": body})}


def _chunk(index: int, piece: StreamPiece) -> Chunk:
    kind, text, block = describe_event(piece.type, piece.data)
    if text is None:
        data = piece.data
        # Agents send bare text, retrieval sends {"text": ...}.
        text = data if isinstance(data, str) else as_text(as_object(data).get("text"))
        kind = "other" if text is None else "text"
    return Chunk(index, piece.offset_ns, piece.type, piece.data, piece.size_bytes, kind, text, block)


def _first_words(value: Any, depth: int = 0) -> str | None:
    """The first text under one of the usual names; requests of these services nest it some levels deep."""
    if isinstance(value, str):
        return value
    if depth == _DEPTH:
        return None
    members: list[Any]
    if isinstance(value, list):
        members = list(value)  # pyright: ignore[reportUnknownArgumentType]  # JSON
    else:
        found = as_object(value)
        members = [found[name] for name in _WORDS if name in found]
        members += [member for member in found.values() if isinstance(member, dict | list)]
    return next(filter(None, (_first_words(member, depth + 1) for member in members[:20])), None)


def _as_line(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)[:1000]


def _preview(words: str | None) -> str | None:
    return preview([text_part(words)]) if words else None
