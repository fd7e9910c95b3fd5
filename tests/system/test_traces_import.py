"""`outcrop traces import` as a process, and how it sends, against a real server."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import ServerApi, UnreachableError
from outcrop.terminal.importing import import_files
from outcrop.terminal.source import TraceSource
from outcrop_server.serve import BackgroundServer
from server.tests.support.exporting import trace
from server.tests.support.http import ask
from server.tests.support.spans import otlp_span, request, trace_id
from server.tests.support.tokens import make
from server.tests.support.traces_command import COMMAND, an_id, environment, in_a_terminal, objects, traces
from tests.system.conftest import StartServer


@pytest.fixture
def target(start_server: StartServer, tmp_path: Path) -> BackgroundServer:
    return start_server(store=tmp_path / "target.db")


def exported(server: BackgroundServer, tmp_path: Path, form: str = "jsonl") -> Path:
    file = tmp_path / f"traces.{form}"
    assert traces(server, "export", "--format", form, "-o", str(file)).returncode == 0
    return file


def judged(server: BackgroundServer) -> None:
    path = f"/api/traces/{an_id(3).hex()}"
    headers = {"content-type": "application/json"}
    edit = json.dumps({"tags": {"team": "blue"}}).encode()
    assert ask(server.url, path, method="PATCH", body=edit, headers=headers).status == 200
    judgement = {"kind": "feedback", "name": "ok", "value": True, "source": {"type": "HUMAN", "id": "ann"}}
    body = json.dumps(judgement).encode()
    assert ask(server.url, f"{path}/assessments", method="POST", body=body, headers=headers).status == 201


def test_what_export_wrote_comes_back_with_tags_and_judgements(
    filled: BackgroundServer, target: BackgroundServer, tmp_path: Path
) -> None:
    judged(filled)
    file = exported(filled, tmp_path)
    done = traces(target, "import", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"{file}: 10 spans taken in, 0 there already, 0 refused, tags or metadata of 1 trace, 1 judgement\n"
    )
    for number in range(1, 6):
        assert trace(target, an_id(number)) == trace(filled, an_id(number))
    again = traces(target, "import", str(file))
    assert again.stdout == f"{file}: 0 spans taken in, 10 there already, 0 refused\n"


def test_otlp_in_gzip_several_files_standard_input_and_json(
    filled: BackgroundServer, target: BackgroundServer, tmp_path: Path
) -> None:
    file = exported(filled, tmp_path, "otlp")
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    with file.open("rb") as given:
        done = subprocess.run(  # noqa: S603  # our own command
            [*COMMAND, "traces", "import", "--json", str(packed), "-"],
            env=environment(target),
            stdin=given,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    first, second = objects(done.stdout)
    assert (first["file"], first["new_spans"], first["known_spans"]) == (str(packed), 10, 0)
    assert (second["file"], second["new_spans"], second["known_spans"]) == ("standard input", 0, 10)


def test_what_is_refused_is_told_with_its_line_and_ends_with_1(
    target: BackgroundServer, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.jsonl"
    span = {
        "trace_id": trace_id(1).hex(),
        "span_id": "0" * 15 + "1",
        "start_time_ns": "2",
        "name": "x\x1b[2J",
    }
    lines = [{"trace_id": trace_id(1).hex(), "spans": [{**span, "end_time_ns": end}]} for end in ("3", "1")]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n")
    done = traces(target, "import", str(file))
    assert done.returncode == 1
    head, fault = done.stdout.splitlines()
    assert head == f"{file}: 1 span taken in, 0 there already, 1 refused"
    assert fault.startswith("  Line 2: Span 0 ('x\ufffd[2J')")


def test_a_file_that_is_wrong_or_cut_does_not_keep_the_others(
    filled: BackgroundServer, target: BackgroundServer, tmp_path: Path
) -> None:
    whole = exported(filled, tmp_path)
    cut, other = tmp_path / "cut.jsonl", tmp_path / "photo.png"
    cut.write_bytes(whole.read_bytes()[:-40])
    other.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    done = traces(target, "import", str(cut), str(other), str(whole))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == (
        f"outcrop traces: {cut}: The file ends within line 5: a part of it was lost on the way. "
        "Kept of the file: 8 spans, 8 of them new."
    )
    assert f"{other}: The file is none that an export writes" in second
    assert done.stdout == f"{whole}: 2 spans taken in, 8 there already, 0 refused\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.jsonl"], "There is no file none.jsonl."),
        (["."], ". is a folder: give the files in it."),
        (["-", "-"], "Standard input can be read once only"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_is_sent(
    target: BackgroundServer, arguments: list[str], words: str
) -> None:
    done = traces(target, "import", *arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_without_a_server_it_says_what_to_do(
    target: BackgroundServer, filled: BackgroundServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    file = exported(filled, tmp_path)
    done = traces(target, "import", "--server", f"http://127.0.0.1:{port}", str(file))
    assert done.returncode == 1
    assert "Start a server there (`outcrop server`), or name another with --server" in done.stderr


def test_a_token_that_may_not_import_is_told_so(
    start_server: StartServer, filled: BackgroundServer, tmp_path: Path
) -> None:
    file, store = exported(filled, tmp_path), tmp_path / "guarded.db"
    tokens = {role: make(store, role, role) for role in ("admin", "read")}
    guarded = start_server(store=store)
    for role, code in (("read", 1), ("admin", 0), (None, 1)):
        given = {**environment(guarded), "OUTCROP_TOKEN": tokens[role] if role else ""}
        done = subprocess.run(  # noqa: S603  # our own command
            [*COMMAND, "traces", "import", str(file)],
            env=given,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert ("may import (the role admin) in OUTCROP_TOKEN" in done.stderr) == bool(code)


def test_a_store_takes_in_without_a_server(
    filled: BackgroundServer, target: BackgroundServer, tmp_path: Path
) -> None:
    file = exported(filled, tmp_path)
    done = traces(target, "import", "--server", f"sqlite:///{target.settings.store}", str(file))
    assert (done.stdout, done.returncode) == (f"{file}: 10 spans taken in, 0 there already, 0 refused\n", 0)
    assert trace(target, an_id(2))["info"]["name"] == "天気エージェント"


def test_progress_is_for_terminals_and_leaves_nothing_behind(
    filled: BackgroundServer, target: BackgroundServer, tmp_path: Path
) -> None:
    file = exported(filled, tmp_path)
    shown = "\n".join(in_a_terminal(target, 60, "import", str(file), with_errors=True))
    megabytes = f"{file.stat().st_size / 1e6:,.1f}"
    assert f"{megabytes} MB of {megabytes} MB, 100 %" in shown
    assert shown.rpartition("\r\x1b[K")[2] == f"{file}: 10 spans taken in, 0 there already, 0 refused"


class Counting(TraceSource):
    """Notes how much is sent at a time."""

    def __init__(self, api: ServerApi) -> None:
        super().__init__(api)
        self.pieces: list[int] = []

    def take_in(self, pieces: Iterator[bytes], experiment: str | None) -> Any:
        def seen() -> Iterator[bytes]:
            for piece in pieces:
                self.pieces.append(len(piece))
                yield piece

        return super().take_in(seen(), experiment)


def ignore(name: str, report: Any) -> None:
    """Nobody wants to know."""


def large(path: Path, spans: int) -> Path:
    with path.open("wb") as file:
        for number in range(1, spans + 1):
            attributes = {"text": f"{number} " * 40_000}
            file.write(request(otlp_span(number, trace=trace_id(number), attributes=attributes)))
    return path


def test_a_large_file_is_sent_in_small_pieces(target: BackgroundServer, tmp_path: Path) -> None:
    file = large(tmp_path / "large.otlp", 60)
    source, reports = Counting(ServerApi(target.url)), list[Any]()
    assert import_files(source, [str(file)], "weather", lambda _, report: reports.append(report), print)
    assert reports[0]["new_spans"] == 60
    assert sum(source.pieces) == file.stat().st_size > 6_000_000
    assert max(source.pieces) <= 256 * 1024
    page = TraceSource(ServerApi(target.url)).page(TraceQuery(("weather",), max_results=100))
    assert len(page.traces) == 60


def test_a_refusal_in_the_middle_is_read_and_the_rest_is_not_sent(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(store=tmp_path / "small.db", max_body_bytes=1 << 20)
    file = large(tmp_path / "large.otlp", 4)
    with file.open("ab") as more:
        more.write(request(otlp_span(9, attributes={"text": "x" * (2 << 20)})))
        more.write(file.read_bytes() * 40)
    source, told = Counting(ServerApi(server.url)), list[str]()
    assert not import_files(source, [str(file)], None, ignore, told.append)
    assert "part 5 has more than 1,048,576 bytes" in told[0]
    assert "Kept of the file: 4 spans, 4 of them new." in told[0]
    assert sum(source.pieces) < file.stat().st_size


def test_a_server_that_goes_away_meanwhile_is_told_and_what_to_do(tmp_path: Path) -> None:
    file = large(tmp_path / "large.otlp", 60)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def read_a_little() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)

        going = threading.Thread(target=read_a_little)
        going.start()
        source = TraceSource(ServerApi(f"http://127.0.0.1:{listening.getsockname()[1]}"))
        with pytest.raises(UnreachableError, match=r"large\.otlp: .* what was taken in is not taken twice\."):
            import_files(source, [str(file)], None, ignore, print)
        going.join()
