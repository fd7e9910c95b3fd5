"""Other tracers under the same load: each is switched on with an exporter that drops its spans.

Imported in the environment of one peer alone, where the others are not installed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

Switch = tuple[Callable[[], None], Callable[[], None], Callable[[], None]]

# Distribution, version, and what it needs beside boto3 and OpenTelemetry's SDK.
PACKAGES: dict[str, tuple[str, ...]] = {
    "openinference": ("openinference-instrumentation-bedrock==0.1.61",),
    "openllmetry": ("opentelemetry-instrumentation-bedrock==0.62.4",),
    "otel-botocore": ("opentelemetry-instrumentation-botocore==0.66b2",),
    "otel-genai": ("opentelemetry-instrumentation-genai-bedrock==1.3b0",),
    "mlflow": ("mlflow-tracing==3.17.2",),
    "ddtrace": ("ddtrace==4.16.0",),
}
_INSTRUMENTORS = {
    "openinference": ("openinference.instrumentation.bedrock", "BedrockInstrumentor"),
    "openllmetry": ("opentelemetry.instrumentation.bedrock", "BedrockInstrumentor"),
    "otel-botocore": ("opentelemetry.instrumentation.botocore", "BotocoreInstrumentor"),
    "otel-genai": ("opentelemetry.instrumentation.genai.bedrock", "BedrockInstrumentor"),
}


class _Count:
    """How many spans have been dropped, to wait for."""

    def __init__(self) -> None:
        self.taken = 0
        self.arrived = threading.Condition()

    def take(self, spans: Sequence[Any]) -> None:
        with self.arrived:
            self.taken += len(spans)
            self.arrived.notify_all()


def switch(name: str) -> Switch:
    """On, finish and off of a peer."""
    made = {"mlflow": _mlflow, "ddtrace": _ddtrace}.get(name)
    return made() if made else _opentelemetry(name)


def _opentelemetry(name: str) -> Switch:
    sdk: Any = import_module("opentelemetry.sdk.trace")
    export: Any = import_module("opentelemetry.sdk.trace.export")
    count = _Count()
    started = [0]

    class Dropping(export.SpanExporter):  # type: ignore[misc]  # its class is loaded at run time
        def export(self, spans: Sequence[Any]) -> Any:
            count.take(spans)
            return export.SpanExportResult.SUCCESS

    base: Any = export.BatchSpanProcessor

    class Counting(base):  # type: ignore[misc]  # as above
        def on_end(self, span: Any) -> None:
            started[0] += 1
            base.on_end(self, span)

    provider = sdk.TracerProvider()
    provider.add_span_processor(Counting(Dropping(), schedule_delay_millis=200))
    module, kind = _INSTRUMENTORS[name]
    instrumentor: Any = getattr(import_module(module), kind)()

    def turn_on() -> None:
        instrumentor.instrument(tracer_provider=provider)

    def finish() -> None:
        with count.arrived:
            count.arrived.wait_for(lambda: count.taken >= started[0], timeout=10)

    def turn_off() -> None:
        instrumentor.uninstrument()

    return turn_on, finish, turn_off


def _drop(_exporter: Any, _spans: Sequence[Any]) -> None:
    return None


def _ddtrace() -> Switch:
    patch: Any = import_module("ddtrace.contrib.internal.botocore.patch")
    tracer: Any = import_module("ddtrace.trace").tracer

    class Dropping(import_module("ddtrace.trace").TraceFilter):  # type: ignore[misc]  # as above
        def process_trace(self, *_: Any) -> None:
            """Every trace ends here."""

    tracer.configure(trace_processors=[Dropping()])
    return patch.patch, lambda: None, patch.unpatch


def drop_mlflow_spans() -> Any:
    """MLflow, with an exporter that drops."""
    mlflow: Any = import_module("mlflow")
    exporter: Any = import_module("mlflow.tracing.export.mlflow_v3")
    exporter.MlflowV3SpanExporter.export = _drop
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    return mlflow


def _mlflow() -> Switch:
    mlflow = drop_mlflow_spans()

    def turn_on() -> None:
        mlflow.bedrock.autolog(silent=True)

    def turn_off() -> None:
        mlflow.bedrock.autolog(disable=True, silent=True)

    return turn_on, lambda: None, turn_off
