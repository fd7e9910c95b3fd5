from __future__ import annotations

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.tests.support.http import ask, send
from server.tests.support.process import address, log_lines, outcrop, refusal
from server.tests.support.spans import TRACE, otlp_span, request


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order_with_everything_committed(
    tmp_path: Path, number: signal.Signals
) -> None:
    with outcrop(tmp_path, "server", "--port", "0") as process:
        url = address(process)
        assert send(url, request(otlp_span(1), otlp_span(2, 1))).status == 200
        process.send_signal(number)
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, output) == (0, "")
        assert log_lines(errors)[-1]["message"] == "Stopped: everything is committed"
    store = tmp_path / "data" / "outcrop" / "outcrop.db"
    # A clean end leaves one file and no log to replay.
    # No log is left behind.
    names = {path.name for path in store.parent.iterdir()}
    # The index of words, if its process had begun already, and nobody's log.
    assert names - {"outcrop.db.words", "outcrop.db.words.lock", "outcrop.db.keeping.lock"} == {
        "outcrop.db",
        "outcrop.db.lock",
    }
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT span_count FROM trace").fetchall() == [(2,)]


def test_traces_are_there_after_a_restart(tmp_path: Path) -> None:
    store = str(tmp_path / "mine.db")
    for _ in range(2):
        with outcrop(tmp_path, "server", "--port", "0", "--store", store) as process:
            url = address(process)
            assert send(url, request(otlp_span(1))).status == 200
            process.terminate()
            process.communicate(timeout=120)
    with outcrop(tmp_path, "server", "--port", "0", "--store", store) as process:
        assert ask(address(process), f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 1


def test_a_port_in_use_is_said_plainly_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with outcrop(tmp_path, "server", "--port", str(port)) as process:
            told = refusal(process)
    assert f"Port {port} on 127.0.0.1 is in use" in told
    assert f"--port {port + 1}" in told
    assert "Traceback" not in told
    assert not (tmp_path / "data").exists()


def test_a_wrong_price_file_is_told_before_anything_is_taken_in(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{\n  "amazon.nova-pro-v1:0": {"inptu": 0.8}\n}')
    with outcrop(tmp_path, "server", "--port", "0", "--prices", str(file)) as process:
        told = refusal(process)
    assert '"inptu"' in told
    assert "Valid are input, output, cache_read, cache_write" in told
    assert "Traceback" not in told


def test_a_remote_host_needs_its_flag(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--host", "0.0.0.0", "--port", "0") as process:  # noqa: S104 - refused
        assert "--allow-anonymous" in refusal(process)
    with outcrop(tmp_path, "server", "--host", "0.0.0.0", "--port", "0", "--allow-anonymous") as process:  # noqa: S104 - the point
        port = address(process).rpartition(":")[2]
        assert ask(f"http://127.0.0.1:{port}", "/healthz").status == 200


def test_a_host_that_does_not_exist_is_said_plainly(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--host", "no-such-host.invalid", "--allow-anonymous") as process:
        assert "no host that this machine knows" in refusal(process)


def test_a_store_that_cannot_be_used_is_said_plainly(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("these are notes. " * 1000)
    with outcrop(tmp_path, "server", "--port", "0", "--store", str(wrong)) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "notes.txt is no SQLite database" in errors
    assert "Traceback" not in errors


def test_two_servers_share_one_store(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--port", "0") as one, outcrop(tmp_path, "server", "--port", "0") as two:
        first, second = address(one), address(two)
        assert (
            send(first, request(otlp_span(1))).status == send(second, request(otlp_span(2, 1))).status == 200
        )
        for url in (first, second):
            assert ask(url, f"/api/traces/{TRACE.hex()}").json["info"]["span_count"] == 2


def test_the_version_is_told(tmp_path: Path) -> None:
    with outcrop(tmp_path, "--version") as process:
        assert process.communicate(timeout=120)[0] == "outcrop, version 0.1.0\n"


def test_the_emulators_own_options_reach_it(tmp_path: Path) -> None:
    with outcrop(tmp_path, "emulator", "--help") as process:
        assert "--script" in process.communicate(timeout=120)[0]
