from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from outcrop_server.lifecycle import Lifecycle
from outcrop_server.observing.readiness import Readiness
from outcrop_server.serve import BackgroundServer
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.conftest import StartServer
from server.tests.support.http import ask, send
from server.tests.support.process import address, outcrop
from server.tests.support.spans import otlp_span, request


def codes(url: str) -> list[str]:
    answer = ask(url, "/readyz")
    assert answer.status == (503 if answer.json["reasons"] else 200)
    return [reason["code"] for reason in answer.json["reasons"]]


def test_a_server_with_a_store_is_ready(server: BackgroundServer) -> None:
    answer = ask(server.url, "/readyz")
    assert (answer.status, answer.json) == (200, {"status": "ready", "reasons": []})


def test_a_disk_with_too_little_room_is_a_reason(start_server: StartServer) -> None:
    url = start_server(min_free_bytes=1 << 60).url
    answer = ask(url, "/readyz")
    assert codes(url) == ["disk_full"]
    assert "1,152,921,504,606,846,976 are wanted (min_free_bytes)" in answer.json["reasons"][0]["detail"]
    assert ask(url, "/healthz").status == 200


def test_a_store_that_was_taken_away_is_a_reason(server: BackgroundServer) -> None:
    server.settings.store_file.rename(server.settings.store_file.with_name("elsewhere.db"))
    assert codes(server.url) == ["disk_not_writable"]


def test_a_closed_store_and_a_stopping_server_are_reasons(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a.db")
    lifecycle = Lifecycle()
    readiness = Readiness(store, lifecycle, 0)
    assert readiness.reasons() == []
    store.close()
    lifecycle.drain()
    assert [reason.code for reason in readiness.reasons()] == ["draining", "store_closed"]


@pytest.mark.skipif(sys.platform != "linux", reason="changes another process's limits")
def test_a_writer_that_fails_is_a_reason_until_it_can_write_again(tmp_path: Path) -> None:
    import resource  # noqa: PLC0415 - not on every system

    with outcrop(tmp_path, "server", "--port", "0") as process:
        url = address(process)
        # From now on no file of the server may grow: the same to it as a disk that is full.
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1, most))
        assert send(url, request(otlp_span(1))).status == 503
        assert codes(url) == ["writer_failing"]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        # Nobody sends it anything now: it has to find out by itself.
        _wait_until_ready(url, process)
        assert send(url, request(otlp_span(1))).status == 200


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    while codes(url):
        assert process.poll() is None
