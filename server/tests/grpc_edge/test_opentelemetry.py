"""OpenTelemetry's own SDK and its exporter for gRPC, against a server."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.grpc", reason="its exporter is not installed; `make test` installs it"
)

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import (
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import ask
from server.tests.support.tokens import bearer, make


class Kept(SpanExporter):
    """Hands on, and keeps what came of it."""

    def __init__(self, exporter: SpanExporter) -> None:
        self.exporter = exporter
        self.results: list[SpanExportResult] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.results.append(self.exporter.export(spans))
        return self.results[-1]

    def shutdown(self) -> None:
        self.exporter.shutdown()


def one_trace(exporter: OTLPSpanExporter) -> list[SpanExportResult]:
    kept = Kept(exporter)
    resource = Resource({"service.name": "shop", "outcrop.experiment.name": "from OpenTelemetry"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("tests")
    with tracer.start_as_current_span("agent"), tracer.start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "claude")
        span.set_attribute("gen_ai.usage.input_tokens", 7)
    provider.shutdown()
    return kept.results


def traces(server: BackgroundServer, **headers: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(server.url, "/api/traces", headers=headers).json["traces"]
    return found


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_its_spans_arrive_with_what_they_say(
    server: BackgroundServer, monkeypatch: pytest.MonkeyPatch, compression: str
) -> None:
    # As users set it up: by variables alone.
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.grpc_url or "")
    if compression == "gzip":
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
    assert one_trace(OTLPSpanExporter()) == [SpanExportResult.SUCCESS] * 2
    (trace,) = traces(server)
    assert (trace["name"], trace["span_count"], trace["models"]) == ("agent", 2, ["claude"])
    experiments = ask(server.url, "/api/experiments").json["experiments"]
    assert [each["name"] for each in experiments] == ["from OpenTelemetry"]


def test_it_sends_a_token_over_tls_and_shows_our_words_without_one(
    tmp_path: Path,
    start_server: StartServer,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = make(tmp_path / "data" / "outcrop.db", "program", "write")
    server = start_server(grpc_port=0, tls_cert=certificate[0], tls_key=certificate[1])
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(certificate[0]))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.grpc_url or "")
    with caplog.at_level(logging.ERROR):
        assert one_trace(OTLPSpanExporter()) == [SpanExportResult.FAILURE] * 2
    assert "This server asks for a token." in caplog.text
    assert one_trace(OTLPSpanExporter(headers=bearer(token))) == [SpanExportResult.SUCCESS] * 2
