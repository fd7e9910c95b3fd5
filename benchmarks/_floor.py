"""The floor: what a careful engineer would write by hand with OpenTelemetry's SDK."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from botocore.client import BaseClient
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult


class Dropping(SpanExporter):
    """Takes spans and keeps none; encodes them first if it is told to."""

    def __init__(self, *, encodes: bool) -> None:
        self._encodes = encodes

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drops them."""
        if self._encodes:
            from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415

            encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS


def switch_on(*, encodes: bool) -> Callable[[], None]:
    """Wraps `_make_api_call` with one span of twelve attributes."""
    provider = TracerProvider(resource=Resource.create({"service.name": "floor"}))
    provider.add_span_processor(BatchSpanProcessor(Dropping(encodes=encodes)))
    tracer = provider.get_tracer("floor")
    client_class: Any = BaseClient
    original = client_class._make_api_call  # noqa: SLF001  # the seam that everyone uses

    def wrapped(client: Any, operation: str, parameters: Any) -> Any:
        model = parameters["modelId"]
        with tracer.start_as_current_span(f"chat {model}") as span:
            span.set_attribute("gen_ai.operation.name", "chat")
            span.set_attribute("gen_ai.provider.name", "aws.bedrock")
            span.set_attribute("gen_ai.request.model", model)
            inference = parameters.get("inferenceConfig", {})
            span.set_attribute("gen_ai.request.max_tokens", inference.get("maxTokens", 0))
            span.set_attribute("gen_ai.request.temperature", inference.get("temperature", 0.0))
            span.set_attribute("gen_ai.request.top_p", inference.get("topP", 0.0))
            asked = parameters.get("messages") or parameters.get("body")
            span.set_attribute(
                "gen_ai.input.messages", asked if isinstance(asked, str) else json.dumps(asked)
            )
            response = original(client, operation, parameters)
            span.set_attribute("aws.request_id", response["ResponseMetadata"].get("RequestId", ""))
            usage = response.get("usage", {})
            span.set_attribute("gen_ai.usage.input_tokens", usage.get("inputTokens", 0))
            span.set_attribute("gen_ai.usage.output_tokens", usage.get("outputTokens", 0))
            span.set_attribute("gen_ai.response.finish_reasons", [response.get("stopReason", "")])
            span.set_attribute("gen_ai.output.messages", json.dumps(response.get("output", "")))
            return response

    client_class._make_api_call = wrapped  # noqa: SLF001  # as above

    def finish() -> None:
        provider.force_flush()

    return finish
