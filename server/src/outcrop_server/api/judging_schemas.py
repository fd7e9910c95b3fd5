"""The shapes of searching, judging and deleting. See `schemas` for how moments and durations are written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, StringConstraints

from outcrop_server.api.schemas import ApiModel, TraceSummary

AssessmentKind = Literal["feedback", "expectation"]
SourceType = Literal["HUMAN", "LLM_JUDGE", "CODE"]

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
# A tag's value, as long as what is kept of one that comes with a span.
Short = Annotated[str, StringConstraints(max_length=2000)]
Long = Annotated[str, StringConstraints(max_length=100_000)]
SpanIdText = Annotated[str, StringConstraints(to_lower=True, pattern="^[0-9a-fA-F]{16}$")]


class AssessmentSource(ApiModel):
    """Who judged."""

    type: SourceType
    id: Name = "default"


class NewAssessment(ApiModel):
    """A judgement that is to be kept."""

    kind: AssessmentKind
    name: Name
    value: JsonValue = None
    source: AssessmentSource
    rationale: Long | None = None
    metadata: dict[Name, Short] = Field(default_factory=dict, max_length=100)
    span_id: SpanIdText | None = Field(None, description="The judged span; null for the trace as a whole.")
    author: Name | None = Field(None, description="Who wrote it down, where that is known apart.")


class AssessmentChange(ApiModel):
    """What is to change of a judgement; what is left out stays."""

    name: Name | None = None
    value: JsonValue = None
    source: AssessmentSource | None = None
    rationale: Long | None = None
    metadata: dict[Name, Short] | None = Field(None, max_length=100)
    span_id: SpanIdText | None = None


class Assessment(ApiModel):
    """A judgement as it is kept."""

    assessment_id: str
    trace_id: str
    kind: AssessmentKind
    name: str
    value: Any
    source: AssessmentSource
    rationale: str | None
    metadata: dict[str, str]
    span_id: str | None
    author: str | None
    created_at_ns: str
    updated_at_ns: str


class AssessmentList(ApiModel):
    """Judgements; of a trace in the order in which they came."""

    assessments: list[Assessment]


class TraceEdit(ApiModel):
    """Tags and metadata to set. Null deletes one; it stays deleted whatever spans say later."""

    tags: dict[Name, Short | None] = Field(default_factory=dict, max_length=50)
    metadata: dict[Name, Short | None] = Field(default_factory=dict, max_length=50)


class TraceAnnotations(ApiModel):
    """What is known of a trace beside its spans."""

    tags: dict[str, str]
    metadata: dict[str, str]
    assessments: list[Assessment]


class TraceSearch(ApiModel):
    """A search for traces."""

    experiments: list[str] = Field(
        default_factory=list, max_length=100, description="Names or ids; all experiments if empty."
    )
    filter: str = Field("", description="Such as `status = 'ERROR' AND latency > 2s`; see docs/filters.md.")
    order_by: list[str] = Field(
        default_factory=list,
        max_length=5,
        description="Such as `execution_time DESC`; newest first if empty.",
    )
    max_results: int = Field(50, ge=1, le=200)
    page_token: str | None = Field(None, description="`next_page_token` of the page before.")


class FoundTrace(ApiModel):
    """A trace that fits."""

    info: TraceSummary
    experiment_name: str
    metadata: dict[str, str]
    assessments: list[Assessment]


class FoundTraces(ApiModel):
    """A page of the traces that fit, in their order."""

    traces: list[FoundTrace]
    next_page_token: str | None = Field(description="Null at the end.")
    words_waiting: int = Field(
        0, description="So many traces may fit besides: their payloads are not indexed yet."
    )


class TraceIds(ApiModel):
    """Several traces."""

    trace_ids: list[str] = Field(max_length=200)


class TraceDeletion(ApiModel):
    """Which traces to delete: those of `trace_ids`, or the oldest of an experiment."""

    experiment: str | None = Field(None, description="Name or id.")
    trace_ids: list[str] | None = Field(None, max_length=100_000)
    max_timestamp_ms: int | None = Field(None, ge=0, le=2**53, description="Those that began then or before.")
    max_traces: int | None = Field(None, ge=1, description="At most so many, oldest first.")


class Deleted(ApiModel):
    """How many traces were deleted."""

    deleted: int
