from __future__ import annotations

import logging
import socket

import pytest

from outcrop_server.serve import BackgroundServer
from server.tests.conftest import StartServer
from server.tests.support.http import ask, send
from server.tests.support.spans import otlp_span, request


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:99", "LOCALHOST:5115", "[::1]:5115", "app.localhost"]
)
def test_names_of_this_machine_are_answered(server: BackgroundServer, host: str) -> None:
    assert ask(server.url, "/api/traces", headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7", "localhost@evil.example", ""]
)
@pytest.mark.parametrize("path", ["/api/traces", "/", "/healthz"])
def test_a_foreign_host_header_is_refused(server: BackgroundServer, host: str, path: str) -> None:
    answer = ask(server.url, path, headers={"host": host})
    assert answer.status == 403
    assert "OUTCROP_ALLOWED_HOSTS" in answer.detail


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://[broken"},
    ],
)
def test_requests_from_other_sites_are_refused(server: BackgroundServer, headers: dict[str, str]) -> None:
    assert ask(server.url, "/api/traces", headers=headers).status == 403
    refused = send(server.url, request(otlp_span(1)), **{k.replace("-", "_"): v for k, v in headers.items()})
    assert refused.status == 403
    assert ask(server.url, "/api/traces").json["traces"] == []


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "same-origin", "origin": "http://localhost:5173"}, {"sec-fetch-site": "none"}],
)
def test_the_page_and_its_development_server_are_answered(
    server: BackgroundServer, headers: dict[str, str]
) -> None:
    assert ask(server.url, "/api/traces", headers=headers).status == 200


def test_a_link_from_elsewhere_may_open_the_page(server: BackgroundServer) -> None:
    assert ask(server.url, "/traces", headers={"sec-fetch-site": "cross-site"}).status == 200


def test_names_that_were_allowed_are_answered(start_server: StartServer) -> None:
    server = start_server(allowed_hosts=("traces.example",))
    assert ask(server.url, "/api/traces", headers={"host": "Traces.example:80"}).status == 200


def test_a_remote_server_answers_to_its_addresses_and_own_name_only(start_server: StartServer) -> None:
    remote = start_server(host="0.0.0.0", allow_anonymous=True)  # noqa: S104 - the point of the test
    url = f"http://127.0.0.1:{remote.settings.port}"
    for host in ("10.1.2.3:5115", "[fe80::1]", socket.gethostname()):
        assert ask(url, "/api/traces", headers={"host": host}).status == 200
    assert ask(url, "/api/traces", headers={"host": "evil.example"}).status == 403


def test_every_answer_carries_the_security_headers(server: BackgroundServer) -> None:
    for path in ("/", "/api/traces", "/api/traces/wrong"):
        headers = ask(server.url, path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    assert "script-src 'self';" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_a_page_elsewhere_is_never_told_that_it_may_read(server: BackgroundServer) -> None:
    for method in ("OPTIONS", "GET"):
        headers = {"origin": "http://localhost:5173", "access-control-request-method": "GET"}
        answer = ask(server.url, "/api/traces", method=method, headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_page_elsewhere_that_asks_again_and_again_does_not_fill_the_log(
    server: BackgroundServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "outcrop.audit"):
        for _ in range(15):
            assert ask(server.url, "/api/traces", headers={"origin": "https://evil.example"}).status == 403
    assert len([each for each in caplog.records if each.name == "outcrop.audit"]) == 10
