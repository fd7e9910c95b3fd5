"""What the store keeps and gives back: a span's hot columns, a trace's summary, an experiment.

Rows are made by `ingest`, written by a store, and read by `query`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from outcrop.genai.usage import Usage
from outcrop.pricing.cost import Quote

Status = Literal["OK", "ERROR", "UNSET"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a span or trace failed: an AWS error code or exception class, and its words."""

    type: str
    message: str


class SpanRow(NamedTuple):
    """One span without its payload: what trees, waterfalls and filters need.

    Ids are bytes (8 for a span; `parent_id` is None for a root), times are nanoseconds since the epoch.
    `cost_nano_usd` is a billionth of a US dollar; None with `cost_reason` (`outcrop.pricing.cost.Reason`)
    where a model was asked and nobody knows the cost, None without where none was asked.
    A tuple, since one is made of each span that comes in.
    """

    span_id: bytes
    parent_id: bytes | None
    name: str
    span_type: str
    status: Status
    start_time_ns: int
    end_time_ns: int
    error: Failure | None = None
    model: str | None = None
    usage: Usage | None = None
    time_to_first_chunk_ns: int | None = None
    is_stream: bool = False
    finish_reason: str | None = None
    vendor: str | None = None
    response_model: str | None = None
    cost_nano_usd: int | None = None
    cost_reason: str | None = None

    @property
    def has_unknown_cost(self) -> bool:
        """Whether something was billed of which nobody knows how much."""
        return self.cost_reason is not None and Quote(reason=self.cost_reason).is_unknown

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from start to end."""
        return self.end_time_ns - self.start_time_ns


@dataclass(slots=True)  # frozen, making it would take three times as long, and one is made a trace
class TraceRow:
    """One trace as a list shows it; see `model.summary` for how it comes from its spans.

    `trace_id` is 16 bytes; models and tools are in order of first use. `cost_nano_usd` sums what is known;
    `unpriced_calls` were billed and are not in it, and `cost_reason` is why. `has_root` is False while no
    span without a parent has come; see `model.progress` for what that means. `longest_span_ns` and
    `shortest_span_ns` are how long the slowest and the quickest of its spans took.
    """

    trace_id: bytes
    experiment: str
    name: str
    status: Status
    start_time_ns: int
    duration_ns: int
    span_count: int
    error: Failure | None = None
    models: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    time_to_first_chunk_ns: int | None = None
    attempts: int = 0
    request_preview: str | None = None
    response_preview: str | None = None
    tools: tuple[str, ...] = ()
    session_id: str | None = None
    user_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict[str, str])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    cost_nano_usd: int | None = None
    unpriced_calls: int = 0
    cost_reason: str | None = None
    has_root: bool = True
    longest_span_ns: int = 0
    shortest_span_ns: int = 0


@dataclass(frozen=True, slots=True)
class StoredTrace:
    """A trace row and the id that the store gave to its experiment."""

    row: TraceRow
    experiment_id: str


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """A named group of traces and how many it holds; `last_trace_at_ns` is None while there is none.

    What people say of it is described at `model.experiments.ExperimentFacts`; under `former_names` programs
    may send to it, too.
    """

    experiment_id: str
    name: str
    created_at_ns: int
    trace_count: int
    error_count: int
    last_trace_at_ns: int | None
    description: str = ""
    archived_at_ns: int | None = None
    retention: str | None = None
    former_names: tuple[str, ...] = ()


class NamedExperiment(NamedTuple):
    """What an experiment is known by.

    Attributes:
        experiment_id: its number, as text.
        name: as it is called now.
        former_names: under which programs may send to it, too.
    """

    experiment_id: str
    name: str
    former_names: tuple[str, ...]


class TracePosition(NamedTuple):
    """Where a page of traces ended; the next one holds what is older."""

    start_time_ns: int
    trace_id: bytes


class OldTrace(NamedTuple):
    """A trace as retention looks at it; `kept_bytes` is about what it takes, and the same whenever asked."""

    trace_id: bytes
    experiment: str
    start_time_ns: int
    kept_bytes: int

    @property
    def position(self) -> TracePosition:
        """Its place among the traces."""
        return TracePosition(self.start_time_ns, self.trace_id)
