"""Runs a program of a test's own in a process of its own, tracing to a collector."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from outcrop.otlp.protobuf import key_value
from sdk.tests.delivery.collector import Collector

# On a busy machine delivery at the end may take longer than a program would wait for it.
PATIENT = """
from outcrop import runtime
from outcrop.delivery import exit_signals
runtime._EXIT_TIMEOUT_S = exit_signals._GRACE_S = 60.0
"""
_START = f"""
import os, signal, sys, threading, outcrop
{PATIENT}
@outcrop.trace
def step(name): return name
"""


def environment(collector: Collector, folder: Path, **more: str) -> dict[str, str]:
    """What such a program finds: the collector, and a home of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "OUTCROP_SPOOL_DIR": str(folder / "spool"),
        "OUTCROP_TRACKING_URI": collector.url,
        **more,
    }


def start(program: str, collector: Collector, folder: Path, **more: str) -> subprocess.Popen[str]:
    """Starts a program that has a traced function `step`."""
    command = [sys.executable, "-c", _START + program]
    return subprocess.Popen(  # noqa: S603  # our own program
        command,
        env=environment(collector, folder, **more),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, collector: Collector, folder: Path, **more: str) -> tuple[int, str]:
    """Runs it to its end; gives the exit code and what it printed. It must not complain."""
    process = start(program, collector, folder, **more)
    try:
        printed, errors = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        # Its pipes would fail a later test, which has nothing to do with it.
        process.kill()
        raise AssertionError(f"it hangs, and said: {process.communicate()}") from None
    assert errors == ""
    return process.returncode, printed


def steps(collector: Collector) -> list[str]:
    """What the traced function was called with, in alphabetical order."""
    return sorted(span.attributes["outcrop.span.inputs"] for span in collector.spans)


def came_from(collector: Collector, pid: int) -> bool:
    """Whether a batch says that it comes from this process."""
    return any(key_value(1, "process.pid", pid) in body for body in collector.bodies)
