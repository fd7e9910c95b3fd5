"""`outcrop traces` where nothing answers, or the arguments are wrong. tests/system has it with a server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from outcrop.launch.command import main


def test_an_unreachable_server_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert main(["traces", "list", "--server", f"http://127.0.0.1:{port}"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"http://127.0.0.1:{port}" in captured.err
    assert "Start a server there (`outcrop server`), or name another with --server" in captured.err
    assert captured.err.count("\n") == 1


@contextmanager
def answering(answer: bytes) -> Generator[str, None, None]:
    """Something that answers each connection with the same bytes; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                connection, _ = listening.accept()
                with connection:
                    if not connection.recv(65536):
                        return
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        host, port = listening.getsockname()
        yield f"http://{host}:{port}"
        # One that says nothing ends it.
        socket.create_connection((host, port)).close()
        thread.join()


def http(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
        status.encode(),
        len(body),
        body,
    )


@pytest.mark.parametrize(
    "command", [["list"], ["show", "ab" * 16], ["tail"], ["export"], ["import", __file__]]
)
@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
        http(b"<html>Please sign in</html>"),
        http(b'["no object"]'),
        http(b'{"detail": "x\\u001b[2J\\u009b1m\\u202e"}', "500 Oops"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    ],
    ids=["ssh", "nothing", "page", "list", "escapes", "cut"],
)
def test_what_is_no_server_of_ours_is_told_in_a_line(
    answer: bytes, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(answer) as url:
        assert main(["traces", *command, "--server", url]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert captured.err.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "--server", "memory://"], "give a server (--server http://HOST:PORT) or a store"),
        (["list", "--server", "ftp://x"], "names no destination"),
        (["show", "xyz"], "'xyz' is no trace id: give 32 hexadecimal digits, or the first 4 or more"),
    ],
)
def test_a_wrong_argument_ends_with_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["traces", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traces", "list", "--server", f"sqlite:///{tmp_path}/none.db"]) == 2
    assert "There is no store" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("limit", ["0", "-1", "many", "1.5"])
def test_a_limit_is_a_number_from_1(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["traces", "list", f"--limit={limit}"])
    assert "no whole number from" in capsys.readouterr().err
