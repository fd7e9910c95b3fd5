"""Whether the server should be sent anything now, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from outcrop_server.lifecycle import Lifecycle
    from outcrop_server.storage.api import TraceStore


class Reason(NamedTuple):
    """Why the server is not ready.

    Attributes:
        code: one of `draining`, `grpc_not_served`, `store_closed`, `writer_failing`,
            `disk_not_writable`, `disk_full`.
        detail: the same in a sentence.
    """

    code: str
    detail: str


class Readiness:
    """Asks the store and the lifecycle.

    Args:
        store: where traces are kept.
        lifecycle: says whether the server stops.
        min_free_bytes: the least that must be free on the store's disk.
        wants_grpc: whether OTLP over gRPC was asked for.
    """

    def __init__(
        self, store: TraceStore, lifecycle: Lifecycle, min_free_bytes: int, *, wants_grpc: bool = False
    ) -> None:
        self._store = store
        self._lifecycle = lifecycle
        self._min_free_bytes = min_free_bytes
        self._wants_grpc = wants_grpc

    def reasons(self) -> list[Reason]:
        """Every reason against sending anything; none if the server is ready."""
        found: list[Reason] = []
        if self._lifecycle.is_draining:
            found.append(Reason("draining", "The server is stopping."))
        elif self._wants_grpc and not self._lifecycle.serves_grpc:
            found.append(Reason("grpc_not_served", "OTLP over gRPC was asked for and is not served."))
        health = self._store.health()
        if not health.is_open:
            return [*found, Reason("store_closed", "The store is closed.")]
        if health.writer_fault is not None:
            found.append(Reason("writer_failing", health.writer_fault))
        if health.disk_fault is not None:
            found.append(Reason("disk_not_writable", health.disk_fault))
        if health.free_bytes is not None and health.free_bytes < self._min_free_bytes:
            found.append(
                Reason(
                    "disk_full",
                    f"{health.free_bytes:,} bytes are free on the store's disk; "
                    f"{self._min_free_bytes:,} are wanted (min_free_bytes).",
                )
            )
        return found
