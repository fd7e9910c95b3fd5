from __future__ import annotations

import http.client
import socket
import threading
import time

import pytest

from outcrop_server import serve
from outcrop_server.listening import PortInUseError
from outcrop_server.settings import Settings, SettingsError
from server.tests.conftest import StartServer
from server.tests.support.http import ask


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(start_server: StartServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", start_server().settings.port, timeout=120)

    def one_s() -> float:
        began = time.perf_counter()
        connection.request("GET", "/api/traces")
        connection.getresponse().read()
        return time.perf_counter() - began

    one_s()
    # With Nagle's algorithm on, no answer but the first would take less than 40 ms, however many are asked
    # for; a busy machine needs several until one is quick.
    assert any(one_s() < 0.035 for _ in range(500))
    connection.close()


def test_a_background_server_frees_its_port_and_ends_its_threads(settings: Settings) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with serve.BackgroundServer(settings) as server:
        assert ask(server.url, "/healthz").status == 200
        assert server.url == f"http://127.0.0.1:{server.settings.port}"
    ours = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in ours if name.startswith("outcrop-")]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", server.settings.port))


def test_a_port_in_use_starts_nothing(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = Settings(port=port, store=settings.store, spool=None)
        with pytest.raises(PortInUseError, match="in use"), serve.BackgroundServer(wanted):
            pass
    assert not settings.store_file.exists()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_loopback_is_served_under_its_own_address(settings: Settings) -> None:
    wanted = Settings(host="::1", port=0, store=settings.store, spool=None)
    try:
        with serve.BackgroundServer(wanted) as server:
            assert server.url == f"http://[::1]:{server.settings.port}"
            assert ask(server.url, "/healthz").status == 200
    except SettingsError as error:
        pytest.skip(f"IPv6 is switched off here: {error}")
