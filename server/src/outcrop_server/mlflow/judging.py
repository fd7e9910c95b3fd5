"""Tags and assessments as MLflow's clients set, read and delete them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from outcrop_server.access import audit
from outcrop_server.api import ownership
from outcrop_server.mlflow.assessment_json import (
    INVALID,
    OVERRIDES,
    assessment_json,
    changed,
    read_assessment,
)
from outcrop_server.mlflow.ids import no_trace, trace_id_of
from outcrop_server.mlflow.info import kept_tag
from outcrop_server.model.annotations import AssessmentContent, TraceEdit, TraceNote
from outcrop_server.model.errors import NotFoundError
from outcrop_server.query.judging import Judge

if TYPE_CHECKING:
    from outcrop_server.mlflow.asked import Asked
    from outcrop_server.model.annotations import Assessment


def set_tag(asked: Asked) -> dict[str, Any]:
    """Sets a tag."""
    _edit(asked, kept_tag(asked.text("key"), asked.text_or_none("value") or ""))
    return {}


def delete_tag(asked: Asked) -> dict[str, Any]:
    """Deletes a tag."""
    trace_id, key = trace_id_of(asked.text("trace_id")), asked.text("key")
    stored = asked.store.trace(trace_id)
    if stored is None:
        raise no_trace(trace_id)
    if key not in stored.row.tags:
        raise NotFoundError(
            f"No trace tag with key '{key[:200]}' for trace with ID '{asked.text('trace_id')}'"
        )
    _edit(asked, TraceEdit({key: None}))
    return {}


def create(asked: Asked) -> dict[str, Any]:
    """Keeps feedback or an expectation."""
    trace_id = trace_id_of(asked.text("trace_id"))
    # Ids and times are the server's to give.
    given = {name: value for name, value in asked.object("assessment").items() if name != "assessment_id"}
    assessment = read_assessment(given, trace_id)
    assessment = replace(assessment, author=ownership.author(asked.caller, None))
    if not asked.store.add_assessment(assessment).result():
        # Its spans may be on their way: then it waits for them.
        note = asked.store.waiting_note(trace_id)
        if note is None:
            raise no_trace(trace_id)
        asked.store.note_trace(trace_id, TraceNote(note.experiment, TraceEdit(), (assessment,))).result()
    overridden = assessment.content.metadata.get(OVERRIDES)
    if overridden is not None:
        _invalidate(asked, trace_id, overridden)
    _record(asked, "assessment.created", assessment)
    return {"assessment": assessment_json(assessment)}


def get(asked: Asked) -> dict[str, Any]:
    """One assessment."""
    return {"assessment": assessment_json(_assessment(asked))}


def update(asked: Asked) -> dict[str, Any]:
    """Changes an assessment."""
    known = _own(asked)
    content = changed(known.content, asked.object("assessment"), known.kind)
    _replace(asked, known, content)
    _record(asked, "assessment.changed", known)
    return {"assessment": assessment_json(_assessment(asked))}


def delete(asked: Asked) -> dict[str, Any]:
    """Deletes an assessment; one that it had overridden is valid again."""
    known = _own(asked)
    asked.store.delete_assessment(known.trace_id, known.assessment_id).result()
    overridden = known.content.metadata.get(OVERRIDES)
    if overridden is not None:
        _invalidate(asked, known.trace_id, overridden, is_invalid=False)
    _record(asked, "assessment.deleted", known)
    return {}


def _edit(asked: Asked, edit: TraceEdit) -> None:
    trace_id = trace_id_of(asked.text("trace_id"))
    judge = Judge(asked.store)
    if asked.store.trace(trace_id) is not None:
        ownership.check_edit(asked.caller, judge, trace_id, edit)
        judge.edit(trace_id, edit)
    else:
        note = asked.store.waiting_note(trace_id)
        if note is None:
            raise no_trace(trace_id)
        asked.store.note_trace(trace_id, TraceNote(note.experiment, edit)).result()
    audit.record_by(asked.caller, "trace.edited", trace_id=trace_id.hex(), tags=sorted(edit.tags))


def _own(asked: Asked) -> Assessment:
    """The assessment that is asked for, if the caller may change it."""
    known = _assessment(asked)
    ownership.check_own(asked.caller, Judge(asked.store), known.trace_id, known.assessment_id)
    return known


def _assessment(asked: Asked) -> Assessment:
    trace_id, assessment_id = trace_id_of(asked.text("trace_id")), asked.text("assessment_id")
    for assessment in asked.store.assessments(trace_id):
        if assessment.assessment_id == assessment_id:
            return assessment
    raise NotFoundError(
        f"Assessment with ID '{assessment_id[:80]}' not found for trace '{asked.text('trace_id')[:80]}'"
    )


def _replace(asked: Asked, known: Assessment, content: AssessmentContent) -> None:
    asked.store.update_assessment(known.trace_id, known.assessment_id, content, time.time_ns()).result()


def _invalidate(asked: Asked, trace_id: bytes, assessment_id: str, *, is_invalid: bool = True) -> None:
    for known in asked.store.assessments(trace_id):
        if known.assessment_id == assessment_id:
            kept = {name: text for name, text in known.content.metadata.items() if name != INVALID}
            metadata = {**kept, INVALID: "true"} if is_invalid else kept
            _replace(asked, known, replace(known.content, metadata=metadata))


def _record(asked: Asked, event: str, known: Assessment) -> None:
    audit.record_by(asked.caller, event, trace_id=known.trace_id.hex(), assessment_id=known.assessment_id)
