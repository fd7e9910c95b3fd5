"""Questions to a destination about the traces that it keeps, and its answers. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from outcrop.assessments import Annotations
from outcrop.otlp.records import SpanRecord


@dataclass(frozen=True)
class TraceQuery:
    """A search, as the user wrote it: the destination reads `filter_string` and `order_by`.

    Attributes:
        experiments: names or ids; empty for all experiments.
        filter_string: see `outcrop.filter.parser`; empty for every trace.
        order_by: fields, each with ASC or DESC; the newest come first by default.
        max_results: most traces of one answer; a destination MAY give fewer and a page token.
        page_token: of the answer before; None for the first one.
    """

    experiments: Sequence[str] = ()
    filter_string: str = ""
    order_by: Sequence[str] = ()
    max_results: int = 100
    page_token: str | None = None


@dataclass(frozen=True)
class FoundTrace:
    """A trace that fits, with all its spans."""

    records: list[SpanRecord]
    annotations: Annotations


@dataclass(frozen=True)
class FoundPage:
    """Some of the traces that fit, in their order; `next_page_token` is None at the end."""

    traces: list[FoundTrace] = field(default_factory=list[FoundTrace])
    next_page_token: str | None = None


@dataclass(frozen=True)
class TraceDeletion:
    """Which traces to delete: those of `trace_ids`, or else the oldest of an experiment.

    Attributes:
        experiment: name or id; None where `trace_ids` are given alone.
        trace_ids: 32 hexadecimal digits each; None to go by time.
        max_timestamp_ms: traces that began at this moment or before, in milliseconds since the epoch.
        max_traces: at most so many, oldest first; None for all of them.
    """

    experiment: str | None = None
    trace_ids: Sequence[str] | None = None
    max_timestamp_ms: int | None = None
    max_traces: int | None = None
