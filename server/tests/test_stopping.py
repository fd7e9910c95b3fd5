from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from server.tests.support.http import PROTOBUF, ask, send
from server.tests.support.process import address, log_lines, outcrop
from server.tests.support.spans import otlp_span, request, span_id, trace_id

SENDERS = 4


def kept(home: Path) -> set[bytes]:
    with closing(sqlite3.connect(home / "data" / "outcrop" / "outcrop.db")) as connection:
        return {bytes(row[0]) for row in connection.execute("SELECT span_id FROM span")}


def refuses(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0)).close()
    except (ConnectionRefusedError, ConnectionResetError):
        # Reset is a connection that was being made when the listening socket closed.
        return True
    return False


@contextmanager
def half_a_request(url: str, body: bytes) -> Generator[socket.socket, None, None]:
    """A request of which the server has the head and the first byte."""
    parts = urlsplit(url)
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {PROTOBUF}\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=120) as connection:
        connection.sendall(head.encode())
        # The server says so when it begins to read the body: from then on the request runs.
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(body[:1])
        yield connection


def test_what_was_acknowledged_under_load_is_there_after_the_stop(tmp_path: Path) -> None:
    acknowledged: set[bytes] = set()
    enough = threading.Event()

    def load(sender: int, url: str) -> None:
        for number in range(sender, 1_000_000, SENDERS):
            span = otlp_span(number + 1, trace=trace_id(number + 1))
            try:
                if send(url, request(span)).status != 200:
                    return
            except (OSError, HTTPException):
                return
            acknowledged.add(span_id(number + 1))
            if len(acknowledged) >= 100:
                enough.set()

    # A busy machine must not fail the test: no request is slow.
    quiet = ("--log-level", "warning", "--slow-request-ms", "3600000")
    with outcrop(tmp_path, "server", "--port", "0", *quiet) as process:
        url = address(process)
        senders = [threading.Thread(target=load, args=(sender, url)) for sender in range(SENDERS)]
        for sender in senders:
            sender.start()
        assert enough.wait(120)
        process.terminate()
        _, errors = process.communicate(timeout=120)
        for sender in senders:
            sender.join()
    assert (process.returncode, errors) == (0, "")
    assert acknowledged - kept(tmp_path) == set()
    # The log is merged into the database: nothing is left to be done.
    assert not list((tmp_path / "data" / "outcrop").glob("*-wal"))


def test_a_running_request_is_finished_while_new_connections_are_refused(tmp_path: Path) -> None:
    body = request(otlp_span(1))
    with outcrop(tmp_path, "server", "--port", "0") as process:
        url = address(process)
        with half_a_request(url, body) as connection:
            process.terminate()
            while not refuses(url):
                assert process.poll() is None
            connection.sendall(body[1:])
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert process.wait(120) == 0
    assert kept(tmp_path) == {span_id(1)}


def test_a_request_that_never_ends_holds_the_stop_up_no_longer_than_the_grace(tmp_path: Path) -> None:
    arguments = ("server", "--port", "0", "--stop-grace-s", "1")
    body = request(otlp_span(1))
    with outcrop(tmp_path, *arguments) as process, half_a_request(address(process), body):
        process.terminate()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert any("timeout graceful shutdown exceeded" in line["message"] for line in log_lines(errors))


def test_readyz_turns_first_and_the_second_signal_ends_at_once(tmp_path: Path) -> None:
    with outcrop(tmp_path, "server", "--port", "0", "--drain-delay-s", "3600") as process:
        url = address(process)
        process.terminate()
        _wait_until_not_ready(url, process)
        assert ask(url, "/readyz").json["reasons"][0]["code"] == "draining"
        # Who did not ask yet is still served.
        assert send(url, request(otlp_span(1))).status == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGINT
    assert log_lines(errors)[-1]["message"].startswith("Ended by a second signal")
    assert kept(tmp_path) == {span_id(1)}


def test_a_commit_that_hangs_is_given_up_after_twice_the_grace(tmp_path: Path) -> None:
    lock = tmp_path / "data" / "outcrop" / "outcrop.db.lock"
    with outcrop(tmp_path, "server", "--port", "0", "--stop-grace-s", "1") as process:
        url = address(process)
        import fcntl  # noqa: PLC0415 - POSIX alone, as signals are

        descriptor = os.open(lock, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            body = request(otlp_span(1))
            with half_a_request(url, body) as connection:
                connection.sendall(body[1:])
                process.terminate()
                _, errors = process.communicate(timeout=120)
        finally:
            os.close(descriptor)
    assert process.returncode == 1
    assert "Not stopped within 2 s" in log_lines(errors)[-1]["message"]


def _wait_until_not_ready(url: str, process: subprocess.Popen[str]) -> None:
    while ask(url, "/readyz").status == 200:
        assert process.poll() is None
