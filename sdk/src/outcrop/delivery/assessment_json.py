"""Judgements as the JSON of the server's API, and back. Pure."""

from __future__ import annotations

from typing import Any

from outcrop.assessments import (
    Annotations,
    Assessment,
    AssessmentSource,
    AssessmentSourceType,
    Expectation,
    Feedback,
)
from outcrop.json_reading import as_int, as_list, as_object, as_text

_CLASSES: dict[str, type[Assessment]] = {kind.kind: kind for kind in (Feedback, Expectation)}


def change_to_json(assessment: Assessment) -> dict[str, Any]:
    """What an update may change."""
    source = assessment.source
    return {
        "name": assessment.name,
        "value": assessment.value,
        "rationale": assessment.rationale,
        "metadata": dict(assessment.metadata),
        "span_id": assessment.span_id,
        **({} if source is None else {"source": {"type": source.source_type, "id": source.source_id}}),
    }


def assessment_to_json(assessment: Assessment) -> dict[str, Any]:
    """A judgement that is to be kept."""
    return {**change_to_json(assessment), "kind": assessment.kind, "author": assessment.author}


def assessment_from_json(value: Any) -> Assessment:
    """A judgement as the server answers it; a kind that is not known yet reads as plain `Assessment`."""
    given = as_object(value)
    source = as_object(given.get("source"))
    return _CLASSES.get(str(given.get("kind")), Assessment)(
        name=str(given.get("name")),
        value=given.get("value"),
        source=AssessmentSource(
            as_text(source.get("type")) or AssessmentSourceType.CODE, as_text(source.get("id")) or "default"
        ),
        rationale=as_text(given.get("rationale")),
        metadata=texts(given.get("metadata")),
        span_id=as_text(given.get("span_id")),
        author=as_text(given.get("author")),
        trace_id=as_text(given.get("trace_id")),
        assessment_id=as_text(given.get("assessment_id")),
        create_time_ms=_milliseconds(given.get("created_at_ns")),
        last_update_time_ms=_milliseconds(given.get("updated_at_ns")),
    )


def annotations_from_json(value: Any, page_url: str | None) -> Annotations:
    """All that the server knows of a trace beside its spans."""
    given = as_object(value)
    return Annotations(
        tags={**texts(given.get("tags"))},
        metadata={**texts(given.get("metadata"))},
        assessments=tuple(assessment_from_json(each) for each in as_list(given.get("assessments"))),
        is_complete=True,
        page_url=page_url,
    )


def texts(value: Any) -> dict[str, str]:
    """An object of texts."""
    return {str(key): str(member) for key, member in as_object(value).items()}


def _milliseconds(nanoseconds: Any) -> int | None:
    number = as_int(nanoseconds)
    return None if number is None else number // 1_000_000
