"""Which traces are kept: the rule of OpenTelemetry's TraceIdRatioBased sampler, for any number of processes.

Every process that decides by the same share decides the same about a trace. Pure.
Source: OpenTelemetry specification, "Tracing SDK", TraceIdRatioBased, and the rule of its Python SDK.
"""

from __future__ import annotations

_RANDOM_BYTES = 8  # of a trace id, its last ones
_LIMIT = 1 << 64


def is_kept(trace_id: bytes, share: float) -> bool:
    """Whether a trace is among the share (0 to 1) of traces that is kept."""
    return int.from_bytes(trace_id[-_RANDOM_BYTES:], "big") < round(share * _LIMIT)
