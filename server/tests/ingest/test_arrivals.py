"""Who waits for a trace's spans is woken when they are durable, and nobody else."""

from __future__ import annotations

from concurrent.futures import Future

from outcrop.pricing.quote import price_of
from outcrop.views import glance_span
from outcrop_server.ingest.arrivals import Arrivals
from outcrop_server.ingest.pipeline import Pipeline
from server.tests.support.spans import otlp_span, request, trace_id


class LateStore:
    """Takes spans, and keeps them when it is told to."""

    def __init__(self) -> None:
        self.stored: Future[int] = Future()

    def append(self, *_: object) -> Future[int]:
        return self.stored


def test_those_who_wait_for_a_trace_are_woken() -> None:
    arrivals = Arrivals()
    one, other, third = trace_id(1), trace_id(2), trace_id(3)
    with arrivals.of(one) as first, arrivals.of(one) as second, arrivals.of(other) as nobody:
        arrivals.came([one, third])
        assert (first.is_set(), second.is_set(), nobody.is_set()) == (True, True, False)
    # Nobody waits any more.
    arrivals.came([one])


def test_spans_wake_when_they_are_durable_and_not_before() -> None:
    store = LateStore()
    pipeline = Pipeline(store, glance_span, price_of)  # type: ignore[arg-type] # no more of it is used
    with pipeline.arrivals.of(otlp_span(1).trace_id) as came:
        pipeline.accept(request(otlp_span(1)))
        assert not came.is_set()
        store.stored.set_result(1)
        assert came.is_set()
