from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import threading
from typing import Any

import pytest
import zstandard
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from outcrop_server.otlp.parse import parse_export
from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import PROTOBUF, Answer, ask, send
from server.tests.support.locks import another_writer
from server.tests.support.spans import TRACE, otlp_span, request, span_id, trace_id

JSON = "application/json"


def count(server: BackgroundServer) -> int:
    return len(ask(server.url, "/api/traces").json["traces"])


def test_an_accepted_request_is_durable_and_answered_in_protobuf(server: BackgroundServer) -> None:
    answer = send(server.url, request(otlp_span(1), otlp_span(2, 1)))
    assert (answer.status, answer.headers["content-type"]) == (200, PROTOBUF)
    assert ExportTraceServiceResponse.FromString(answer.body) == ExportTraceServiceResponse()
    detail = ask(server.url, f"/api/traces/{TRACE.hex()}").json
    assert [span["span_id"] for span in detail["spans"]] == [span_id(1).hex(), span_id(2).hex()]


def test_the_same_request_twice_is_kept_once(server: BackgroundServer) -> None:
    body = request(otlp_span(1))
    assert [send(server.url, body).status for _ in range(2)] == [200, 200]
    assert ask(server.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 1


def test_gzip_is_accepted(server: BackgroundServer) -> None:
    assert send(server.url, gzip.compress(request(otlp_span(1))), content_encoding="gzip").status == 200
    assert count(server) == 1


def test_a_content_type_with_parameters_is_accepted(server: BackgroundServer) -> None:
    answer = send(server.url, request(otlp_span(1)), content_type=f"{PROTOBUF}; charset=utf-8")
    assert answer.status == 200


def test_the_header_names_the_experiment(server: BackgroundServer) -> None:
    assert send(server.url, request(otlp_span(1)), x_outcrop_experiment="mine").status == 200
    assert [e["name"] for e in ask(server.url, "/api/experiments").json["experiments"]] == ["mine"]


def test_malformed_protobuf_gets_400_with_a_reason_and_stores_nothing(server: BackgroundServer) -> None:
    answer = send(server.url, b"this is no protobuf")
    assert (answer.status, count(server)) == (400, 0)
    assert "ExportTraceServiceRequest" in answer.detail


def test_wrong_spans_are_named_and_the_others_kept(server: BackgroundServer) -> None:
    wrong = [otlp_span(number, trace_id=b"\1\2", name=f"guilty {number}") for number in range(2, 10)]
    answer = send(server.url, request(otlp_span(1), *wrong))
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, partial.rejected_spans, count(server)) == (200, 8, 1)
    assert "('guilty 2') has the trace id '0102'" in partial.error_message
    assert partial.error_message.endswith("And 3 more.")
    in_json = send(server.url, as_json(request(otlp_span(1), *wrong)), content_type=JSON)
    said = json.loads(in_json.body)["partialSuccess"]
    assert (said["rejectedSpans"], said["errorMessage"]) == ("8", partial.error_message)


def test_a_request_without_a_right_span_is_refused(server: BackgroundServer) -> None:
    answer = send(server.url, request(otlp_span(2, trace_id=b"\1\2", name="guilty")))
    assert (answer.status, count(server)) == (400, 0)
    assert "guilty" in answer.detail


def as_json(body: bytes) -> bytes:
    """The request as OpenTelemetry's SDKs for JavaScript send it: ids in hexadecimal."""
    message = MessageToDict(ExportTraceServiceRequest.FromString(body), use_integers_for_enums=True)
    for resource_spans in message["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                for name in {"traceId", "spanId", "parentSpanId"} & span.keys():
                    span[name] = base64.b64decode(span[name]).hex()
    return json.dumps(message).encode()


def test_json_means_the_same_as_protobuf(server: BackgroundServer) -> None:
    attributes = {"text": "日本", "raw": b"\x00\xff", "count": -(2**62), "list": ["a", 1.5], "flag": False}
    body = request(
        otlp_span(1, status="ERROR", attributes=attributes),
        otlp_span(2, 1, events=[("note", {"k": "v"})]),
        resource={"service.name": "shop"},
    )
    answer = send(server.url, as_json(body), content_type=f"{JSON}; charset=utf-8")
    assert (answer.status, answer.headers["content-type"], json.loads(answer.body)) == (200, JSON, {})
    exported = ask(server.url, f"/api/traces/{TRACE.hex()}/export").body
    assert parse_export(exported).spans == parse_export(body).spans


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b'{"resourceSpans": 3}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": 3}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\\ud800"}]}]}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_json_that_is_no_request_gets_400_with_a_reason(server: BackgroundServer, body: bytes) -> None:
    answer = send(server.url, body, content_type=JSON)
    assert (answer.status, count(server)) == (400, 0)
    assert "ExportTraceServiceRequest" in answer.detail


def test_json_with_wrong_ids_and_with_members_of_tomorrow(server: BackgroundServer) -> None:
    good: dict[str, Any] = {
        "traceId": TRACE.hex(),
        "spanId": span_id(1).hex(),
        "startTimeUnixNano": "5",
        "mood": "fine",
    }
    good |= {"endTimeUnixNano": "6", "name": "kept", "links": [{"traceId": "zz", "spanId": 3}]}
    wrong: tuple[Any, ...] = ("xyz", 3, None, "AAAA", [])
    bad = [{**good, "traceId": given, "name": "guilty"} for given in wrong]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [good, *bad]}]}]}).encode()
    answer = send(server.url, body, content_type=JSON)
    assert json.loads(answer.body)["partialSuccess"]["rejectedSpans"] == "5"
    assert [span["name"] for span in ask(server.url, f"/api/traces/{TRACE.hex()}").json["spans"]] == ["kept"]


def test_zstd_is_accepted(server: BackgroundServer) -> None:
    two_frames = b"".join(map(zstandard.compress, (request(otlp_span(1)), request(otlp_span(2, 1)))))
    assert send(server.url, two_frames, content_encoding="zstd").status == 200
    assert ask(server.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 2


@pytest.mark.parametrize("content_type", ["application/grpc", "text/plain", ""])
def test_other_content_types_get_415_with_what_to_send(server: BackgroundServer, content_type: str) -> None:
    answer = send(server.url, request(otlp_span(1)), content_type=content_type)
    assert answer.status == 415
    assert PROTOBUF in answer.detail


def test_an_unknown_encoding_gets_415(server: BackgroundServer) -> None:
    assert send(server.url, b"", content_encoding="br").status == 415


def test_a_body_beyond_the_limit_gets_413_however_it_is_sent(start_server: StartServer) -> None:
    server = start_server(max_body_bytes=10_000)
    big = request(otlp_span(1, attributes={"body": os.urandom(20_000)}))
    assert "10,000" in send(server.url, big).detail
    packed = gzip.compress(request(otlp_span(1, attributes={"body": bytes(20_000)})))
    assert len(packed) < 10_000
    assert send(server.url, packed, content_encoding="gzip").status == 413
    bomb = zstandard.compress(request(otlp_span(1, attributes={"body": bytes(50_000_000)})))
    assert len(bomb) < 10_000
    assert send(server.url, bomb, content_encoding="zstd").status == 413
    assert in_chunks(server, [big[:8000], big[8000:]]).status == 413
    assert count(server) == 0


def test_a_body_in_chunks_is_accepted(server: BackgroundServer) -> None:
    body = request(otlp_span(1))
    assert in_chunks(server, [body[:10], body[10:]]).status == 200


def test_big_payloads_come_back_whole(server: BackgroundServer) -> None:
    body = os.urandom(12_000_000)
    sent = request(otlp_span(1, attributes={"outcrop.request.body": body}))
    assert send(server.url, sent).status == 200
    exported = ask(server.url, f"/api/traces/{TRACE.hex()}/export").body
    assert parse_export(exported) == parse_export(sent)
    detail = ask(server.url, f"/api/traces/{TRACE.hex()}/spans/{span_id(1).hex()}").json
    assert detail["attributes"]["outcrop.request.body"] == {"$bytes": len(body)}


def test_a_full_server_answers_503_with_retry_after_and_loses_nothing_it_took(
    start_server: StartServer,
) -> None:
    server = start_server(max_waiting_bytes=2000)
    answers: list[Answer] = []
    refused = threading.Event()

    def one(number: int) -> None:
        answer = send(server.url, request(otlp_span(1, trace=trace_id(number), name="n" * 1500)))
        answers.append(answer)
        if answer.status == 503:
            refused.set()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(1, 5)]
    with another_writer(server.settings.store_file):
        for thread in threads:
            thread.start()
        assert refused.wait(120)
        assert ask(server.url, "/healthz").status == 200
    for thread in threads:
        thread.join()
    refusals = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in refusals} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refusals)
    assert count(server) == 4 - len(refusals) >= 1


@hypothesis_settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=200), encoding=st.sampled_from(["", "gzip", "identity", "zstd"]))
def test_garbage_never_gets_a_500(server: BackgroundServer, body: bytes, encoding: str) -> None:
    headers = {"content_encoding": encoding} if encoding else {}
    assert send(server.url, body, **headers).status in {200, 400}


def in_chunks(server: BackgroundServer, parts: list[bytes]) -> Answer:
    """Sends a body whose length is not announced."""
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.port, timeout=120)
    try:
        connection.request("POST", "/v1/traces", iter(parts), {"content-type": PROTOBUF}, encode_chunked=True)
        response = connection.getresponse()
        return Answer(response.status, {}, response.read())
    finally:
        connection.close()
