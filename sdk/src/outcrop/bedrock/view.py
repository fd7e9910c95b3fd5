"""Reads a Bedrock span: the captured exchange, through the operation's codec, to a `SpanView`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from outcrop.bedrock import converse, converse_stream
from outcrop.bedrock.bodies.codec import BodyCodec, BodyRead
from outcrop.bedrock.bodies.table import find_codec
from outcrop.bedrock.exchange import Exchange, StreamPiece, read_exchange
from outcrop.bedrock.generic import read_generic
from outcrop.bedrock.model_id import parse_model_id
from outcrop.genai.messages import Chat, preview
from outcrop.genai.stream import Chunk, ChunkKind, Stream
from outcrop.genai.usage import Usage, UsageRule
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, as_int, as_object

# Names under which Bedrock counts tokens of an invoke: in headers, and in a stream's last chunk.
INPUT_TOKENS_HEADER = "x-amzn-bedrock-input-token-count"
OUTPUT_TOKENS_HEADER = "x-amzn-bedrock-output-token-count"
CACHE_READ_HEADER = "x-amzn-bedrock-cache-read-input-token-count"
CACHE_WRITE_HEADER = "x-amzn-bedrock-cache-write-input-token-count"
_METRICS = "amazon-bedrock-invocationMetrics"
# Members of bodies that count input: Anthropic and Amazon leave cached input out, OpenAI's schema does not;
# the rest know no cache.
_COUNTED_APART = frozenset({"input_tokens", "inputTokens"})
_COUNTED_WITHIN = frozenset({"prompt_tokens", "prompt_token_count", "inputTextTokenCount", "inputTokenCount"})


def read_bedrock_span(span_type: str, attributes: Mapping[str, Any], attempts: int) -> SpanView:
    """Reads a Bedrock span's attributes; what cannot be read is said in the view's `problem`."""
    exchange = read_exchange(attributes)
    if exchange.operation in {"Converse", "ConverseStream"}:
        return _read_converse(span_type, exchange, attempts)
    if not exchange.operation.startswith("InvokeModel"):
        return read_generic(span_type, exchange, attempts)
    return _read_invoke(span_type, exchange, attempts)


def _read_converse(span_type: str, exchange: Exchange, attempts: int) -> SpanView:
    inputs = {**exchange.params, **as_object(exchange.request)}
    response: JsonObject | None = as_object(exchange.response) or None
    stream: Stream | None = None
    if exchange.pieces is not None:
        response = converse_stream.merge_events((p.type, p.data) for p in exchange.pieces) or None
        chunks = [_converse_chunk(index, piece) for index, piece in enumerate(exchange.pieces)]
        stream = Stream(exchange.outcome or "", exchange.end_reason or "", chunks)
    chat = converse.read_chat(inputs, response)
    return SpanView(
        span_type=span_type,
        inputs=inputs,
        outputs=response,
        chat=chat,
        stream=stream,
        usage=converse.read_usage(response) or Usage(),
        request_model=exchange.model_id,
        response_model=converse.read_response_model(response),
        finish_reason=converse.read_finish_reason(response),
        tool_calls=_tool_calls(chat),
        attempts=attempts,
        request_preview=_request_preview(chat),
        response_preview=_response_preview(chat),
        problem=exchange.problem,
        request_attributes=converse.request_attributes(inputs),
    )


def _read_invoke(span_type: str, exchange: Exchange, attempts: int) -> SpanView:
    request = as_object(exchange.request)
    vendor = parse_model_id(exchange.model_id or "").vendor
    codec = find_codec(vendor, request)
    response = exchange.response
    stream: Stream | None = None
    if exchange.pieces is not None:
        events = [piece for piece in exchange.pieces if piece.type == "chunk"]
        response = _merge_invoke(codec, [piece.data for piece in events])
        chunks = [_invoke_chunk(index, piece, codec) for index, piece in enumerate(exchange.pieces)]
        stream = Stream(exchange.outcome or "", exchange.end_reason or "", chunks)
    body = codec.read(request, as_object(response)) if codec else BodyRead()
    chat = body.chat if codec else None
    return SpanView(
        span_type=span_type,
        inputs=_invoke_inputs(exchange),
        outputs=_invoke_outputs(exchange, response),
        chat=chat,
        stream=stream,
        usage=_invoke_usage(body.usage, exchange),
        request_model=exchange.model_id,
        finish_reason=body.finish_reason,
        tool_calls=_tool_calls(chat) if chat else (),
        attempts=attempts,
        request_preview=_request_preview(chat) if chat else None,
        response_preview=_response_preview(chat) if chat else None,
        problem=exchange.problem,
    )


def _invoke_inputs(exchange: Exchange) -> JsonObject:
    if exchange.request is None:
        return exchange.params
    return {**exchange.params, "body": exchange.request}


def _invoke_outputs(exchange: Exchange, response: Any) -> JsonObject | None:
    outputs = _visible(exchange.response_fields)
    if response is not None:
        outputs["body"] = response
    return outputs or None


def _visible(fields: JsonObject) -> JsonObject:
    """Members of the answer; token counts are headers, not members."""
    return {name: value for name, value in fields.items() if not name.startswith("x-amzn-")}


def _merge_invoke(codec: BodyCodec | None, data: list[Any]) -> Any:
    if not data:
        return None
    return codec.merge(data) if codec else data


def _invoke_usage(usage: Usage | None, exchange: Exchange) -> Usage:
    if usage is not None and usage.input_tokens is not None:
        return usage if usage.rule else replace(usage, rule=_body_rule(usage.raw))
    fields = exchange.response_fields
    metrics: JsonObject = {}
    for piece in reversed(exchange.pieces or []):
        metrics = as_object(as_object(piece.data).get(_METRICS))
        if metrics:
            break
    input_tokens = as_int(metrics.get("inputTokenCount", fields.get(INPUT_TOKENS_HEADER)))
    output_tokens = as_int(metrics.get("outputTokenCount", fields.get(OUTPUT_TOKENS_HEADER)))
    read = as_int(metrics.get("cacheReadInputTokenCount", fields.get(CACHE_READ_HEADER)))
    written = as_int(metrics.get("cacheWriteInputTokenCount", fields.get(CACHE_WRITE_HEADER)))
    if input_tokens is not None:
        # As in Converse, the count of fresh input leaves cached input out.
        input_tokens += (read or 0) + (written or 0)
    known = usage or Usage()
    return Usage(
        input_tokens,
        output_tokens if known.output_tokens is None else known.output_tokens,
        read,
        written,
        {**known.raw, **metrics} or {name: v for name, v in fields.items() if name.startswith("x-amzn-")},
        (UsageRule.INVOCATION_METRICS if metrics else UsageRule.HEADERS)
        if input_tokens is not None
        else None,
    )


def _body_rule(raw: JsonObject) -> str:
    """What a body's own names say of its input count."""
    if _COUNTED_APART & raw.keys():
        return UsageRule.EXCLUSIVE
    return UsageRule.INCLUSIVE if _COUNTED_WITHIN & raw.keys() else UsageRule.UNKNOWN


def _converse_chunk(index: int, piece: StreamPiece) -> Chunk:
    kind, text, block = converse_stream.describe_event(piece.type, piece.data)
    return Chunk(index, piece.offset_ns, piece.type, piece.data, piece.size_bytes, kind, text, block)


def _invoke_chunk(index: int, piece: StreamPiece, codec: BodyCodec | None) -> Chunk:
    described: tuple[str, ChunkKind, str | None, int | None] = (piece.type, "other", None, None)
    if codec and piece.type == "chunk":
        described = codec.describe(as_object(piece.data))
    kind_name, kind, text, block = described
    return Chunk(index, piece.offset_ns, kind_name, piece.data, piece.size_bytes, kind, text, block)


def _tool_calls(chat: Chat) -> tuple[str, ...]:
    parts = [part for message in chat.output for part in message.parts]
    return tuple(str(part["name"]) for part in parts if part["type"] == "tool_call")


def _request_preview(chat: Chat) -> str | None:
    """The newest words of the user; a turn that only brings tool results has none of its own."""
    for message in reversed(chat.messages):
        words = preview(message.parts) if message.role != "tool" else None
        if words:
            return words
    return None


def _response_preview(chat: Chat) -> str | None:
    for message in chat.output:
        words = preview(message.parts)
        if words:
            return words
    calls = _tool_calls(chat)
    return f"→ {', '.join(calls)}" if calls else None
