"""The current span, whatever OpenTelemetry keeps its context in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from outcrop.otlp.records import SpanGroup
from outcrop.recording.span import LiveSpan, SpanSink

# OpenTelemetry finds an implementation of its context among the entry points of what is installed.
IMPLEMENTATION = '''
import threading
from opentelemetry.context.context import Context, _RuntimeContext


class ThreadContext(_RuntimeContext):
    """A context without a context variable, whose tokens are the contexts before."""

    def __init__(self):
        self._local = threading.local()

    def attach(self, context):
        before = self.get_current()
        self._local.context = context
        return before

    def get_current(self):
        return getattr(self._local, "context", Context())

    def detach(self, token):
        self._local.context = token
'''
PROGRAM = """
import outcrop
from opentelemetry import context, trace
from outcrop.recording.current import current_span

assert type(context._RUNTIME_CONTEXT).__name__ == "ThreadContext", context._RUNTIME_CONTEXT

outcrop.set_tracking_uri("memory://")


@outcrop.trace
def inner():
    return trace.get_current_span().get_span_context().span_id


@outcrop.trace
def outer():
    return current_span().span_id, inner()


ours, within = outer()
spans = {span.name: span for span in outcrop.get_trace(outcrop.get_last_active_trace_id()).data.spans}
assert spans["inner"].parent_id == ours == spans["outer"].span_id
assert int(spans["inner"].span_id, 16) == within
assert current_span() is None
"""


def test_a_context_that_is_in_no_context_variable(tmp_path: Path) -> None:
    (tmp_path / "thread_context.py").write_text(IMPLEMENTATION)
    metadata = tmp_path / "thread_context-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: thread-context\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[opentelemetry_context]\nthread_context = thread_context:ThreadContext\n"
    )
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    env = {**os.environ, "PYTHONPATH": path, "OTEL_PYTHON_CONTEXT": "thread_context"}
    done = subprocess.run(  # noqa: S603  # a program of this test
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


class _Nowhere(SpanSink):
    def on_end(self, span: LiveSpan, ended: object) -> None:
        """Takes it."""


def test_first_events_from_several_threads_at_once() -> None:
    count = 4
    for _ in range(200):
        span = LiveSpan(_Nowhere(), "work", (bytes(16), bytes(8), b""), SpanGroup("Default", "test"))
        barrier = threading.Barrier(count)

        def add(number: int, span: LiveSpan = span, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            span.add_event(f"event {number}")

        threads = [threading.Thread(target=add, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        encoded = b"".join(span.encode().pieces)
        assert all(f"event {number}".encode() in encoded for number in range(count))
