"""What people, models and programs think of a trace: feedback and expectations. Plain data, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from outcrop.exceptions import ConfigurationError


class AssessmentSourceType:
    """Who can judge."""

    HUMAN: Final = "HUMAN"
    LLM_JUDGE: Final = "LLM_JUDGE"
    CODE: Final = "CODE"


_SOURCE_TYPES = (AssessmentSourceType.HUMAN, AssessmentSourceType.LLM_JUDGE, AssessmentSourceType.CODE)


@dataclass(frozen=True)
class AssessmentSource:
    """Who judged.

    Attributes:
        source_type: a value of `AssessmentSourceType`, in any case.
        source_id: such as an e-mail address, a model's id or a script's name.

    Raises:
        ConfigurationError: the type is none of these.
    """

    source_type: str
    source_id: str = "default"

    def __post_init__(self) -> None:
        kind = str(self.source_type).upper()
        if kind not in _SOURCE_TYPES:
            valid = ", ".join(_SOURCE_TYPES)
            raise ConfigurationError(f"{self.source_type!r} is no type of source. Give one of {valid}.")
        object.__setattr__(self, "source_type", kind)


@dataclass(frozen=True)
class Assessment:
    """A judgement of a trace or of one of its spans: a `Feedback` or an `Expectation`.

    Attributes:
        name: what is judged, such as `correctness`.
        value: the judgement: anything that JSON has a form for.
        source: who judged.
        rationale: why, in words.
        metadata: further facts.
        span_id: the judged span, 16 hexadecimal digits; None for the trace as a whole.
        author: who wrote it down, where that is known apart from the source.
        trace_id: 32 hexadecimal digits; set when it is kept.
        assessment_id: set when it is kept.
        create_time_ms: milliseconds since the epoch; set when it is kept.
        last_update_time_ms: the same, of the last change.
    """

    kind: ClassVar[str] = ""

    name: str
    value: Any = None
    source: AssessmentSource | None = None
    rationale: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    span_id: str | None = None
    author: str | None = None
    trace_id: str | None = None
    assessment_id: str | None = None
    create_time_ms: int | None = None
    last_update_time_ms: int | None = None


@dataclass(frozen=True)
class Feedback(Assessment):
    """How good something is, said afterwards; by default from `CODE`."""

    kind: ClassVar[str] = "feedback"


@dataclass(frozen=True)
class Expectation(Assessment):
    """What the right answer would have been; by default from a `HUMAN`."""

    kind: ClassVar[str] = "expectation"


@dataclass(frozen=True)
class Annotations:
    """What is known of a trace beside its spans.

    Attributes:
        tags: set after the fact; None is a tag that was deleted.
        metadata: the same of the metadata.
        assessments: in order of time.
        is_complete: `tags` and `metadata` are all that there is: what the spans say is in them already.
        page_url: where the trace can be looked at; None without a server.
    """

    tags: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    metadata: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    assessments: Sequence[Assessment] = ()
    is_complete: bool = False
    page_url: str | None = None
