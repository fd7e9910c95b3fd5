"""Spans beyond all measure: kept whole or refused by rule, and the server goes on."""

from __future__ import annotations

import random
import zlib

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import ask, send
from server.tests.support.spans import TRACE, otlp_span, request, span_id

_PATH = f"/api/traces/{TRACE.hex()}"


def _goes_on(server: BackgroundServer) -> bool:
    return send(server.url, request(otlp_span(99))).status == 200


def test_a_hundred_thousand_attributes_are_kept(server: BackgroundServer) -> None:
    attributes = {f"key-{number}": number for number in range(100_000)}
    assert send(server.url, request(otlp_span(1, attributes=attributes))).status == 200
    path = f"{_PATH}/spans/{span_id(1).hex()}"
    detail = ask(server.url, path)
    assert detail.status == 200
    # More than a page bears is cut there, and is whole by itself.
    assert detail.json["cut_members"] == ["attributes"]
    whole = ask(server.url, f"{path}/payload/otlp").body
    (kept,) = ExportTraceServiceRequest.FromString(whole).resource_spans[0].scope_spans[0].spans
    assert kept.attributes[99_999].key == "key-99999"
    assert _goes_on(server)


def test_a_span_beyond_the_limit_is_refused_and_told_it_plain_or_compressed(
    start_server: StartServer,
) -> None:
    server = start_server(max_body_bytes=16 << 20)
    body = request(otlp_span(1, attributes={"outcrop.request.body": bytes(50 << 20)}))
    refused = send(server.url, body)
    assert refused.status == 413
    assert "OUTCROP_MAX_BODY_BYTES" in refused.detail
    packed = zlib.compressobj(wbits=31)
    bomb = packed.compress(body) + packed.flush()
    assert len(bomb) < 100_000
    assert send(server.url, bomb, content_encoding="gzip").status == 413
    assert ask(server.url, _PATH).status == 404
    assert _goes_on(server)


def test_a_span_of_fifty_megabytes_is_kept_whole(server: BackgroundServer) -> None:
    large = random.Random(1).randbytes(50 << 20)  # noqa: S311 - no secret
    assert send(server.url, request(otlp_span(1, attributes={"large": large}))).status == 200
    exported = ask(server.url, f"{_PATH}/export")
    assert exported.status == 200
    assert large in exported.body
    assert _goes_on(server)


def test_a_name_of_a_megabyte_is_cut_in_lists_and_whole_in_the_export(server: BackgroundServer) -> None:
    name = "n" * (1 << 20)
    assert send(server.url, request(otlp_span(1, name=name))).status == 200
    listed = ask(server.url, "/api/traces").json["traces"][0]["name"]
    assert len(listed) <= 500
    assert name.encode() in ask(server.url, f"{_PATH}/export").body
