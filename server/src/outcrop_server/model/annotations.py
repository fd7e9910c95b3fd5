"""What is said of a trace after it ran: edited tags, and judgements. Made by the API, kept by a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

AssessmentKind = Literal["feedback", "expectation"]
SourceType = Literal["HUMAN", "LLM_JUDGE", "CODE"]


@dataclass(frozen=True, slots=True)
class TraceEdit:
    """Tags and metadata to set; None deletes one, whatever spans say later.

    `session_id`, `user_id` and `status` count before what spans say, too; None leaves them to the spans.
    """

    tags: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    metadata: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    session_id: str | None = None
    user_id: str | None = None
    status: Literal["OK", "ERROR"] | None = None

    def then(self, later: TraceEdit) -> TraceEdit:
        """This edit and a later one as one."""
        return TraceEdit(
            {**self.tags, **later.tags},
            {**self.metadata, **later.metadata},
            self.session_id if later.session_id is None else later.session_id,
            self.user_id if later.user_id is None else later.user_id,
            self.status if later.status is None else later.status,
        )


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


@dataclass(frozen=True, slots=True)
class TraceNote:
    """What a sender says of a trace as a whole, beside its spans and maybe before them.

    `experiment` is the one that the trace is said to belong to; assessments are of this trace.
    """

    experiment: str
    edit: TraceEdit
    assessments: tuple[Assessment, ...] = ()

    def then(self, later: TraceNote) -> TraceNote:
        """This note and a later one as one."""
        known = {each.assessment_id for each in self.assessments}
        new = tuple(each for each in later.assessments if each.assessment_id not in known)
        return TraceNote(later.experiment, self.edit.then(later.edit), self.assessments + new)


class DocumentKey(NamedTuple):
    """By what a document is found: its collection, and a key within it."""

    collection: str
    key: str


@dataclass(frozen=True, slots=True)
class Document:
    """Something kept beside spans as it came: a file of a trace, a run, an experiment's tags.

    Attributes:
        place: its collection and key.
        experiment: the name of the experiment that it belongs to.
        content: any bytes.
        trace_id: the trace with which it goes; None if it belongs to none.
    """

    place: DocumentKey
    experiment: str
    content: bytes
    trace_id: bytes | None = None
