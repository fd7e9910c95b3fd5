"""Programs that are killed, cut off and hindered: what they had is there afterwards, counted, none twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from steady_port import steady_port

from outcrop.delivery.otlp_decode import decode_request
from outcrop.spooling.claim import waiting_segments
from outcrop.spooling.segment import read_segment
from sdk.tests.delivery.collector import Collector
from sdk.tests.delivery.programs import PATIENT

PROGRAM = f"""
import os, signal, sys, outcrop
{PATIENT}
outcrop.set_tracking_uri(sys.argv[1])

@outcrop.trace
def step(number):
    return number * 2

def steps(first, last):
    return sum(step(number) for number in range(first, last))

def wait():
    print("ready", flush=True)
    sys.stdin.readline()
"""
# A hundred a second: two seconds without a server, or a whole minute.
AWAY_SPANS = 6_000 if os.environ.get("OUTCROP_LONG_TESTS") else 200
KILL = "steps(0, 500); os.kill(os.getpid(), signal.SIGKILL)"
RESULT = "print(steps(0, 300))"


class Host:
    """Runs programs that share a spool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, program: str, url: str, **settings: str) -> subprocess.Popen[str]:
        env = {
            "OUTCROP_SPOOL_DIR": str(self.folder),
            "HOME": str(self.folder),
            "PATH": os.environ["PATH"],
            **settings,
        }
        return subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-c", PROGRAM + program, url],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, program: str, url: str, **settings: str) -> subprocess.Popen[str]:
        started = self.start(program, url, **settings)
        started.communicate(timeout=100)
        return started

    def on_disk(self) -> Counter[str]:
        return Counter(
            span.attributes["outcrop.span.inputs"]
            for folder in self.folder.iterdir()
            for path in waiting_segments(folder)
            for request in read_segment(path.read_bytes()).requests
            for span in decode_request(request.body)
        )


def arrived(collector: Collector) -> Counter[str]:
    return Counter(span.attributes["outcrop.span.inputs"] for span in collector.spans)


def expected(first: int, last: int) -> set[str]:
    return {f'{{"number": {number}}}' for number in range(first, last)}


def until_ready(program: subprocess.Popen[str]) -> None:
    """Returns when the program has come to a `wait()`."""
    assert program.stdout is not None
    assert program.stdout.readline() == "ready\n"


def go_on(program: subprocess.Popen[str]) -> None:
    """Ends its `wait()`."""
    assert program.stdin is not None
    program.stdin.write("\n")
    program.stdin.flush()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(("mode", "may_be_lost"), [("default", 10), ("durable", 0)])
def test_a_program_that_is_killed_loses_few_spans_or_none(host: Host, mode: str, may_be_lost: int) -> None:
    with Collector() as collector:
        killed = host.run(KILL, collector.url, OUTCROP_DELIVERY=mode)
        assert killed.returncode == -signal.SIGKILL
        # The next program brings what the killed one left.
        assert host.run("steps(500, 501)", collector.url).returncode == 0
        found = set(arrived(collector))
    assert len(expected(0, 500) - found) <= may_be_lost
    assert found <= expected(0, 501)
    assert host.on_disk() == Counter()


def test_a_program_that_is_killed_while_no_server_answers_leaves_its_spans(host: Host) -> None:
    port = steady_port()
    killed = host.run(KILL, f"http://127.0.0.1:{port}")
    assert killed.returncode == -signal.SIGKILL
    assert len(expected(0, 500) - set(host.on_disk())) <= 10


def test_a_server_that_goes_and_comes_back_misses_nothing_and_gets_nothing_twice(host: Host) -> None:
    with Collector(steady_port()) as first:
        port, url = first.port, first.url
        program = host.start(
            "steps(0, 100); outcrop.flush(); wait(); steps(100, 300); wait()\n" + RESULT, url
        )
        until_ready(program)
        before = arrived(first)
    go_on(program)
    until_ready(program)
    with Collector(port) as second:
        output, _ = program.communicate("\n", timeout=100)
        after = arrived(second)
    assert output == f"{sum(number * 2 for number in range(300))}\n"
    assert set(before) == expected(0, 100)
    assert set(after) == expected(0, 300)  # the last run of steps begins at 0 again
    assert all(after[name] == 1 for name in expected(0, 100))
    assert all(after[name] == 2 for name in expected(100, 300))
    assert host.on_disk() == Counter()


def test_a_server_that_is_away_while_the_program_goes_on_misses_nothing(host: Host) -> None:
    last = 100 + AWAY_SPANS
    slowly = f"""
import time
steps(0, 100); outcrop.flush(); wait()
for number in range(100, {last}):
    step(number)
    time.sleep(0.01)
wait()
steps({last}, {last + 100})
"""
    with Collector(steady_port()) as first:
        port = first.port
        program = host.start(slowly, first.url)
        until_ready(program)
        before = arrived(first)
    go_on(program)
    until_ready(program)
    with Collector(port) as second:
        program.communicate("\n", timeout=100)
        after = arrived(second)
    assert set(before) == expected(0, 100)
    assert set(after) == expected(100, last + 100)
    assert set((before + after).values()) == {1}
    assert host.on_disk() == Counter()


def test_a_server_that_dies_in_mid_request_changes_nothing_for_the_program(host: Host) -> None:
    with Collector() as collector:
        collector.hangs_up = True
        hindered = host.start(RESULT, collector.url)
        output, _ = hindered.communicate(timeout=100)
        assert hindered.returncode == 0
        assert output == f"{sum(number * 2 for number in range(300))}\n"
        assert host.on_disk() == Counter(dict.fromkeys(expected(0, 300), 1))
        collector.hangs_up = False
        assert host.run("steps(300, 301)", collector.url).returncode == 0
        assert arrived(collector) == Counter(dict.fromkeys(expected(0, 301), 1))


def test_a_full_disk_and_no_server_is_said_and_changes_nothing_for_the_program(host: Host) -> None:
    port = steady_port()
    # No file may grow beyond 20 KB: what the system says then it says of a full disk as well.
    program = (
        "import resource; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "print(steps(0, 300)); outcrop.flush(); print(outcrop.stats())"
    )
    limited = host.start(program, f"http://127.0.0.1:{port}")
    output, errors = limited.communicate(timeout=100)
    assert limited.returncode == 0
    result, stats = output.splitlines()
    assert result == str(sum(number * 2 for number in range(300)))
    assert "waiting" in stats
    assert "lost" in errors or "kept in memory" in errors
    assert "File too large" in errors


def test_many_forked_workers_deliver_each_their_own(host: Host) -> None:
    program = """
children = []
for worker in range(4):
    steps(worker * 100, worker * 100 + 15)
    pid = os.fork()
    if pid == 0:
        steps(worker * 100 + 15, worker * 100 + 100)
        sys.exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""
    with Collector() as collector:
        assert host.run(program, collector.url).returncode == 0
        assert arrived(collector) == Counter(dict.fromkeys(expected(0, 400), 1))
    assert host.on_disk() == Counter()


def test_multiprocessing_workers_deliver_what_they_did(host: Host) -> None:
    program = """
import multiprocessing
context = multiprocessing.get_context("fork")
workers = [context.Process(target=steps, args=(n * 50, n * 50 + 50)) for n in range(4)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print([worker.exitcode for worker in workers])
"""
    with Collector() as collector:
        started = host.start(program, collector.url)
        output, _ = started.communicate(timeout=100)
        assert output == "[0, 0, 0, 0]\n"
        found = set(arrived(collector)) | set(host.on_disk())
        assert found == expected(0, 200)
