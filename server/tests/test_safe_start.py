"""What a server is reached by: loopback, elsewhere with a token, through a proxy, over TLS."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings, SettingsError
from server.tests.conftest import StartServer
from server.tests.support.http import ask
from server.tests.support.tokens import bearer, make

EVERYWHERE = "0.0.0.0"  # noqa: S104 - the point of these tests


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outcrop.db"


def local_url(server: BackgroundServer) -> str:
    return f"http://127.0.0.1:{server.settings.port}"


def test_elsewhere_without_a_token_nothing_starts_and_the_ways_out_are_named(store: Path) -> None:
    wanted = Settings(host=EVERYWHERE, port=0, store=store, spool=None)
    with pytest.raises(SettingsError) as caught, BackgroundServer(wanted):
        pass
    told = str(caught.value)
    assert "outcrop tokens create" in told
    assert str(store) in told
    assert "127.0.0.1" in told
    assert "--allow-anonymous" in told


def test_elsewhere_a_token_that_opens_nothing_any_more_is_none(store: Path) -> None:
    make(store, "old", "admin", expires_in_s=0)
    wanted = Settings(host=EVERYWHERE, port=0, store=store, spool=None)
    with pytest.raises(SettingsError, match="no valid token"), BackgroundServer(wanted):
        pass


def test_elsewhere_with_a_token_everybody_is_asked_for_one(
    store: Path, start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    token = make(store, "me", "read")
    url = local_url(start_server(host=EVERYWHERE))
    assert "in the open" in caplog.text
    assert ask(url, "/api/traces").status == 401
    assert ask(url, "/api/traces", headers=bearer(token)).status == 200


def test_a_proxy_before_a_server_that_asks_nobody_is_refused(
    server: BackgroundServer, start_server: StartServer
) -> None:
    for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
        refused = ask(server.url, "/api/traces", headers={header: "203.0.113.9"})
        assert refused.status == 403
        assert "outcrop tokens create" in refused.detail
    told = start_server(allow_anonymous=True)
    assert ask(told.url, "/api/traces", headers={"x-forwarded-for": "203.0.113.9"}).status == 200


def test_a_proxys_word_is_taken_only_when_told_so(store: Path, start_server: StartServer) -> None:
    token = make(store, "me", "read")
    body = json.dumps({"token": token}).encode()

    def wrong(url: str, client: str) -> int:
        headers = {**bearer("wrong"), "x-forwarded-for": client, "x-forwarded-proto": "https"}
        return ask(url, "/api/traces", headers=headers).status

    def cookie(url: str) -> str:
        headers = {"content-type": "application/json", "x-forwarded-proto": "https"}
        given = ask(url, "/api/session", method="POST", body=body, headers=headers)
        return given.headers["set-cookie"]

    plain = start_server().url
    assert "Secure" not in cookie(plain)
    # Whoever makes up addresses is still one who fails.
    assert [wrong(plain, f"203.0.113.{number}") for number in range(11)][-1] == 429
    behind = start_server(trusted_proxies=("127.0.0.1",)).url
    assert cookie(behind).startswith("__Host-outcrop_session")
    assert cookie(behind).endswith("; Secure")
    assert {wrong(behind, f"203.0.113.{number}") for number in range(11)} == {401}
    assert [wrong(behind, "203.0.113.99") for _ in range(11)][-1] == 429


def test_behind_a_proxy_with_tls_a_session_changes_things_from_the_proxys_own_address(
    store: Path, start_server: StartServer
) -> None:
    token = make(store, "me", "admin")
    server = start_server(trusted_proxies=("127.0.0.1",), allowed_hosts=("traces.example",))
    base = {"host": "traces.example", "x-forwarded-proto": "https", "content-type": "application/json"}
    given = ask(
        server.url, "/api/session", method="POST", body=json.dumps({"token": token}).encode(), headers=base
    )
    base["cookie"] = given.headers["set-cookie"].partition(";")[0]
    deletion = b'{"trace_ids": []}'

    def delete(origin: str) -> int:
        headers = {**base, "origin": origin}
        return ask(server.url, "/api/traces/delete", method="POST", body=deletion, headers=headers).status

    assert delete("https://traces.example") == 200
    assert delete("http://traces.example") == 403


def test_a_certificate_makes_it_https(
    store: Path, start_server: StartServer, certificate: tuple[Path, Path]
) -> None:
    token = make(store, "me", "read")
    server = start_server(tls_cert=certificate[0], tls_key=certificate[1])
    assert server.url.startswith("https://127.0.0.1:")
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    asked = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/api/session",
        json.dumps({"token": token}).encode(),
        {"content-type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(asked, context=trust, timeout=120) as answer:  # noqa: S310 - as above
        assert answer.headers["set-cookie"].startswith(f"__Host-outcrop_session_{server.settings.port}=")
        assert "; Secure" in answer.headers["set-cookie"]
    with socket.create_connection(("127.0.0.1", server.settings.port), timeout=120) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        # It hangs up, with TLS's own alert or without a word.
        with suppress(ConnectionResetError):
            assert b"HTTP/1.1" not in plain.recv(1000)


def test_a_certificate_that_cannot_be_used_starts_nothing(
    store: Path, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = certificate
    other = tmp_path / "other.pem"
    other.write_text("no key")
    for wrong, words in (
        ((cert, other), "must be PEM files that belong together"),
        ((tmp_path / "missing.pem", key), "--tls-cert is .*missing.pem, and there is no such file"),
    ):
        wanted = Settings(port=0, store=store, spool=None, tls_cert=wrong[0], tls_key=wrong[1])
        with pytest.raises(SettingsError, match=words), BackgroundServer(wanted):
            pass
    assert not store.exists()
