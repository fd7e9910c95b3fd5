"""A fork that nobody tells Python of: uWSGI's workers are made by C's own `fork`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, os, sys
import outcrop
from opentelemetry import trace as otel

outcrop.set_tracking_uri(f"file://{sys.argv[1]}/traces.jsonl")


def work(name):
    with outcrop.start_span(name):
        pass


work("parent")
assert outcrop.flush()
fork = ctypes.PyDLL(None).fork
for number in range(3):
    if fork() == 0:
        # The last begins under a span of a web framework, say: no trace of its own tells it of the fork.
        parent = otel.SpanContext(1, 2, True) if number == 2 else otel.INVALID_SPAN_CONTEXT
        with otel.use_span(otel.NonRecordingSpan(parent)):
            work(f"child {number}")
        is_delivered = outcrop.flush()
        os._exit(0 if is_delivered else 1)
    assert os.wait()[1] == 0
work("parent again")
assert outcrop.flush()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="calls the C library's fork")
def test_workers_that_python_was_not_told_of_have_ids_of_their_own_and_deliver(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603  # a program of this test
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    resources = [each for line in lines for each in line["resourceSpans"]]
    spans = [
        (span["name"], span["traceId"], json.dumps(each["resource"]))
        for each in resources
        for scope in each["scopeSpans"]
        for span in scope["spans"]
    ]
    names = ["child 0", "child 1", "child 2", "parent", "parent again"]
    assert sorted(name for name, _, _ in spans) == names
    assert len({trace_id for _, trace_id, _ in spans}) == len(names)
    # Each says its own process number.
    assert len({resource for _, _, resource in spans}) == len(names) - 1
