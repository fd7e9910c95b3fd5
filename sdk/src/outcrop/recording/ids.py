"""Trace and span ids: random, and no two processes' alike.

From a generator of our own: the program's `random.seed()` does not touch it, and a forked child seeds
its own. Asking the system for each id would cost more than all the rest of starting a span.
"""

from __future__ import annotations

import os
import random

_generator = random.Random(os.urandom(32))  # noqa: S311  # ids need to be unlike, not secret


def new_ids() -> tuple[bytes, bytes]:
    """A new trace id (16 bytes) and a new span id (8 bytes), neither of them zero."""
    trace_id, span_id = divmod(_generator.getrandbits(192), 1 << 64)
    # OpenTelemetry takes zero for "no id".
    return (trace_id or 1).to_bytes(16, "big"), (span_id or 1).to_bytes(8, "big")


def _seed_anew() -> None:
    _generator.seed(os.urandom(32))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_seed_anew)
