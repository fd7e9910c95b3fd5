"""The floor: what a careful engineer would write by hand with OpenTelemetry's SDK."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.client import BaseClient
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, use_span

# As ours: what has gathered goes out after 200 ms.
SCHEDULE_MS = 200


class Dropping(SpanExporter):
    """Takes spans and keeps none; encodes them first if it is told to."""

    def __init__(self, *, encodes: bool) -> None:
        self._encodes = encodes
        self.taken = 0
        self.arrived = threading.Condition()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drops them."""
        if self._encodes:
            from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415

            encode_spans(spans).SerializeToString()
        with self.arrived:
            self.taken += len(spans)
            self.arrived.notify_all()
        return SpanExportResult.SUCCESS


def _end(span: Span, usage: Any, reason: str, output: Any) -> None:
    span.set_attribute("gen_ai.usage.input_tokens", usage.get("inputTokens", 0))
    span.set_attribute("gen_ai.usage.output_tokens", usage.get("outputTokens", 0))
    span.set_attribute("gen_ai.response.finish_reasons", [reason])
    span.set_attribute("gen_ai.output.messages", json.dumps(output))
    span.end()


def _watched(stream: Any, span: Span) -> Iterator[Any]:
    """Joins the words; of the single chunks nothing is kept."""
    words: list[str] = []
    usage: Any = {}
    reason = ""
    for event in stream:
        if "contentBlockDelta" in event:
            words.append(event["contentBlockDelta"]["delta"].get("text", ""))
        elif "messageStop" in event:
            reason = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            usage = event["metadata"]["usage"]
        yield event
    _end(span, usage, reason, "".join(words))


def switch(*, encodes: bool) -> tuple[Callable[[], None], Callable[[], None], Callable[[], None]]:
    """Wraps `_make_api_call` with one span of twelve attributes; gives on, finish and off."""
    provider = TracerProvider(resource=Resource.create({"service.name": "floor"}))
    exporter = Dropping(encodes=encodes)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=SCHEDULE_MS))
    made = [0]
    tracer = provider.get_tracer("floor")
    client_class: Any = BaseClient
    original = client_class._make_api_call  # noqa: SLF001  # the seam that everyone uses

    def wrapped(client: Any, operation: str, parameters: Any) -> Any:
        model = parameters["modelId"]
        span = tracer.start_span(f"chat {model}")
        made[0] += 1
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.provider.name", "aws.bedrock")
        span.set_attribute("gen_ai.request.model", model)
        inference = parameters.get("inferenceConfig", {})
        span.set_attribute("gen_ai.request.max_tokens", inference.get("maxTokens", 0))
        span.set_attribute("gen_ai.request.temperature", inference.get("temperature", 0.0))
        span.set_attribute("gen_ai.request.top_p", inference.get("topP", 0.0))
        asked = parameters.get("messages") or parameters.get("body")
        span.set_attribute("gen_ai.input.messages", asked if isinstance(asked, str) else json.dumps(asked))
        with use_span(span, end_on_exit=False):
            response = original(client, operation, parameters)
        span.set_attribute("aws.request_id", response["ResponseMetadata"].get("RequestId", ""))
        if "stream" in response:
            response["stream"] = _watched(response["stream"], span)
            return response
        _end(span, response.get("usage", {}), response.get("stopReason", ""), response.get("output", ""))
        return response

    def turn_on() -> None:
        client_class._make_api_call = wrapped  # noqa: SLF001  # as above

    def finish() -> None:
        # Not force_flush: that exports on the calling thread, where a program would not have it.
        with exporter.arrived:
            exporter.arrived.wait_for(lambda: exporter.taken >= made[0])

    def turn_off() -> None:
        client_class._make_api_call = original  # noqa: SLF001  # as above

    return turn_on, finish, turn_off
