"""What is said of a trace after it ran: edited tags, and judgements. Made by the API, kept by a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

AssessmentKind = Literal["feedback", "expectation"]
SourceType = Literal["HUMAN", "LLM_JUDGE", "CODE"]


@dataclass(frozen=True, slots=True)
class TraceEdit:
    """Tags and metadata to set; None deletes one, whatever spans say later."""

    tags: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    metadata: dict[str, str | None] = field(default_factory=dict[str, "str | None"])


@dataclass(frozen=True, slots=True)
class AssessmentContent:
    """What a judgement says, and what an edit may change.

    `value` is anything that JSON has a form for; `span_id` is 8 bytes, or None for the trace as a whole.
    """

    name: str
    value: Any
    source_type: SourceType
    source_id: str
    rationale: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    span_id: bytes | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A judgement of a trace.

    `assessment_id` is `a-` and 32 hex digits; times are nanoseconds since the epoch. `author` is who wrote it
    down, where that is known apart from the source.
    """

    assessment_id: str
    trace_id: bytes
    kind: AssessmentKind
    content: AssessmentContent
    created_at_ns: int
    updated_at_ns: int
    author: str | None = None
