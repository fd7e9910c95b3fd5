from __future__ import annotations

import fcntl
import gzip
import http.client
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from outcrop_server.otlp.parse import parse_export
from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import PROTOBUF, Answer, ask, send
from server.tests.support.spans import TRACE, otlp_span, request, span_id, trace_id


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


def test_one_wrong_span_refuses_the_request_and_stores_nothing(server: BackgroundServer) -> None:
    answer = send(server.url, request(otlp_span(1), otlp_span(2, trace_id=b"\1\2", name="guilty")))
    assert (answer.status, count(server)) == (400, 0)
    assert "guilty" in answer.detail


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
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
    assert parse_export(exported)[0] == parse_export(sent)[0]
    detail = ask(server.url, f"/api/traces/{TRACE.hex()}/spans/{span_id(1).hex()}").json
    assert detail["attributes"]["outcrop.request.body"] == {"$bytes": len(body)}


@contextmanager
def another_writer(server: BackgroundServer) -> Generator[None, None, None]:
    """Holds the store's lock, as another process does while it writes."""
    store = server.settings.store
    with store.with_name(store.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
    with another_writer(server):
        for thread in threads:
            thread.start()
        assert refused.wait(30)
        assert ask(server.url, "/healthz").status == 200
    for thread in threads:
        thread.join()
    refusals = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in refusals} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in refusals)
    assert count(server) == 4 - len(refusals) >= 1


@hypothesis_settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=200), encoding=st.sampled_from(["", "gzip", "identity"]))
def test_garbage_never_gets_a_500(server: BackgroundServer, body: bytes, encoding: str) -> None:
    headers = {"content_encoding": encoding} if encoding else {}
    assert send(server.url, body, **headers).status in {200, 400}


def in_chunks(server: BackgroundServer, parts: list[bytes]) -> Answer:
    """Sends a body whose length is not announced."""
    connection = http.client.HTTPConnection("127.0.0.1", server.settings.port, timeout=30)
    try:
        connection.request("POST", "/v1/traces", iter(parts), {"content-type": PROTOBUF}, encode_chunked=True)
        response = connection.getresponse()
        return Answer(response.status, {}, response.read())
    finally:
        connection.close()
