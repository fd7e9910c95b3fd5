"""Fills stores with whole traces by the way that spans take: OTLP in, columns, frames and indices out."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from outcrop_server.embedded import EmbeddedStore
from server.tests.support.spans import otlp_span, request, trace_id

SPANS = 5


def trace_spans(number: int, *, start_ns: int | None = None, text_bytes: int = 400) -> list[Span]:
    """A trace whose id is `number`: a root and its children, with texts that compression cannot shrink."""
    times: dict[str, Any] = {}
    if start_ns is not None:
        times = {"start_time_unix_nano": start_ns, "end_time_unix_nano": start_ns + 10}
    return [
        otlp_span(
            number * 100 + place,
            number * 100 + 1 if place > 1 else None,
            trace_id(number),
            name="agent" if place == 1 else f"step {place}",
            status="ERROR" if number % 5 == 0 else "OK",
            attributes={
                "outcrop.span.inputs": Random(number * 100 + place).randbytes(text_bytes // 2).hex(),  # noqa: S311 - no secret
                "gen_ai.request.model": "amazon.nova-pro-v1:0",
                "gen_ai.usage.input_tokens": number,
                "session.id": f"s-{number % 3}",
            },
            **times,
        )
        for place in range(1, SPANS + 1)
    ]


def trace_request(number: int, experiment: str = "A", **changes: Any) -> bytes:
    """A request that holds one such trace."""
    return request(*trace_spans(number, **changes), resource={"outcrop.experiment.name": experiment})


def fill(path: Path, traces: int, *, first: int = 1, experiment: str = "A", **changes: Any) -> None:
    """Puts so many traces into a store."""
    with closing(EmbeddedStore(path)) as store:
        for number in range(first, first + traces):
            store.accept(trace_request(number, experiment, **changes))
