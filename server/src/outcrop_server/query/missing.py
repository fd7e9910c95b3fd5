"""What is said when nothing has an id that was asked for."""

from __future__ import annotations

from outcrop_server.model.errors import NotFoundError


def no_trace(trace_id: bytes) -> NotFoundError:
    """Says that nothing here has this id."""
    return NotFoundError(
        f"There is no trace {trace_id.hex()} here. It may be on its way still: programs send in batches."
    )


def no_span(trace_id: bytes, span_id: bytes) -> NotFoundError:
    """Says that a trace has no such span."""
    return NotFoundError(f"Trace {trace_id.hex()} has no span {span_id.hex()}.")
