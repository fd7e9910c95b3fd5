"""Whether a trace still runs. Pure.

A span is sent when it has ended, and a root ends last. So a trace without a root is not finished, or its root
never comes: the program was killed, or a program that is not traced began it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from outcrop_server.model.rows import TraceRow

TraceState = Literal["IN_PROGRESS", "COMPLETE", "INCOMPLETE"]
# A step of an agent rarely takes longer than this without any span of its own coming to an end.
RUNNING_WITHIN_NS = 10 * 60 * 1_000_000_000


def trace_state(row: TraceRow, now_ns: int) -> TraceState:
    """COMPLETE with a root; without one IN_PROGRESS for ten minutes after the end of the last span.

    Args:
        row: the trace.
        now_ns: this machine's clock, nanoseconds since the epoch; the row's times are the sender's.
    """
    if row.has_root:
        return "COMPLETE"
    # Without a root the row's duration reaches from its first start to its last end.
    last_end_ns = row.start_time_ns + row.duration_ns
    return "IN_PROGRESS" if now_ns - last_end_ns < RUNNING_WITHIN_NS else "INCOMPLETE"
