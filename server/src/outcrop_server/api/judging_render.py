"""Between the shapes of judging and what the query side takes and gives. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from outcrop_server.api import judging_schemas as schemas
from outcrop_server.api.render import trace_summary
from outcrop_server.model.annotations import Assessment, AssessmentContent, TraceEdit
from outcrop_server.query.jsonable import jsonable, mended

if TYPE_CHECKING:
    from outcrop_server.model.search import FoundTrace
    from outcrop_server.query.judging import Annotated


def assessment(kept: Assessment) -> schemas.Assessment:
    """A judgement."""
    content = kept.content
    return schemas.Assessment(
        assessment_id=kept.assessment_id,
        trace_id=kept.trace_id.hex(),
        kind=kept.kind,
        name=content.name,
        value=jsonable(content.value),
        source=schemas.AssessmentSource(type=content.source_type, id=content.source_id),
        rationale=content.rationale,
        metadata=content.metadata,
        span_id=None if content.span_id is None else content.span_id.hex(),
        author=kept.author,
        created_at_ns=str(kept.created_at_ns),
        updated_at_ns=str(kept.updated_at_ns),
    )


def trace_annotations(known: Annotated) -> schemas.TraceAnnotations:
    """What is known of a trace beside its spans."""
    return schemas.TraceAnnotations(
        tags=known.tags,
        metadata=known.metadata,
        assessments=[assessment(each) for each in known.assessments],
    )


def found_trace(found: FoundTrace, assessments: list[Assessment]) -> schemas.FoundTrace:
    """A trace that fits a search."""
    return schemas.FoundTrace(
        info=trace_summary(found.trace),
        experiment_name=found.trace.row.experiment,
        metadata=found.trace.row.metadata,
        assessments=[assessment(each) for each in assessments],
    )


def edit(given: schemas.TraceEdit) -> TraceEdit:
    """Tags and metadata to set; text as a column can hold it."""
    return TraceEdit(_edited(given.tags), _edited(given.metadata))


def new_content(given: schemas.NewAssessment) -> AssessmentContent:
    """What a new judgement says."""
    return AssessmentContent(
        name=mended(given.name),
        value=jsonable(given.value),
        source_type=given.source.type,
        source_id=mended(given.source.id),
        rationale=None if given.rationale is None else mended(given.rationale),
        metadata=_texts(given.metadata),
        span_id=None if given.span_id is None else bytes.fromhex(given.span_id),
    )


def changed_content(old: AssessmentContent, change: schemas.AssessmentChange) -> AssessmentContent:
    """What a judgement says when a change was applied."""
    given = change.model_fields_set
    changes: dict[str, Any] = {}
    if change.name is not None:
        changes["name"] = mended(change.name)
    if "value" in given:
        changes["value"] = jsonable(change.value)
    if change.source is not None:
        changes.update(source_type=change.source.type, source_id=mended(change.source.id))
    if "rationale" in given:
        changes["rationale"] = None if change.rationale is None else mended(change.rationale)
    if change.metadata is not None:
        changes["metadata"] = _texts(change.metadata)
    if "span_id" in given:
        changes["span_id"] = None if change.span_id is None else bytes.fromhex(change.span_id)
    return replace(old, **changes)


def _edited(given: dict[str, str | None]) -> dict[str, str | None]:
    return {mended(name): None if value is None else mended(value) for name, value in given.items()}


def _texts(given: dict[str, str]) -> dict[str, str]:
    return {mended(name): mended(value) for name, value in given.items()}
