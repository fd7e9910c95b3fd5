"""Delivery through a real socket: batches, outages, the spool, refusals, forks and exits."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from steady_port import steady_port

from outcrop.delivery.http_sender import HttpSender
from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.pipeline import Pipeline
from outcrop.delivery.sender import Sent
from outcrop.delivery.spool import Spool, spool_dir_for
from outcrop.otlp.records import EndedSpan, SpanGroup
from outcrop.recording.ids import root_ids
from outcrop.recording.span import LiveSpan
from outcrop.spooling.claim import waiting_segments
from outcrop.spooling.segment import read_segment
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import PATIENT


class _Sink:
    """Hands ended spans to a pipeline, as the runtime does."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:  # noqa: ARG002  # the sink's interface
        self.pipeline.submit(ended)


def _emit(pipeline: Pipeline, *names: str) -> None:
    for name in names:
        group = SpanGroup("Default", "test")
        span = LiveSpan(_Sink(pipeline), name, root_ids(), group)
        span.end()


def _no_drop(spans: int, reason: str) -> None:
    raise AssertionError(f"{spans} spans were dropped: {reason}")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    """Looks into the folder that the pipelines write into."""
    return Spool(tmp_path / "waiting", _no_drop)


def _spans_on_disk(directory: Path) -> list[str]:
    """The names of the spans that wait in a folder's segments, those of a journal included."""
    return [
        span.name
        for path in waiting_segments(directory)
        for request in read_segment(path.read_bytes()).requests
        for span in decode_request(request.body)
    ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


def _pipeline(url: str, spool: Spool, *, mode: str = "default") -> Pipeline:
    return Pipeline(
        lambda: HttpSender(f"{url}/v1/traces"),
        lambda on_drop: Spool(spool.directory, on_drop),
        {"service.name": "test"},
        mode=mode,
    )


def test_spans_arrive_in_batches_in_order(
    collector: Collector, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until somebody asks: how long a thousand spans take on this machine must not count.
    monkeypatch.setattr("outcrop.delivery.pipeline.BATCH_DELAY_S", 3600.0)
    pipeline = _pipeline(collector.url, spool)
    _emit(pipeline, *(f"span {number}" for number in range(1000)))
    assert pipeline.flush(60)
    assert [span.name for span in collector.spans] == [f"span {number}" for number in range(1000)]
    assert len(collector.bodies) <= 4
    pipeline.shutdown(60)
    assert spool.waiting() == []


def test_a_fault_of_ours_loses_nothing_and_a_flush_tells_of_it(
    collector: Collector, spool: Spool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS", raising=False)
    # Said once a place, and another test may have had it said.
    monkeypatch.setattr("outcrop.capture.faults._reported", set[str]())
    faults = [ImportError("of a module that is only half there")]

    class Faulty(HttpSender):
        def post(self, body: bytes) -> Sent:
            if faults:
                raise faults.pop()
            return super().post(body)

    pipeline = Pipeline(lambda: Faulty(f"{collector.url}/v1/traces"), lambda _: spool, {})
    _emit(pipeline, "alone")
    assert not pipeline.flush(60)
    assert pipeline.flush(60)
    assert "only half there" in caplog.text
    assert [span.name for span in collector.spans] == ["alone"]
    pipeline.shutdown(60)


def test_spans_arrive_without_a_flush(collector: Collector, spool: Spool) -> None:
    pipeline = _pipeline(collector.url, spool)
    _emit(pipeline, "alone")
    with collector.arrived:
        assert collector.arrived.wait_for(lambda: collector.bodies, timeout=120)
    assert [span.name for span in collector.spans] == ["alone"]
    pipeline.shutdown(60)


def test_while_no_server_answers_batches_wait_on_disk_and_one_line_says_so(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = _pipeline("http://127.0.0.1:9", spool)
    for number in range(3):
        _emit(pipeline, f"span {number}")
        assert pipeline.flush(60)
    pipeline.shutdown(60)
    assert _spans_on_disk(spool.directory) == ["span 0", "span 1", "span 2"]
    (record,) = (r for r in caplog.records if r.levelno >= logging.WARNING)
    message = record.getMessage()
    assert "connection refused" in message
    assert str(spool.directory) in message
    assert "outcrop server" in message


def test_what_waited_on_disk_goes_out_when_the_server_answers(spool: Spool) -> None:
    port = steady_port()
    pipeline = _pipeline(f"http://127.0.0.1:{port}", spool)
    _emit(pipeline, "early")
    assert pipeline.flush(60)
    assert _spans_on_disk(spool.directory) == ["early"]
    with Collector(port) as second:
        _emit(pipeline, "late")
        assert pipeline.flush(60)
        assert [span.name for span in second.spans] == ["early", "late"]
    assert _spans_on_disk(spool.directory) == []
    pipeline.shutdown(60)
    assert spool.waiting() == []


def test_a_later_process_sends_what_an_earlier_one_left(collector: Collector, spool: Spool) -> None:
    dead = _pipeline("http://127.0.0.1:9", spool)
    _emit(dead, "left behind")
    dead.shutdown(60)
    pipeline = _pipeline(collector.url, spool)
    _emit(pipeline, "new")
    assert pipeline.flush(60)
    assert sorted(span.name for span in collector.spans) == ["left behind", "new"]
    pipeline.shutdown(60)


@pytest.mark.parametrize("status", [503, 500, 429, 401, 404])
def test_a_server_that_cannot_take_it_now_loses_nothing(
    collector: Collector, spool: Spool, status: int
) -> None:
    pipeline = _pipeline(collector.url, spool)
    collector.status = status
    _emit(pipeline, "kept")
    assert pipeline.flush(60)
    assert _spans_on_disk(spool.directory) == ["kept"]
    collector.status = 200
    assert pipeline.flush(60)
    assert [span.name for span in collector.spans] == ["kept"]
    pipeline.shutdown(60)


def test_a_refused_batch_is_set_aside_and_named(
    collector: Collector, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = _pipeline(collector.url, spool)
    collector.status, collector.answer = 400, b"span 0 has no name"
    _emit(pipeline, "poison")
    assert pipeline.flush(60)
    collector.status = 200
    _emit(pipeline, "fine")
    assert pipeline.flush(60)
    pipeline.shutdown(60)
    assert [span.name for span in collector.spans] == ["fine"]
    (aside,) = spool.directory.glob("*.rejected")
    assert "span 0 has no name" in caplog.text
    assert str(aside) in caplog.text


def test_an_unwritable_spool_is_said_and_breaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    pipeline = _pipeline("http://127.0.0.1:9", Spool(tmp_path / "file" / "below", _no_drop))
    _emit(pipeline, "lost")
    assert not pipeline.flush(60)
    assert pipeline.stats().waiting == 1
    pipeline.shutdown(60)
    assert pipeline.stats().dropped == 1
    assert "1 spans are lost" in caplog.text


def test_the_spool_folder_tells_endpoints_apart(tmp_path: Path) -> None:
    urls = [
        "http://127.0.0.1:5115",
        "http://localhost:5115",
        "http://127.0.0.1",
        "https://h/a",
        "https://h/b",
    ]
    folders = [spool_dir_for(url, tmp_path) for url in urls]
    assert folders[0].name == "127.0.0.1_5115"
    assert len(set(folders)) == len(urls)


PROGRAM = f"""
import os, signal, sys, time, outcrop
{PATIENT}
signal.signal(signal.SIGINT, signal.default_int_handler)  # a CI's background job has it ignored
outcrop.set_tracking_uri(sys.argv[1])
@outcrop.trace
def step(name): return name
step("before")
"""


def _run(program: str, url: str, tmp_path: Path) -> subprocess.Popen[str]:
    env = {"OUTCROP_SPOOL_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", PROGRAM + program, url]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own program


def test_spans_are_delivered_when_the_program_ends(collector: Collector, tmp_path: Path) -> None:
    program = _run("", collector.url, tmp_path)
    assert program.communicate(timeout=100) == ("", "")
    assert [span.name for span in collector.spans] == ["step"]


def test_a_server_that_hangs_at_exit_neither_holds_the_program_nor_loses_a_span(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415  # for this one test

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        # Nothing but the bound of its end lets it go: not even the sender gives up.
        waits = (
            "runtime._EXIT_TIMEOUT_S = 1.0\n"
            "from outcrop.delivery import http_sender\nhttp_sender._TIMEOUT_S = 3600.0"
        )
        program = _run(waits, url, tmp_path)
        program.communicate(timeout=100)
    assert program.returncode == 0
    (folder,) = tmp_path.iterdir()
    assert _spans_on_disk(folder) == ["step"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_sends_its_own_spans_and_not_its_parents(collector: Collector, tmp_path: Path) -> None:
    child = """
pid = os.fork()
step("child" if pid == 0 else "parent")
if pid: os.waitpid(pid, 0)
outcrop.flush()
"""
    program = _run(child, collector.url, tmp_path)
    _, errors = program.communicate(timeout=100)
    assert errors == ""
    inputs = sorted(span.attributes["outcrop.span.inputs"] for span in collector.spans)
    assert inputs == ['{"name": "before"}', '{"name": "child"}', '{"name": "parent"}']
    assert len({span.span_id for span in collector.spans}) == 3


def test_an_interrupted_program_delivers_what_it_had(collector: Collector, tmp_path: Path) -> None:
    program = _run("print('up', flush=True); time.sleep(60)", collector.url, tmp_path)
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=100)
    assert [span.name for span in collector.spans] == ["step"]
