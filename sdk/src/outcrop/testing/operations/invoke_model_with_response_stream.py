"""InvokeModelWithResponseStream: the vendor's own stream events, each as the bytes of a `chunk` event.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from outcrop.testing.answer import Answer
from outcrop.testing.bodies.choice import choose_dialect
from outcrop.testing.converse_shape import Event
from outcrop.testing.errors import ValidationError
from outcrop.testing.exchange import Exchange
from outcrop.testing.http_shapes import Response, error_response
from outcrop.testing.json_values import JsonObject, to_base64, to_json
from outcrop.testing.operations.invoke_model import check_invoke, mode_headers
from outcrop.testing.operations.operation import Operation
from outcrop.testing.replies import RawBody, Reply, Usage
from outcrop.testing.stream_plan import stream_response

_CONTENT_TYPE_HEADER = "X-Amzn-Bedrock-Content-Type"


def _respond(exchange: Exchange) -> Response:
    if isinstance(exchange.scripted, RawBody):
        return _raw(exchange.scripted)
    dialect = choose_dialect(exchange.model_id, exchange.body)
    if dialect.stream is None:
        return error_response(ValidationError("The model is unsupported for streaming."))
    answer = exchange.answer(dialect.read(exchange.body))
    headers = {_CONTENT_TYPE_HEADER: "application/json", **mode_headers(answer.reply)}
    return stream_response(_chunks(dialect.stream(answer, exchange.body), answer), answer.reply, headers)


def _chunks(bodies: Iterator[JsonObject], answer: Answer) -> Iterator[Event]:
    """The dialect's chunks; the last one also carries Bedrock's own counts."""
    first_byte_ms: int | None = None
    held: JsonObject | None = None
    for body in bodies:
        if held is not None:
            yield _chunk(to_json(held))
            # The frame has gone out when the next one is asked for.
            first_byte_ms = first_byte_ms or answer.latency_ms()
        held = body
    if held is not None:
        metrics = _metrics(answer.usage, answer.latency_ms(), first_byte_ms)
        yield _chunk(to_json({**held, "amazon-bedrock-invocationMetrics": metrics}))


def _chunk(body: bytes) -> Event:
    return "chunk", {"bytes": to_base64(body)}


def _metrics(usage: Usage, latency_ms: int, first_byte_ms: int | None) -> JsonObject:
    metrics = {
        "inputTokenCount": usage.input_tokens,
        "outputTokenCount": usage.output_tokens,
        "invocationLatency": latency_ms,
        "firstByteLatency": latency_ms if first_byte_ms is None else first_byte_ms,
        "cacheReadInputTokenCount": usage.cache_read,
        "cacheWriteInputTokenCount": usage.cache_write,
    }
    return {name: count for name, count in metrics.items() if count is not None}


def _raw(reply: RawBody) -> Response:
    started_ns = time.monotonic_ns()

    def events() -> Iterator[Event]:
        yield from (_chunk(body) for body in reply.chunks or (reply.body,))
        if reply.usage is not None:
            latency_ms = max(1, (time.monotonic_ns() - started_ns) // 1_000_000)
            metrics = _metrics(reply.usage, latency_ms, None)
            yield _chunk(to_json({"amazon-bedrock-invocationMetrics": metrics}))

    headers = {_CONTENT_TYPE_HEADER: reply.content_type}
    return stream_response(events(), Reply(latency_s=reply.latency_s), headers)


OPERATION = Operation(
    "InvokeModelWithResponseStream",
    "POST",
    "/model/{modelId}/invoke-with-response-stream",
    check_invoke,
    _respond,
)
