"""`outcrop traces export` as a process, and how much it asks for at once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import ServerApi
from outcrop.semconv import outcrop_attributes as names
from outcrop.terminal import exporting
from outcrop.terminal.exporting import export_traces, written
from outcrop.terminal.source import TraceSource
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import send
from server.tests.support.spans import otlp_span, request
from server.tests.support.traces_command import (
    COMMAND,
    an_id,
    environment,
    ids,
    in_a_terminal,
    objects,
    traces,
)


def test_export_writes_whole_traces(filled: BackgroundServer, tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    done = traces(filled, "export", "--output", str(file), "--order-by", "timestamp ASC")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"5 traces written to {file}\n"
    lines = objects(file.read_text(encoding="utf-8"))
    assert ids(file.read_text(encoding="utf-8")) == [1, 2, 3, 4, 5]
    assert lines[1]["info"]["name"] == "天気エージェント"
    root, call = lines[0]["spans"]
    assert (root["inputs"], call["parent_span_id"]) == ("東京の天気は?", root["span_id"])
    assert (root["span_type"], call["span_type"]) == ("UNKNOWN", "CHAT_MODEL")
    assert call["attributes"]["gen_ai.usage.input_tokens"] == 1200
    assert sorted(path.name for path in tmp_path.glob("traces*")) == ["traces.jsonl"]


def test_export_as_otlp_can_be_sent_again(filled: BackgroundServer) -> None:
    done = traces(filled, "export", "--format", "otlp", "--filter", "status = 'ERROR'")
    spans = [
        span
        for line in objects(done.stdout)
        for resource in line["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    assert {(span["traceId"], span["name"]) for span in spans} == {
        (an_id(3).hex(), "agent"),
        (an_id(3).hex(), "chat"),
    }
    for line in done.stdout.splitlines():
        assert send(filled.url, line.encode(), content_type="application/json").status == 200


def test_export_asks_for_a_few_hundred_spans_at_a_time(server: BackgroundServer, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        spans = [otlp_span(each, trace=an_id(number)) for each in range(1, 301)]
        assert send(server.url, request(*spans)).status == 200
    asked: list[int] = []

    class Counting(TraceSource):
        def export(self, trace_ids: Sequence[str], form: str) -> Iterator[bytes]:
            asked.append(len(trace_ids))
            return super().export(trace_ids, form)

    with written(str(tmp_path / "out")) as file:
        done = export_traces(Counting(ServerApi(server.url)), TraceQuery(max_results=10), "jsonl", file)
        assert done == (3, 0)
    assert asked == [1, 1, 1]


def test_what_a_terminal_would_obey_is_escaped_there(server: BackgroundServer) -> None:
    attributes = {names.INPUTS: "a\u009b2J\u202eb\U000e0041 天\u3000気"}
    send(server.url, request(otlp_span(1, trace=an_id(1), attributes=attributes)))
    for form in ("jsonl", "otlp"):
        shown = "\n".join(in_a_terminal(server, 80, "export", "--format", form))
        assert r"a\u009b2J\u202eb\udb40\udc41 天" in shown
        assert not {"\u009b", "\u202e", "\U000e0041"} & set(shown)
        # Whoever reads it as JSON sees no difference.
        assert objects(shown) == objects(traces(server, "export", "--format", form).stdout)


def test_a_very_large_line_is_left_as_it_is(
    server: BackgroundServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_LARGE_LINE_BYTES", 3000)
    for number, size in ((1, 10), (2, 4000)):
        send(server.url, request(otlp_span(1, trace=an_id(number), attributes={names.INPUTS: "x" * size})))
    source, file = TraceSource(ServerApi(server.url)), tmp_path / "out"
    with written(str(file)) as opened:
        export_traces(source, TraceQuery(max_results=10), "jsonl", opened)
    spans = [line["spans"][0] for line in objects(file.read_text())]
    assert [("inputs" in span, len(span["attributes"][names.INPUTS])) for span in spans] == [
        (False, 4000),
        (True, 10),
    ]


def test_a_pipe_is_written_to_and_not_replaced(filled: BackgroundServer, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(  # noqa: S603  # our own command
        [*COMMAND, "traces", "export", "-o", str(pipe), "--limit", "2"],
        env=environment(filled),
        stderr=subprocess.DEVNULL,
    ) as process:
        assert ids(pipe.read_text(encoding="utf-8")) == [5, 4]
    assert (process.returncode, pipe.is_fifo()) == (0, True)


def test_a_reader_that_leaves_ends_it_quietly(server: BackgroundServer) -> None:
    for number in range(1, 40):
        attributes = {names.INPUTS: "x" * 20_000}
        send(server.url, request(otlp_span(1, trace=an_id(number), attributes=attributes)))
    with subprocess.Popen(  # noqa: S603  # our own command
        [*COMMAND, "traces", "export"],
        env=environment(server),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(100)
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, b"")
