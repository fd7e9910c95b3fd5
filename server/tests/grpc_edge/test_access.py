"""Who may call: the same tokens, roles, limits and audit lines as over HTTP, and TLS."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from outcrop_server.access import audit
from outcrop_server.access.making import revoke_token
from outcrop_server.serve import BackgroundServer
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.conftest import StartServer
from server.tests.support.calls import channel_to, export, finished, in_messages
from server.tests.support.http import ask, send
from server.tests.support.spans import otlp_span, request, trace_id
from server.tests.support.tokens import bearer, make

if TYPE_CHECKING:
    import grpc

BODY = request(otlp_span(1))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outcrop.db"


@pytest.fixture
def tokens(store: Path) -> dict[str, str]:
    return {
        "write": make(store, "program", "write"),
        "read": make(store, "ann", "read"),
        "admin": make(store, "root", "admin"),
        "scoped": make(store, "scoped", "write", "mine"),
        "expired": make(store, "old", "write", expires_in_s=0),
        "slow": make(store, "slow", "write", requests_per_minute=1),
    }


@pytest.fixture
def guarded(tokens: dict[str, str], start_server: StartServer) -> BackgroundServer:
    """A server that asks for tokens."""
    assert tokens
    return start_server(grpc_port=0)


@pytest.fixture
def calls(guarded: BackgroundServer) -> Iterator[grpc.Channel]:
    with channel_to(guarded) as opened:
        yield opened


def audited(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [getattr(record, "audit", {}) for record in caplog.records if record.name == audit.LOGGER]


def test_programs_and_admins_may_send(calls: grpc.Channel, tokens: dict[str, str]) -> None:
    assert export(calls, BODY, **bearer(tokens["write"])).code == "OK"
    assert export(calls, BODY, **bearer(tokens["admin"])).code == "OK"


@pytest.mark.parametrize(
    "header", [None, "Bearer outcrop_wrong", "Bearer ", "Basic dXNlcjpwYXNz", "expired token"]
)
def test_who_is_not_known_is_told_what_to_do_in_the_words_of_http(
    guarded: BackgroundServer, calls: grpc.Channel, tokens: dict[str, str], header: str | None
) -> None:
    if header == "expired token":
        header = f"Bearer {tokens['expired']}"
    headers = {} if header is None else {"authorization": header}
    reply = export(calls, BODY, **headers)
    assert (reply.code, reply.words) == (
        "UNAUTHENTICATED",
        send(guarded.url, BODY, **headers).detail,
    )
    assert "OUTCROP_TOKEN" in reply.words


def test_a_revoked_token_opens_nothing_any_more(
    calls: grpc.Channel, tokens: dict[str, str], store: Path
) -> None:
    assert export(calls, BODY, **bearer(tokens["write"])).code == "OK"
    other = SqliteStore(store)
    revoke_token(other, "program", by="the test")
    other.close()
    # Within a second, says the documentation; here it is asked until it is so.
    while (reply := export(calls, BODY, **bearer(tokens["write"]))).code == "OK":
        pass
    assert (reply.code, "was revoked" in reply.words) == ("UNAUTHENTICATED", True)


def test_a_readers_token_sends_nothing_and_leaves_an_audit_line(
    guarded: BackgroundServer, calls: grpc.Channel, tokens: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, audit.LOGGER):
        reply = export(calls, BODY, **bearer(tokens["read"]))
    assert (reply.code, reply.words) == (
        "PERMISSION_DENIED",
        send(guarded.url, BODY, **bearer(tokens["read"])).detail,
    )
    (line,) = [each for each in audited(caplog) if each.get("method") == "gRPC"]
    assert (line["event"], line["by"], line["why"], line["client"]) == ("refused", "ann", "role", "127.0.0.1")
    assert line["path"].endswith("TraceService/Export")


def test_a_token_for_an_experiment_keeps_to_it(
    guarded: BackgroundServer, calls: grpc.Channel, tokens: dict[str, str]
) -> None:
    own = export(calls, request(otlp_span(1, trace=trace_id(1))), **bearer(tokens["scoped"]))
    assert (own.code, own.body) == ("OK", b"")
    foreign = request(otlp_span(2, trace=trace_id(2)))
    reply = export(calls, foreign, x_outcrop_experiment="others", **bearer(tokens["scoped"]))
    partial = ExportTraceServiceResponse.FromString(reply.body).partial_success
    assert (reply.code, partial.rejected_spans) == ("OK", 1)
    assert "this token is for 'mine' alone" in partial.error_message
    found = ask(guarded.url, "/api/experiments", headers=bearer(tokens["admin"])).json["experiments"]
    assert [each["name"] for each in found] == ["mine"]


def test_a_token_has_one_limit_for_both_protocols(
    guarded: BackgroundServer, calls: grpc.Channel, tokens: dict[str, str]
) -> None:
    assert send(guarded.url, BODY, **bearer(tokens["slow"])).status == 200
    reply = export(calls, BODY, **bearer(tokens["slow"]))
    assert (reply.code, "more than its 1 requests a minute" in reply.words) == ("RESOURCE_EXHAUSTED", True)
    # With this, and only with this, OpenTelemetry's clients send it again.
    assert reply.retry_after_s > 1


def test_an_address_may_try_ten_wrong_tokens_a_minute(
    guarded: BackgroundServer, calls: grpc.Channel, tokens: dict[str, str]
) -> None:
    codes = [export(calls, BODY, **bearer("wrong")).code for _ in range(11)]
    assert codes == ["UNAUTHENTICATED"] * 10 + ["RESOURCE_EXHAUSTED"]
    # It is the same address over HTTP.
    assert send(guarded.url, BODY, **bearer("wrong")).status == 429
    assert export(calls, BODY, **bearer(tokens["write"])).code == "OK"


def test_nothing_of_a_message_is_read_before_its_sender_is_known(calls: grpc.Channel) -> None:
    is_refused = threading.Event()

    def messages() -> Iterator[bytes]:
        assert is_refused.wait(120)
        yield BODY

    call = in_messages(calls, messages())
    assert finished(call).code == "UNAUTHENTICATED"
    is_refused.set()


def test_a_proxy_before_a_server_that_asks_nobody_is_refused(channel: grpc.Channel) -> None:
    for name in ("x_forwarded_for", "forwarded", "x_real_ip"):
        reply = export(channel, BODY, **{name: "203.0.113.9"})
        assert (reply.code, "outcrop tokens create" in reply.words) == ("PERMISSION_DENIED", True)


def test_a_proxys_word_is_taken_only_when_told_so(
    guarded: BackgroundServer, start_server: StartServer
) -> None:
    def wrong(channel: grpc.Channel, client: str) -> str:
        return export(channel, BODY, x_forwarded_for=client, **bearer("wrong")).code

    with channel_to(guarded) as plain:
        # Whoever makes up addresses is still one who fails.
        assert [wrong(plain, f"203.0.113.{number}") for number in range(11)][-1] == "RESOURCE_EXHAUSTED"
    with channel_to(start_server(grpc_port=0, trusted_proxies=("127.0.0.1",))) as behind:
        assert {wrong(behind, f"203.0.113.{number}") for number in range(11)} == {"UNAUTHENTICATED"}
        assert [wrong(behind, "203.0.113.99") for _ in range(11)][-1] == "RESOURCE_EXHAUSTED"


def test_what_a_page_in_a_browser_makes_is_refused(channel: grpc.Channel) -> None:
    reply = export(channel, BODY, origin="https://elsewhere.example")
    assert (reply.code, "browser" in reply.words) == ("PERMISSION_DENIED", True)


def test_elsewhere_than_on_loopback_a_token_is_needed(store: Path, start_server: StartServer) -> None:
    token = make(store, "me", "write")
    server = start_server(host="0.0.0.0", grpc_port=0)  # noqa: S104 - the point of this test
    assert server.grpc_url is not None
    server.grpc_url = server.grpc_url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - as above
    with channel_to(server) as channel:
        assert export(channel, BODY).code == "UNAUTHENTICATED"
        assert export(channel, BODY, **bearer(token)).code == "OK"


def test_the_certificate_of_https_encrypts_grpc_too(
    start_server: StartServer, certificate: tuple[Path, Path]
) -> None:
    server = start_server(grpc_port=0, tls_cert=certificate[0], tls_key=certificate[1])
    assert server.grpc_url is not None
    assert server.grpc_url.startswith("https://127.0.0.1:")
    with channel_to(server, certificate[0].read_bytes()) as encrypted:
        assert export(encrypted, BODY).code == "OK"
    with channel_to(server) as plain:
        assert export(plain, BODY).code == "UNAVAILABLE"
