"""Reads a Bedrock span: the captured exchange, through the operation's codec, to a `SpanView`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from outcrop.bedrock import converse, converse_stream
from outcrop.bedrock.bodies.codec import BodyCodec, BodyRead
from outcrop.bedrock.bodies.table import find_codec
from outcrop.bedrock.exchange import Exchange, StreamPiece, read_exchange
from outcrop.bedrock.generic import read_generic
from outcrop.bedrock.guardrail import guardrail_attributes
from outcrop.bedrock.model_id import parse_model_id
from outcrop.genai.messages import Chat
from outcrop.genai.previews import request_preview, response_preview, tool_calls
from outcrop.genai.stream import Chunk, ChunkKind, Stream
from outcrop.genai.usage import Usage, UsageRule
from outcrop.genai.view import SpanView
from outcrop.json_reading import JsonObject, ParseJson, as_int, as_object, as_text, parse_json
from outcrop.semconv.span_types import SpanType

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


def read_bedrock_span(
    span_type: str, attributes: Mapping[str, Any], attempts: int, parse: ParseJson = parse_json
) -> SpanView:
    """Reads a Bedrock span's attributes; what cannot be read is said in the view's `problem`."""
    view = _read_operation(span_type, read_exchange(attributes, parse), attempts)
    guarded = guardrail_attributes(view.inputs, view.outputs)
    if guarded:
        view.request_attributes = {**view.request_attributes, **guarded}
    return view


def _read_operation(span_type: str, exchange: Exchange, attempts: int) -> SpanView:
    if exchange.operation in {"Converse", "ConverseStream"}:
        return _read_converse(span_type, exchange, attempts)
    if exchange.operation == "StartAsyncInvoke":
        return _with_model_input(read_generic(span_type, exchange, attempts), exchange)
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
    output = converse.read_output(response)
    return SpanView(
        span_type=span_type,
        inputs=inputs,
        outputs=response,
        # Whoever lists spans needs the last words alone, and a conversation may be long.
        chat=Chat.deferred(partial(converse.read_chat, inputs, response)),
        stream=stream,
        usage=converse.read_usage(response) or Usage(),
        request_model=exchange.model_id,
        response_model=converse.read_response_model(response),
        finish_reason=converse.read_finish_reason(response),
        tool_calls=tool_calls(output),
        attempts=attempts,
        request_preview=request_preview(lambda: converse.read_messages(inputs)),
        response_preview=response_preview(output),
        problem=exchange.problem,
        request_attributes=converse.request_attributes(inputs),
    )


def _read_invoke(span_type: str, exchange: Exchange, attempts: int) -> SpanView:
    request = as_object(exchange.request)
    model = parse_model_id(exchange.model_id or "")
    codec = find_codec(model.vendor, request, _first_answer(exchange), model.name)
    response = exchange.response
    stream: Stream | None = None
    if exchange.pieces is not None:
        events = [piece for piece in exchange.pieces if piece.type == "chunk"]
        response = _merge_invoke(codec, [piece.data for piece in events])
        chunks = [_invoke_chunk(index, piece, codec) for index, piece in enumerate(exchange.pieces)]
        stream = Stream(exchange.outcome or "", exchange.end_reason or "", chunks)
    body = codec.read(request, as_object(response)) if codec else BodyRead()
    chat = body.chat
    asked, answered = _body_previews(body)
    return SpanView(
        span_type=_body_span_type(span_type, body),
        inputs=_invoke_inputs(exchange),
        outputs=_invoke_outputs(exchange, response),
        chat=chat,
        stream=stream,
        usage=_invoke_usage(body.usage, exchange),
        request_model=exchange.model_id,
        finish_reason=body.finish_reason,
        tool_calls=tool_calls(chat.output) if chat else (),
        attempts=attempts,
        request_preview=asked,
        response_preview=answered,
        problem=exchange.problem,
        embedding=body.embedding,
        ranking=body.ranking,
    )


def _with_model_input(view: SpanView, exchange: Exchange) -> SpanView:
    """Adds what an asynchronous call asks of its model; the answer will lie in S3."""
    request = as_object(exchange.request)
    model_input = as_object(request.get("modelInput"))
    model = parse_model_id(exchange.model_id or "")
    codec = find_codec(model.vendor, model_input, None, model.name)
    if codec is None:
        return view
    body = codec.read(model_input, {})
    place = as_object(as_object(request.get("outputDataConfig")).get("s3OutputDataConfig"))
    uri = as_text(place.get("s3Uri"))
    return replace(
        view,
        span_type=_body_span_type(view.span_type, body),
        chat=body.chat,
        embedding=body.embedding,
        ranking=body.ranking,
        request_preview=_body_previews(body)[0] or view.request_preview,
        response_preview=f"→ {uri}" if uri and view.outputs else view.response_preview,
    )


def _first_answer(exchange: Exchange) -> JsonObject:
    """What may tell a body's family: the answer, or a stream's first chunk."""
    if exchange.pieces is None:
        return as_object(exchange.response)
    answers = [as_object(piece.data) for piece in exchange.pieces if piece.type == "chunk"]
    return answers[0] if answers else {}


def _body_span_type(span_type: str, body: BodyRead) -> str:
    """The kind of span, where the body says more than the operation did."""
    if span_type != SpanType.LLM:
        return span_type
    if body.embedding is not None:
        return SpanType.EMBEDDING
    return span_type if body.ranking is None else SpanType.RERANKER


def _body_previews(body: BodyRead) -> tuple[str | None, str | None]:
    for described in (body.embedding, body.ranking):
        if described is not None:
            return described.request_preview, described.response_preview
    if body.chat is None:
        return None, None
    messages = body.chat.messages
    return request_preview(lambda: reversed(messages)), response_preview(body.chat.output)


def _invoke_inputs(exchange: Exchange) -> JsonObject:
    if not exchange.has_request_body:
        return exchange.params
    return {**exchange.params, "body": exchange.request}


def _invoke_outputs(exchange: Exchange, response: Any) -> JsonObject | None:
    outputs = dict(exchange.visible_fields)
    if response is not None or exchange.has_response_body:
        outputs["body"] = response
    # What a newer API may send beside its chunks; exceptions are the span's error.
    for piece in exchange.pieces or []:
        if piece.type != "chunk" and not piece.is_exception:
            outputs[piece.type] = piece.data
    return outputs or None


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
