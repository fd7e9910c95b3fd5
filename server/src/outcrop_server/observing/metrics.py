"""The server's numbers, in a registry of its own: written where something happens, read by `/metrics`.

Names follow Prometheus' rules, and OpenTelemetry's conventions where those know the thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from outcrop._version import __version__
from outcrop_server.model.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from prometheus_client import Metric

    from outcrop_server.model.store_health import StoreHealth
    from outcrop_server.storage.api import TraceStore

# Those of OpenTelemetry's conventions for HTTP, and for RPC.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_COMMIT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_BYTES = tuple(float(1 << power) for power in range(10, 27, 2))
_REQUEST_LABELS = ("http_request_method", "http_route", "http_response_status_code")
_CALL_LABELS = ("rpc_system_name", "rpc_method", "rpc_response_status_code")
# More combinations than routes, methods and answers really have would mean that somebody tries them out.
_MOST_KINDS = 2000


class Metrics:
    """All numbers of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._accepted = Counter("outcrop_spans_accepted", "Spans that are durable.", registry=self.registry)
        self._duplicate = Counter(
            "outcrop_spans_duplicate", "Accepted spans that were there already.", registry=self.registry
        )
        refused = Counter(
            "outcrop_spans_refused",
            "Spans that were not kept: wrong (invalid), of a foreign experiment (forbidden), or to be sent "
            "again (unavailable).",
            ["reason"],
            registry=self.registry,
        )
        # All are there from the start, so that a first increase is seen.
        self._refused = {reason: refused.labels(reason) for reason in ("invalid", "forbidden", "unavailable")}
        self._requests = Histogram(
            "http_server_request_duration_seconds",
            "How long requests took, until the answer's last byte.",
            _REQUEST_LABELS,
            unit="seconds",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._request_kinds: dict[tuple[str, str, int], Histogram] = {}
        self._calls = Histogram(
            "rpc_server_call_duration_seconds",
            "How long calls over gRPC took.",
            _CALL_LABELS,
            unit="seconds",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._commit_duration = Histogram(
            "outcrop_commit_duration_seconds",
            "How long the store's transactions took.",
            unit="seconds",
            buckets=_COMMIT_SECONDS,
            registry=self.registry,
        )
        self._commit_size = Histogram(
            "outcrop_commit_size_bytes",
            "What the store's transactions held.",
            unit="bytes",
            buckets=_BYTES,
            registry=self.registry,
        )
        self._commit_failures = Counter(
            "outcrop_commit_failures", "Transactions that failed.", registry=self.registry
        )
        self.registry.register(_Build())
        ProcessCollector(registry=self.registry)

    def watch_store(self, store: TraceStore) -> None:
        """Shows a store's queue and sizes, as they are whenever somebody asks."""
        self.registry.register(_Store(store))

    def on_request(self, method: str, route: str, status: int, duration_s: float) -> None:
        """A request has been answered."""
        kind = (method, route, status)
        histogram = self._request_kinds.get(kind)
        if histogram is None:
            if len(self._request_kinds) >= _MOST_KINDS:
                return
            histogram = self._request_kinds[kind] = self._requests.labels(method, route, str(status))
        histogram.observe(duration_s)

    def on_call(self, method: str, status: str, duration_s: float) -> None:
        """A call over gRPC has been answered; `method` is one of few."""
        self._calls.labels("grpc", method, status).observe(duration_s)

    def on_commit(self, duration_s: float, size_bytes: int, is_done: bool) -> None:
        """A transaction has ended."""
        self._commit_duration.observe(duration_s)
        self._commit_size.observe(size_bytes)
        if not is_done:
            self._commit_failures.inc()

    def on_refused(self, reason: str, count: int) -> None:
        """Spans were not kept."""
        self._refused[reason].inc(count)

    def on_stored(self, count: int, stored: Future[int]) -> None:
        """What became of spans that were handed to the store is known."""
        if stored.exception() is not None:
            self._refused["unavailable"].inc(count)
            return
        self._accepted.inc(count)
        if stored.result() < count:
            self._duplicate.inc(count - stored.result())

    def text(self, accept: str) -> tuple[bytes, str]:
        """All numbers in the form that an Accept header asks for, and its media type."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type


class _Build(Collector):
    def collect(self) -> Iterable[Metric]:
        yield InfoMetricFamily("outcrop_build", "What runs here.", {"version": __version__})


class _Store(Collector):
    def __init__(self, store: TraceStore) -> None:
        self._store = store

    def describe(self) -> Iterable[Metric]:
        # Names without values: registering must not ask the store.
        return ()

    def collect(self) -> Iterable[Metric]:
        health = self._store.health()
        yield _gauge("outcrop_commit_queue_items", "Pieces of writing that wait.", health.waiting_items)
        yield _gauge(
            "outcrop_commit_queue_bytes", "What waits to be committed.", health.waiting_bytes, "bytes"
        )
        yield _gauge(
            "outcrop_commit_queue_limit_bytes", "The most that may wait.", health.max_waiting_bytes, "bytes"
        )
        yield from _sizes(health)
        try:
            waiting = self._store.words_waiting()
        except RequestError:
            # Closed, or it cannot be read: `/readyz` says so.
            return
        yield _gauge("outcrop_words_waiting_traces", "Traces whose payloads cannot be searched yet.", waiting)


def _sizes(health: StoreHealth) -> Iterable[Metric]:
    sizes = GaugeMetricFamily(
        "outcrop_store_size_bytes", "Size of the store's files.", labels=["file"], unit="bytes"
    )
    for name, size in health.file_bytes.items():
        sizes.add_metric([name], size)
    yield sizes
    if health.free_bytes is not None:
        yield _gauge(
            "outcrop_store_disk_free_bytes", "What is free on the store's disk.", health.free_bytes, "bytes"
        )


def _gauge(name: str, words: str, value: float, unit: str = "") -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value, unit=unit)
