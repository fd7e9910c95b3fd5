"""What users read: span types, and a trace with its spans. Plain data, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any

from outcrop.assessments import (
    Assessment,
    AssessmentSource,
    AssessmentSourceType,
    Expectation,
    Feedback,
)
from outcrop.semconv.span_types import SpanType

__all__ = [
    "Assessment",
    "AssessmentSource",
    "AssessmentSourceType",
    "Expectation",
    "Feedback",
    "Span",
    "SpanEvent",
    "SpanStatus",
    "SpanStatusCode",
    "SpanType",
    "Trace",
    "TraceData",
    "TraceInfo",
    "TraceState",
]


def _no_cost() -> None:
    """Spans that nobody has priced."""


class SpanStatusCode(str, Enum):
    """OpenTelemetry's status codes."""

    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"

    def __str__(self) -> str:
        return self.value


class TraceState(str, Enum):
    """How a trace stands."""

    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class SpanStatus:
    """A span's status; `description` says what went wrong, if anything did."""

    status_code: SpanStatusCode
    description: str = ""


@dataclass(frozen=True)
class SpanEvent:
    """Something that happened within a span, such as a chunk of a stream or an exception.

    Attributes:
        name: such as `exception`, `outcrop.attempt` or `outcrop.chunk.contentBlockDelta`.
        timestamp: nanoseconds since the epoch.
        attributes: what is known of it.
    """

    name: str
    timestamp: int
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Span:
    """A finished span.

    Attributes:
        name: what it is called in the tree.
        span_id: 16 hexadecimal digits.
        trace_id: 32 hexadecimal digits.
        parent_id: the parent's span id; None for a root.
        span_type: a value of `SpanType`.
        status: OK, ERROR or UNSET, with a description.
        start_time_ns: nanoseconds since the epoch.
        end_time_ns: nanoseconds since the epoch.
        inputs: what went in, as JSON; of a Bedrock call its arguments. Bytes read as base64 text.
        outputs: what came out, as JSON; of a Bedrock call the answer without HTTP headers, of a
            stream the merged answer in the shape of the plain call.
        attributes: OpenTelemetry attributes, GenAI conventions first.
        events: chunks, attempts, exceptions and the user's own, in order of time.
        messages: the span as a conversation, each a role and its parts in the GenAI conventions' schema:
            system prompt, what was sent, what came back; empty for spans that are none.
        find_cost: how `cost` is found when it is first asked for; no part of the span's value.
    """

    name: str
    span_id: str
    trace_id: str
    parent_id: str | None
    span_type: str
    status: SpanStatus
    start_time_ns: int
    end_time_ns: int
    inputs: Any = None
    outputs: Any = None
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    events: list[SpanEvent] = field(default_factory=list[SpanEvent])
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]], repr=False)
    find_cost: Callable[[], float | None] = field(default=_no_cost, repr=False, compare=False)

    @cached_property
    def cost(self) -> float | None:
        """US dollars that this call cost, by the price file of `OUTCROP_PRICES` or list prices.

        None if it is unknown, which is not the same as free, or if the span asked no model. List prices
        need `pip install outcrop-tracing[prices]`; the full `outcrop` brings them.

        Raises:
            ConfigurationError: the price file is wrong; says where.
        """
        return self.find_cost()

    def __str__(self) -> str:
        """Name, type, status and duration in a line, then what went in and what came out."""
        from outcrop.display.text import span_text  # noqa: PLC0415  # loaded by who looks

        return span_text(self)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from outcrop.display.html import span_html  # noqa: PLC0415  # loaded by who looks

        return span_html(self)


@dataclass(frozen=True)
class TraceInfo:
    """What a list shows of a trace.

    Attributes:
        trace_id: 32 hexadecimal digits.
        state: OK or ERROR, as its root ended.
        request_time: start, milliseconds since the epoch.
        execution_duration: milliseconds.
        experiment_name: the experiment it was sent to.
        request_preview: the first words of what was asked.
        response_preview: the first words of the answer.
        token_usage: `input_tokens`, `output_tokens`, `total_tokens` and, where known,
            `cache_read_input_tokens` and `cache_write_input_tokens`; None if no call said any.
        tags: set by the user, while the trace ran or later.
        trace_metadata: set by Outcrop or the user.
        session_id: the conversation or job that the trace belongs to.
        user_id: on whose behalf it ran.
        assessments: feedback and expectations, in order of time.
        find_cost: how `cost` is found when it is first asked for; no part of the summary's value.
    """

    trace_id: str
    state: TraceState
    request_time: int
    execution_duration: int
    experiment_name: str
    request_preview: str | None = None
    response_preview: str | None = None
    token_usage: dict[str, int] | None = None
    tags: dict[str, str] = field(default_factory=dict[str, str])
    trace_metadata: dict[str, str] = field(default_factory=dict[str, str])
    session_id: str | None = None
    user_id: str | None = None
    assessments: list[Assessment] = field(default_factory=list[Assessment])
    find_cost: Callable[[], float | None] = field(default=_no_cost, repr=False, compare=False)

    @cached_property
    def cost(self) -> float | None:
        """US dollars that the trace's model calls cost, those summed whose cost is known.

        None if that is none of them; see `Span.cost`.

        Raises:
            ConfigurationError: the price file is wrong; says where.
        """
        return self.find_cost()

    @property
    def status(self) -> TraceState:
        """The older name of `state`."""
        return self.state


@dataclass(frozen=True)
class TraceData:
    """The spans of a trace, in order of start."""

    spans: list[Span]

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)


@dataclass(frozen=True)
class Trace:
    """A trace: its summary and its spans.

    `print(trace)` shows it as a tree, a notebook as a tree with its conversations.

    Attributes:
        info: the summary.
        data: the spans.
        page_url: where a browser shows it; None if it was not read from a server.
    """

    info: TraceInfo
    data: TraceData
    page_url: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """The spans as a tree, with status, duration and tokens."""
        from outcrop.display.text import trace_text  # noqa: PLC0415  # loaded by who looks

        return trace_text(self)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from outcrop.display.html import trace_html  # noqa: PLC0415  # loaded by who looks

        return trace_html(self)
