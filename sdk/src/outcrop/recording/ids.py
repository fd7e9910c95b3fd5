"""Trace and span ids: random, and no two processes' alike.

From a generator of our own: the program's `random.seed()` does not touch it, and a forked child seeds
its own. Asking the system for each id would cost more than all the rest of starting a span.
"""

from __future__ import annotations

import os
import random

from opentelemetry.trace import SpanContext

from outcrop.recording.forks import look_for_fork, when_forked

_generator = random.Random(os.urandom(32))  # noqa: S311  # ids need to be unlike, not secret


# Trace id (16 bytes), span id (8 bytes), and the parent's span id (8 bytes, or none for a root).
SpanIds = tuple[bytes, bytes, bytes]

_NO_ID, _NO_TRACE = bytes(8), bytes(16)


def root_ids() -> SpanIds:
    """The ids of a span that begins a trace; neither of them is zero, which means "no id"."""
    look_for_fork()
    fresh = _generator.getrandbits(192).to_bytes(24, "big")
    trace_id, span_id = fresh[:16], fresh[16:]
    return (trace_id, span_id, b"") if span_id != _NO_ID and trace_id != _NO_TRACE else root_ids()


def child_ids(trace_id: bytes, parent_id: bytes) -> SpanIds:
    """The ids of a span under another."""
    return trace_id, (_generator.getrandbits(64) or 1).to_bytes(8, "big"), parent_id


def ids_under(parent: SpanContext) -> SpanIds:
    """The ids of a span under another library's or process's, which may be the first that a fork makes."""
    look_for_fork()
    return child_ids(parent.trace_id.to_bytes(16, "big"), parent.span_id.to_bytes(8, "big"))


def _seed_anew() -> None:
    _generator.seed(os.urandom(32))


when_forked(_seed_anew)
