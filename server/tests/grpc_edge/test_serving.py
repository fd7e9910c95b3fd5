"""Starting, seeing and stopping OTLP over gRPC beside HTTP."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outcrop_server import serve
from outcrop_server.lifecycle import Lifecycle
from outcrop_server.listening import PortInUseError
from outcrop_server.observing.readiness import Readiness
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings, SettingsError
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.conftest import StartServer
from server.tests.observing.test_metrics import scraped, value
from server.tests.support.calls import (
    EXPORT,
    begun,
    channel_to,
    export,
    finished,
    in_compression,
    in_messages,
)
from server.tests.support.http import ask, send
from server.tests.support.locks import another_writer
from server.tests.support.process import log_lines, outcrop
from server.tests.support.spans import TRACE, otlp_span, request

if TYPE_CHECKING:
    import grpc

BODY = request(otlp_span(1))
CALLS = "rpc_server_call_duration_seconds"


def _free(_: Settings) -> None:
    """Takes a port for free that is not."""


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def port_of(server: BackgroundServer) -> int:
    assert server.grpc_url is not None
    return int(server.grpc_url.rpartition(":")[2])


def test_it_is_off_unless_asked_for(start_server: StartServer) -> None:
    assert start_server().grpc_url is None
    assert start_server(grpc_port=0, grpc=False).grpc_url is None


def test_a_port_in_use_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = Settings(port=0, grpc_port=port, store=tmp_path / "a.db", spool=None)
        with pytest.raises(PortInUseError, match=f"--grpc-port {port + 1}"), BackgroundServer(wanted):
            pass
    assert not (tmp_path / "a.db").exists()


def test_a_port_that_is_lost_at_the_last_moment_ends_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(threading.enumerate())
    monkeypatch.setattr(serve, "_check_grpc", _free)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wanted = Settings(port=0, grpc_port=port, store=tmp_path / "a.db", spool=None)
        with pytest.raises(SettingsError, match="Cannot listen for gRPC on"), BackgroundServer(wanted):
            pass
    ours = {thread.name for thread in set(threading.enumerate()) - before}
    assert not [name for name in ours if name.startswith("outcrop-")]


def test_two_servers_do_not_share_a_port(server: BackgroundServer, tmp_path: Path) -> None:
    wanted = Settings(port=0, grpc_port=port_of(server), store=tmp_path / "b.db", spool=None)
    with pytest.raises(PortInUseError), BackgroundServer(wanted):
        pass


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_loopback_is_served_under_its_own_address(start_server: StartServer) -> None:
    try:
        server = start_server(host="::1", grpc_port=0)
    except SettingsError as error:
        pytest.skip(f"IPv6 is switched off here: {error}")
    assert server.grpc_url == f"http://[::1]:{port_of(server)}"
    with channel_to(server) as channel:
        assert export(channel, BODY).code == "OK"


def test_calls_and_their_spans_are_counted(server: BackgroundServer, channel: grpc.Channel) -> None:
    assert export(channel, request(otlp_span(1), otlp_span(2, 1))).code == "OK"
    assert export(channel, b"no protobuf").code == "INVALID_ARGUMENT"
    export(channel, b"", "/opentelemetry.proto.collector.logs.v1.LogsService/Export")
    found = scraped(server)
    assert (found[CALLS].type, found[CALLS].unit) == ("histogram", "seconds")
    of_export = {"rpc_system_name": "grpc", "rpc_method": EXPORT[1:]}
    for code in ("OK", "INVALID_ARGUMENT"):
        assert value(found, CALLS, "_count", rpc_response_status_code=code, **of_export) == 1
    # Anyone can make up methods.
    assert value(found, CALLS, "_count", rpc_method="_OTHER") == 1
    assert value(found, "outcrop_spans_accepted", "_total") == 2


def test_a_message_that_was_too_large_is_seen_as_such(start_server: StartServer) -> None:
    server = start_server(grpc_port=0, max_body_bytes=10_000)
    with channel_to(server) as channel:
        assert export(channel, bytes(20_000)).code == "RESOURCE_EXHAUSTED"
        # Told after the caller was: gRPC itself has refused it.
        while not scraped(server)[CALLS].samples:
            pass
    assert value(scraped(server), CALLS, "_count", rpc_response_status_code="RESOURCE_EXHAUSTED") == 1


def test_readyz_says_if_grpc_is_not_served(server: BackgroundServer, tmp_path: Path) -> None:
    assert ask(server.url, "/readyz").json == {"status": "ready", "reasons": []}
    store, lifecycle = SqliteStore(tmp_path / "other.db"), Lifecycle()
    readiness = Readiness(store, lifecycle, 0, wants_grpc=True)
    assert [reason.code for reason in readiness.reasons()] == ["grpc_not_served"]
    lifecycle.serves_grpc = True
    assert readiness.reasons() == []
    store.close()


def test_a_stop_frees_the_port_and_ends_the_threads(settings: Settings) -> None:
    before = set(threading.enumerate())
    with BackgroundServer(Settings(port=0, grpc_port=0, store=settings.store, spool=None)) as server:
        port = port_of(server)
        with channel_to(server) as channel:
            assert export(channel, BODY).code == "OK"
        assert accepts(port)
    assert not accepts(port)
    ours = {thread.name for thread in set(threading.enumerate()) - before}
    assert not [name for name in ours if name.startswith("outcrop-")]


def test_a_running_call_is_finished_while_new_connections_are_refused(settings: Settings) -> None:
    began, may_end = threading.Event(), threading.Event()

    def messages() -> Iterator[bytes]:
        began.set()
        assert may_end.wait(120)
        yield BODY

    with BackgroundServer(Settings(port=0, grpc_port=0, store=settings.store, spool=None)) as server:
        port = port_of(server)
        with channel_to(server) as channel:
            # The server has seen it when it has answered the next one of the same connection.
            call = in_messages(channel, messages())
            assert began.wait(120)
            assert export(channel, b"no protobuf").code == "INVALID_ARGUMENT"
            stopping = threading.Thread(target=server.__exit__, args=(None, None, None))
            stopping.start()
            while accepts(port):
                pass
            may_end.set()
            assert finished(call).code == "OK"
            stopping.join()


def test_a_call_that_outlasts_the_grace_is_told_to_come_back(tmp_path: Path) -> None:
    settings = Settings(port=0, grpc_port=0, store=tmp_path / "a.db", spool=None, stop_grace_s=1)
    with BackgroundServer(settings) as server, channel_to(server) as channel:
        stopping = threading.Thread(target=server.__exit__, args=(None, None, None))
        with another_writer(settings.store_file):
            call = begun(channel, BODY)
            assert export(channel, b"no protobuf").code == "INVALID_ARGUMENT"
            stopping.start()
            reply = finished(call)
        stopping.join()
    assert (reply.code, "stopping" in reply.words, reply.retry_after_s) == ("UNAVAILABLE", True, 1)
    # It was in the store's hands already; who sends it again changes nothing.
    with BackgroundServer(settings) as again:
        assert send(again.url, BODY).status == 200
        assert ask(again.url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 1


def test_the_command_says_where_it_listens_and_logs_calls_without_anything_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Servers of this process have set it; the command must do so by itself.
    monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
    secret = "sesame-open"
    body = request(otlp_span(1, attributes={"gen_ai.prompt": secret}))
    arguments = ("server", "--port", "0", "--grpc-port", "0", "--slow-request-ms", "3600000")
    with outcrop(tmp_path, *arguments) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline(), process.stdout.readline()]
        told = BackgroundServer(Settings(store=tmp_path))
        told.grpc_url = lines[1].rpartition(" ")[2].strip()
        with channel_to(told) as channel:
            reply = export(channel, body, x_request_id="from-a-proxy.1", x_other=secret)
            assert export(channel, body, authorization=f"Bearer {secret}").code == "UNAUTHENTICATED"
            # Refused by gRPC's core, which would write a line of a form of its own.
            assert in_compression(channel, body, "Deflate").code == "UNIMPLEMENTED"
        process.terminate()
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, reply.code, reply.trailing["x-request-id"]) == (0, "OK", "from-a-proxy.1")
    assert lines[1].startswith("OTLP over gRPC is taken at http://127.0.0.1:")
    assert secret not in output + errors
    sent, refused, *_ = [line for line in log_lines(errors) if line["logger"] == "outcrop_server.requests"]
    assert {name: sent[name] for name in ("request_id", "method", "route", "status", "request_bytes")} == {
        "request_id": "from-a-proxy.1",
        "method": "gRPC",
        "route": EXPORT,
        "status": "OK",
        "request_bytes": len(body),
    }
    assert (refused["status"], refused["level"]) == ("UNAUTHENTICATED", "info")


def test_nothing_of_grpc_is_loaded_unless_asked_for(tmp_path: Path) -> None:
    program = (
        "import sys; from outcrop_server.cli.main import main\n"
        "try: main(['server', '--port', '0', '--print-config'])\n"
        "finally: assert not [name for name in sys.modules if name.partition('.')[0] == 'grpc']"
    )
    with outcrop(tmp_path, program=program) as process:
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, "")
    assert "grpc" in sys.modules
