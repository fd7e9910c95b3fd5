"""What comes over gRPC, held against what comes over HTTP."""

from __future__ import annotations

import gc
import gzip
import os
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from outcrop_server.otlp.parse import parse_export
from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.calls import (
    Reply,
    begun,
    channel_to,
    export,
    finished,
    in_compression,
    in_messages,
)
from server.tests.support.http import PROTOBUF, ask, send
from server.tests.support.locks import another_writer
from server.tests.support.spans import TRACE, otlp_span, request, span_id, trace_id

if TYPE_CHECKING:
    import grpc


@contextmanager
def half_a_request(url: str) -> Generator[None, None, None]:
    """Over HTTP, in chunks, of which the server waits for the first."""
    parts = urlsplit(url)
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {PROTOBUF}\r\n"
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as connection:
        connection.sendall(head.encode())
        # The server says so when it begins to read the body.
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        yield


def count(server: BackgroundServer) -> int:
    return len(ask(server.url, "/api/traces").json["traces"])


def test_an_accepted_call_is_durable(server: BackgroundServer, channel: grpc.Channel) -> None:
    sent = request(otlp_span(1), otlp_span(2, 1), resource={"service.name": "shop"})
    reply = export(channel, sent)
    assert (reply.code, ExportTraceServiceResponse.FromString(reply.body)) == (
        "OK",
        ExportTraceServiceResponse(),
    )
    exported = ask(server.url, f"/api/traces/{TRACE.hex()}/export").body
    assert parse_export(exported).spans == parse_export(sent).spans


def test_the_same_spans_over_both_protocols_are_kept_once(
    server: BackgroundServer, channel: grpc.Channel
) -> None:
    body = request(otlp_span(1))
    assert [export(channel, body).code, export(channel, body).code] == ["OK", "OK"]
    assert send(server.url, body).status == 200
    assert ask(server.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 1


def test_wrong_spans_are_named_as_over_http_and_the_others_kept(
    server: BackgroundServer, channel: grpc.Channel
) -> None:
    wrong = [otlp_span(number, trace_id=b"\1\2", name=f"guilty {number}") for number in range(2, 10)]
    body = request(otlp_span(1), *wrong)
    reply = export(channel, body)
    partial = ExportTraceServiceResponse.FromString(reply.body).partial_success
    assert (reply.code, partial.rejected_spans, count(server)) == ("OK", 8, 1)
    assert "('guilty 2') has the trace id '0102'" in partial.error_message
    assert reply.body == send(server.url, body).body


@pytest.mark.parametrize(
    "body", [b"this is no protobuf", request(otlp_span(2, trace_id=b"\1\2", name="天気" * 40))]
)
def test_a_wrong_request_is_refused_in_the_words_of_http(
    server: BackgroundServer, channel: grpc.Channel, body: bytes
) -> None:
    reply = export(channel, body)
    assert (reply.code, reply.words) == ("INVALID_ARGUMENT", send(server.url, body).detail)
    # Who reads RetryInfo would send it again.
    assert set(reply.trailing) == {"x-request-id"}
    assert count(server) == 0


def test_a_call_without_a_message_is_refused(channel: grpc.Channel) -> None:
    reply = finished(in_messages(channel, iter(())))
    assert (reply.code, reply.words) == ("INVALID_ARGUMENT", "The call brought no message.")


def test_experiments_come_from_the_resource_then_metadata_then_default(
    server: BackgroundServer, channel: grpc.Channel
) -> None:
    of_resource = request(
        otlp_span(1, trace=trace_id(1)), resource={"outcrop.experiment.name": "of the resource"}
    )
    assert export(channel, of_resource, x_outcrop_experiment="mine").code == "OK"
    assert export(channel, request(otlp_span(2, trace=trace_id(2))), x_outcrop_experiment="mine").code == "OK"
    assert export(channel, request(otlp_span(3, trace=trace_id(3)))).code == "OK"
    names = {each["name"] for each in ask(server.url, "/api/experiments").json["experiments"]}
    assert names == {"of the resource", "mine", "Default"}


def test_gzip_is_taken_and_other_compression_is_refused(
    server: BackgroundServer, channel: grpc.Channel
) -> None:
    body = request(otlp_span(1, attributes={"text": "again and " * 1000}))
    assert in_compression(channel, body, "Gzip").code == "OK"
    # Small messages are often sent as they are by a client that compresses.
    assert in_compression(channel, request(otlp_span(2, 1)), "Gzip").code == "OK"
    assert ask(server.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 2
    reply = in_compression(channel, body, "Deflate")
    assert (reply.code, "deflate" in reply.words) == ("UNIMPLEMENTED", True)


def test_a_message_beyond_the_limit_is_refused_before_and_after_decompression(
    start_server: StartServer,
) -> None:
    server = start_server(grpc_port=0, max_body_bytes=10_000)
    with channel_to(server) as channel:
        big = export(channel, request(otlp_span(1, attributes={"body": os.urandom(20_000)})))
        assert (big.code, "larger than max" in big.words, "10000" in big.words) == (
            "RESOURCE_EXHAUSTED",
            True,
            True,
        )
        bomb = in_compression(channel, request(otlp_span(1, attributes={"body": bytes(5_000_000)})), "Gzip")
        assert (bomb.code, "OUTCROP_MAX_BODY_BYTES" in bomb.words) == ("RESOURCE_EXHAUSTED", True)
        assert set(bomb.trailing) == {"x-request-id"}
        # Compressed by the sender itself, without a word of it.
        packed = gzip.compress(request(otlp_span(1, attributes={"body": bytes(5_000)})))
        assert export(channel, packed).code == "OK"
    assert count(server) == 1


def test_big_payloads_come_back_whole(server: BackgroundServer, channel: grpc.Channel) -> None:
    sent = request(otlp_span(1, attributes={"outcrop.request.body": os.urandom(12_000_000)}))
    assert export(channel, sent).code == "OK"
    assert parse_export(ask(server.url, f"/api/traces/{TRACE.hex()}/export").body) == parse_export(sent)


def test_a_full_server_says_when_to_come_back_and_loses_nothing_it_took(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.grpc_edge.export._ROOM_PATIENCE_S", 0.01)
    server = start_server(grpc_port=0, max_waiting_bytes=2000)
    replies: list[Reply] = []
    refused = threading.Event()

    def one(channel: grpc.Channel, number: int) -> None:
        reply = export(channel, request(otlp_span(1, trace=trace_id(number), name="n" * 1500)))
        replies.append(reply)
        if reply.code == "UNAVAILABLE":
            refused.set()

    with channel_to(server) as channel:
        threads = [threading.Thread(target=one, args=(channel, number)) for number in range(1, 5)]
        with another_writer(server.settings.store_file):
            for thread in threads:
                thread.start()
            assert refused.wait(120)
            # One budget for both protocols.
            assert send(server.url, request(otlp_span(1, name="n" * 1500))).status == 503
        for thread in threads:
            thread.join()
    refusals = [reply for reply in replies if reply.code != "OK"]
    assert {reply.code for reply in refusals} == {"UNAVAILABLE"}
    assert all(reply.retry_after_s >= 1 for reply in refusals)
    assert count(server) == 4 - len(refusals) >= 1


def test_messages_that_are_being_read_are_within_the_budget_of_both_protocols(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.grpc_edge.export._ROOM_PATIENCE_S", 0.01)
    # Two at once: room for one of the largest is left to those that say how large they are.
    server = start_server(grpc_port=0, max_body_bytes=1_000_000, max_waiting_bytes=3_000_000)
    may_send = threading.Event()
    body = request(otlp_span(1))

    def message() -> Iterator[bytes]:
        assert may_send.wait(120)
        yield body

    with channel_to(server) as channel:
        reading = [in_messages(channel, message()) for _ in range(2)]
        try:
            while (reply := export(channel, body)).code == "OK":
                assert not any(call.done() for call in reading)
            assert (reply.code, "which is the limit" in reply.words) == ("UNAVAILABLE", True)
            assert reply.retry_after_s >= 1
            assert send(server.url, body).status == 200
            # In chunks: of this, too, the size is not known before it is there, and two do not fit.
            with half_a_request(server.url):
                assert send(server.url, bytes(900_000)).status == 503
        finally:
            may_send.set()
        assert [finished(call).code for call in reading] == ["OK", "OK"]
        assert export(channel, body).code == "OK"


def test_a_message_that_does_not_come_holds_its_place_no_longer_than_a_minute(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.grpc_edge.export._READING_S", 0.1)
    has_ended = threading.Event()

    def message() -> Iterator[bytes]:
        assert has_ended.wait(120)
        yield b""

    try:
        reply = finished(in_messages(channel, message()))
    finally:
        has_ended.set()
    assert (reply.code, "did not come within" in reply.words) == ("UNAVAILABLE", True)
    assert reply.retry_after_s >= 1


def test_a_refused_message_is_not_kept_until_the_garbage_collector_comes(
    server: BackgroundServer, channel: grpc.Channel
) -> None:
    size = 1_234_567

    def are_kept() -> bool:
        found = (each for holder in gc.get_objects() for each in gc.get_referents(holder))
        return any(isinstance(each, bytes) and len(each) == size for each in found)

    gc.disable()
    try:
        assert export(channel, os.urandom(size)).code == "INVALID_ARGUMENT"
        assert send(server.url, os.urandom(size)).status == 400
        # Both may still be at work on what follows their answer.
        given_up_at = time.monotonic() + 60
        while are_kept():
            assert time.monotonic() < given_up_at
    finally:
        gc.enable()


def test_what_a_caller_who_leaves_has_sent_is_kept_or_can_be_sent_again(
    server: BackgroundServer, channel: grpc.Channel
) -> None:
    body = request(otlp_span(1))
    with another_writer(server.settings.store_file):
        leaving = begun(channel, body)
        # The next one is answered in the meantime: nobody holds the others up.
        assert export(channel, b"no protobuf").code == "INVALID_ARGUMENT"
        leaving.cancel()
    assert finished(begun(channel, body)).code == "OK"
    assert ask(server.url, f"/api/traces/{TRACE.hex()}").json["spans"][0]["span_id"] == span_id(1).hex()


def test_other_signals_are_told_that_only_traces_are_taken(channel: grpc.Channel) -> None:
    metrics = export(channel, b"", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")
    assert (metrics.code, "OTEL_METRICS_EXPORTER=none" in metrics.words) == ("UNIMPLEMENTED", True)
    assert export(channel, b"", "/somebody.Else/Call").code == "UNIMPLEMENTED"


def test_a_fault_of_our_own_is_logged_and_not_told(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("sesame-open")

    monkeypatch.setattr("outcrop_server.ingest.pipeline.new_span", fail)
    reply = export(channel, request(otlp_span(1)))
    assert (reply.code, "sesame-open" in reply.words, "its log says more" in reply.words) == (
        "INTERNAL",
        False,
        True,
    )
    assert "sesame-open" in caplog.text


@hypothesis_settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(body=st.binary(max_size=200), prefix=st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"\x0a"]))
def test_garbage_is_never_a_fault_of_the_server(channel: grpc.Channel, body: bytes, prefix: bytes) -> None:
    assert export(channel, prefix + body).code in {"OK", "INVALID_ARGUMENT"}
