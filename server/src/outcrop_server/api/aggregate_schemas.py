"""The shapes of numbers, facets, sessions and comparisons. See `schemas` for moments and durations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from outcrop_server.api.schemas import ApiModel, SpanSummary, TraceSummary, Usage
from outcrop_server.model.aggregates import FINEST_S

GroupName = Literal["time", "experiment", "session", "user", "model", "operation", "span_type"]
FacetName = Literal["status", "model", "operation", "error", "tool", "session", "user", "tag"]
Moment = Annotated[str, StringConstraints(pattern="^[0-9]{1,19}$")]

_EXPERIMENTS = "Names or ids; all experiments if empty."
_FILTER = "Such as `status = 'ERROR' AND latency > 2s`; see docs/filters.md."


class TraceScope(ApiModel):
    """Which traces."""

    experiments: list[str] = Field(default_factory=list, max_length=100, description=_EXPERIMENTS)
    filter: str = Field("", description=_FILTER)
    since_ns: Moment | None = Field(None, description="Traces that began then or later.")
    until_ns: Moment | None = Field(None, description="Traces that began before.")


class NumbersScope(TraceScope):
    """Which traces and calls are counted."""

    since_ns: Moment | None = Field(
        None, description="Traces that began then or later; rounded down to a whole minute."
    )
    until_ns: Moment | None = Field(
        None, description="Traces that began before; rounded up to a whole minute."
    )
    models: list[str] = Field(
        default_factory=list, max_length=100, description="Calls of these alone, and no traces; all if empty."
    )


class AggregateQuestion(NumbersScope):
    """What is counted, and by what it is grouped."""

    group_by: list[GroupName] = Field(default_factory=list[GroupName], max_length=7)
    interval_s: int = Field(
        3600, ge=FINEST_S, le=366 * 86_400, multiple_of=FINEST_S, description="Of `time`, from the epoch."
    )
    limit: int = Field(1000, ge=1, le=10_000, description="Most groups.")


class Percentiles(ApiModel):
    """Durations in nanoseconds; each within `relative_error` of the exact one."""

    p50_ns: int
    p95_ns: int
    p99_ns: int


class TraceNumbers(ApiModel):
    """Traces."""

    count: int
    errors: int
    latency: Percentiles | None = Field(description="Null if there are none.")


class CallNumbers(ApiModel):
    """Calls to models: tokens and cost are sums of what is known."""

    count: int
    errors: int
    latency: Percentiles | None
    time_to_first_chunk: Percentiles | None = Field(description="Of those that were streamed.")
    usage: Usage
    cost_usd: float
    unpriced: int = Field(description="Calls that were billed and are not in the cost.")


class Group(ApiModel):
    """The numbers of one group."""

    key: dict[GroupName, str | None] = Field(
        description="A value for each name of `group_by`; of `time` its start in nanoseconds."
    )
    traces: TraceNumbers | None = Field(description="Null where the group is of calls alone.")
    calls: CallNumbers


class AggregateAnswer(ApiModel):
    """Groups in order of time if they have one, then those that hold most first."""

    groups: list[Group]
    is_complete: bool = Field(description="False if there are more groups than `limit`.")
    has_others: bool = Field(
        description="True if names of calls were too many to be kept apart: such calls are in groups whose "
        "operation, model or span type is `(other)`, and with `models` some may be missing."
    )
    since_ns: str
    until_ns: str | None
    relative_error: float = Field(description="Of percentiles.")


class FacetQuestion(TraceScope):
    """Which traces, and how many values of each field."""

    top: int = Field(10, ge=1, le=100)


class FacetValue(ApiModel):
    """A value, and how many of the traces have it."""

    value: str
    count: int
    key: str | None = Field(description="Of a tag.")


class FacetAnswer(ApiModel):
    """What the traces that fit have, most frequent first."""

    trace_count: int = Field(description="How many traces were looked at.")
    is_exact: bool = Field(description="False if there may be more; these are the newest.")
    facets: dict[FacetName, list[FacetValue]]
    words_waiting: int = Field(
        0, description="So many traces may fit besides: their payloads are not indexed yet."
    )


class CountAnswer(ApiModel):
    """How many traces fit."""

    count: int
    is_exact: bool = Field(description="False if there may be more.")


class TimelineQuestion(TraceScope):
    """Which traces, and in how many steps."""

    steps: int = Field(100, ge=10, le=1000, description="At most.")


class TimelineBar(ApiModel):
    """Traces that began within a step of time."""

    start_ns: str
    count: int
    errors: int


class TimelineAnswer(ApiModel):
    """When the traces that fit began. Without bounds from the first trace to the last, 30 steps at least."""

    interval_s: int = Field(description="The length of a step, counted from the epoch.")
    since_ns: str
    until_ns: str
    bars: list[TimelineBar] = Field(description="Steps that have traces, in order of time.")
    is_exact: bool = Field(description="False if there are more; these are of the newest.")


class TraceSession(ApiModel):
    """The traces of an experiment that name the same session."""

    session_id: str
    experiment_id: str
    experiment_name: str
    trace_count: int
    error_count: int
    first_start_ns: str = Field(description="Start of its first trace.")
    last_start_ns: str = Field(description="Start of its last trace.")
    usage: Usage
    cost_usd: float
    unpriced_calls: int = Field(description="Calls that were billed and are not in the cost.")


class SessionPage(ApiModel):
    """A page of sessions, those used last first."""

    sessions: list[TraceSession]
    next_page_token: str | None = Field(description="Null at the end.")


class SessionDetail(ApiModel):
    """A session, in each experiment that it is in, and a page of its traces from the first one on."""

    sessions: list[TraceSession]
    traces: list[TraceSummary]
    next_cursor: str | None = Field(description="Null at the end.")


class Comparison(ApiModel):
    """What to compare: traces, or groups of traces and calls. Others are held against the first one."""

    trace_ids: list[str] | None = Field(None, min_length=2, max_length=10)
    groups: list[NumbersScope] | None = Field(None, min_length=2, max_length=10)


class Difference(ApiModel):
    """How much more than the first one: negative is less, null is not known."""

    duration_ns: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    has_other_status: bool = Field(description="One of the two failed.")


class ComparedTrace(ApiModel):
    """A trace beside others."""

    info: TraceSummary
    difference: Difference | None = Field(description="Null of the first.")


class ComparedSpan(ApiModel):
    """A span beside others."""

    span: SpanSummary
    difference: Difference | None = Field(description="Null of the first trace's, and where it has none.")


class AlignedSpans(ApiModel):
    """Spans at the same place of their traces."""

    name: str
    depth: int
    spans: list[ComparedSpan | None] = Field(description="One for each trace; null where it has none.")


class ComparedGroup(ApiModel):
    """Numbers of a group of traces and calls."""

    traces: TraceNumbers | None
    calls: CallNumbers
    has_others: bool = Field(
        description="True if names of calls were too many to be kept apart: calls of `models` may be missing."
    )


class ComparisonAnswer(ApiModel):
    """What was asked for, side by side and in the same order; the other lists are empty."""

    traces: list[ComparedTrace]
    spans: list[AlignedSpans] = Field(description="Parents before their children.")
    groups: list[ComparedGroup]
    is_complete: bool = Field(description="False if there are too many spans; the first are here.")
