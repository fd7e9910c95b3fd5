"""One tracer's decorator on an empty function, in this process: prints microseconds and megabytes as JSON."""

from __future__ import annotations

import functools
import gc
import json
import logging
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

PAIRS = 30
CALLS = 2_000
SPANS = 10_000

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Subject = tuple[Decorator, Callable[[], None]]


def outcrop_subject() -> Subject:
    """`@outcrop.trace`; spans are encoded as they would be sent, and dropped instead."""
    import outcrop  # noqa: PLC0415  # its imports belong to its own measurement
    from outcrop.delivery import http_sender  # noqa: PLC0415  # as above

    http_sender.HttpSender.post = lambda *_: http_sender.Sent(True)  # type: ignore[method-assign]  # drops

    def finish() -> None:
        assert outcrop.flush()
        # A dropped span would be a cheap one.
        assert outcrop.stats().dropped == 0

    return outcrop.trace, finish


def floor_subject() -> Subject:
    """What a careful engineer would write by hand: a current span with arguments and result as JSON."""
    from _floor import SCHEDULE_MS, Dropping  # noqa: PLC0415  # as above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # as above

    provider = TracerProvider()
    exporter = Dropping(encodes=True)
    processor = BatchSpanProcessor(exporter, schedule_delay_millis=SCHEDULE_MS, max_queue_size=20_000)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("floor")
    made = [0]

    def trace(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def traced(*args: Any, **kwargs: Any) -> Any:
            made[0] += 1
            with tracer.start_as_current_span(func.__name__) as span:
                span.set_attribute("inputs", json.dumps({"args": args, **kwargs}))
                result = func(*args, **kwargs)
                span.set_attribute("outputs", json.dumps(result))
                return result

        return traced

    def finish() -> None:
        with exporter.arrived:
            exporter.arrived.wait_for(lambda: exporter.taken >= made[0])

    return trace, finish


def mlflow_subject() -> Subject:
    """`@mlflow.trace`, with an exporter that drops."""
    from _peers import drop_mlflow_spans  # noqa: PLC0415  # as above

    return drop_mlflow_spans().trace, lambda: None


SUBJECTS: dict[str, Callable[[], Subject]] = {
    "outcrop": outcrop_subject,
    "floor": floor_subject,
    "mlflow": mlflow_subject,
}


def empty(number: int) -> None:
    """What is traced."""


def _block(func: Callable[[int], None], count: int, finish: Callable[[], None]) -> tuple[float, float]:
    """CPU microseconds a call, of the whole process and of this thread."""
    gc.collect()
    started, started_here = time.process_time_ns(), time.thread_time_ns()
    for number in range(count):
        func(number)
    here = time.thread_time_ns() - started_here
    finish()
    return (time.process_time_ns() - started) / count / 1000, here / count / 1000


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measures one trace of many spans; then short blocks, untraced and traced in turns."""
    logging.disable(logging.CRITICAL)
    trace, finish = SUBJECTS[sys.argv[1]]()
    traced = trace(empty)

    @trace
    def root() -> None:
        for number in range(SPANS):
            traced(number)

    _block(traced, CALLS, finish)
    before, started = _peak_mb(), time.process_time_ns()
    root()
    finish()
    one_trace_ms = (time.process_time_ns() - started) / 1e6
    one_trace_mb = _peak_mb() - before
    pairs = [(_block(empty, CALLS, lambda: None), _block(traced, CALLS, finish)) for _ in range(PAIRS)]
    added = [(t[0] - p[0], t[1] - p[1]) for p, t in pairs]
    print(
        json.dumps(
            {
                "all": statistics.median(all_us for all_us, _ in added),
                "thread": statistics.median(here_us for _, here_us in added),
                "one_trace_ms": one_trace_ms,
                "one_trace_mb": one_trace_mb,
            }
        )
    )


if __name__ == "__main__":
    main()
