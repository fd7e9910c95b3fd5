"""What is seen of calls over gRPC: measured and logged as requests over HTTP are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.observing.requests import Told, write_line

if TYPE_CHECKING:
    from outcrop_server.observing.metrics import Metrics

_FAULTS = frozenset({"INTERNAL", "UNAVAILABLE", "UNKNOWN"})
_MS = 1000


class ObservedCalls:
    """Told of each call.

    Args:
        metrics: told in turn.
        slow_request_ms: what takes longer is logged as a warning.
    """

    def __init__(self, metrics: Metrics, slow_request_ms: float) -> None:
        self._metrics = metrics
        self._slow_request_ms = slow_request_ms

    def ended(
        self, request_id: str, method: str, status: str, duration_s: float, sizes: tuple[int, int]
    ) -> None:
        """A call has ended.

        Args:
            request_id: the caller's own, or a new one.
            method: such as `/opentelemetry.proto.collector.trace.v1.TraceService/Export`; one of few.
            status: the name of gRPC's status code.
            duration_s: from its metadata to its answer, in seconds.
            sizes: bytes of the message as it came, and of the answer.
        """
        self._metrics.on_call(method.removeprefix("/"), status, duration_s)
        duration_ms = duration_s * _MS
        told = Told(request_id, "gRPC", method, status, duration_ms, *sizes)
        write_line(told, is_slow=duration_ms > self._slow_request_ms, is_fault=status in _FAULTS)
