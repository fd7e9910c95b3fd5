"""Tags, metadata, feedback and expectations of a trace over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from outcrop_server.access import audit
from outcrop_server.api import judging_render as render
from outcrop_server.api import ownership
from outcrop_server.api.dependencies import CallerOf, JudgeOf, json_answer
from outcrop_server.api.judging_schemas import (
    Assessment,
    AssessmentChange,
    AssessmentList,
    NewAssessment,
    TraceAnnotations,
    TraceEdit,
    TraceIds,
)
from outcrop_server.api.problems import responses
from outcrop_server.api.traces import TraceId
from outcrop_server.model.ids import parse_trace_id

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller
    from outcrop_server.model.annotations import AssessmentContent

router = APIRouter(tags=["judging"])

_ERRORS = responses(400, 403, 404, 503)


@router.get(
    "/api/traces/{trace_id}/annotations",
    operation_id="getTraceAnnotations",
    response_model=TraceAnnotations,
    responses=responses(400, 403, 404),
)
def get_annotations(judge: JudgeOf, trace_id: TraceId) -> Response:
    """Tags, metadata and judgements of a trace."""
    return json_answer(render.trace_annotations(judge.annotations(parse_trace_id(trace_id))))


@router.patch(
    "/api/traces/{trace_id}", operation_id="editTrace", response_model=TraceAnnotations, responses=_ERRORS
)
def edit_trace(caller: CallerOf, judge: JudgeOf, trace_id: TraceId, edit: TraceEdit) -> Response:
    """Sets and deletes tags and metadata; they count whatever spans say later.

    A token of role read adds tags alone.
    """
    key, wanted = parse_trace_id(trace_id), render.edit(edit)
    ownership.check_edit(caller, judge, key, wanted)
    edited = judge.edit(key, wanted)
    names = {"tags": sorted(wanted.tags), "metadata": sorted(wanted.metadata)}
    audit.record_by(caller, "trace.edited", trace_id=key.hex(), **names)
    return json_answer(render.trace_annotations(edited))


@router.get(
    "/api/traces/{trace_id}/assessments",
    operation_id="listAssessments",
    response_model=AssessmentList,
    responses=responses(400, 403, 404),
)
def list_assessments(judge: JudgeOf, trace_id: TraceId) -> Response:
    """A trace's feedback and expectations in the order in which they came."""
    known = judge.annotations(parse_trace_id(trace_id)).assessments
    return json_answer(AssessmentList(assessments=[render.assessment(each) for each in known]))


@router.post(
    "/api/traces/assessments",
    operation_id="listAssessmentsOfTraces",
    response_model=AssessmentList,
    responses=responses(400, 403),
)
def list_assessments_of(judge: JudgeOf, asked: TraceIds) -> Response:
    """The feedback and expectations of several traces; unknown ids are passed over."""
    known = [each for trace_id in asked.trace_ids for each in judge.assessments(parse_trace_id(trace_id))]
    return json_answer(AssessmentList(assessments=[render.assessment(each) for each in known]))


@router.post(
    "/api/traces/{trace_id}/assessments",
    operation_id="createAssessment",
    response_model=Assessment,
    status_code=201,
    responses=_ERRORS,
)
def create_assessment(caller: CallerOf, judge: JudgeOf, trace_id: TraceId, given: NewAssessment) -> Response:
    """Keeps feedback or an expectation; the author is the token's name, unless an admin says another."""
    content = render.new_content(given)
    author = ownership.author(caller, given.author)
    kept = judge.add(parse_trace_id(trace_id), given.kind, content, author)
    _record(caller, "assessment.created", kept.trace_id, kept.assessment_id)
    return json_answer(render.assessment(kept), status=201)


@router.patch(
    "/api/traces/{trace_id}/assessments/{assessment_id}",
    operation_id="updateAssessment",
    response_model=Assessment,
    responses=_ERRORS,
)
def update_assessment(
    caller: CallerOf, judge: JudgeOf, trace_id: TraceId, assessment_id: str, change: AssessmentChange
) -> Response:
    """Changes a judgement; what is left out stays. A token of role read changes its own alone."""
    key = parse_trace_id(trace_id)
    ownership.check_own(caller, judge, key, assessment_id)

    def apply(old: AssessmentContent) -> AssessmentContent:
        return render.changed_content(old, change)

    changed = judge.update(key, assessment_id, apply)
    _record(caller, "assessment.changed", key, assessment_id)
    return json_answer(render.assessment(changed))


@router.delete(
    "/api/traces/{trace_id}/assessments/{assessment_id}",
    operation_id="deleteAssessment",
    status_code=204,
    response_class=Response,
    responses=_ERRORS,
)
def delete_assessment(caller: CallerOf, judge: JudgeOf, trace_id: TraceId, assessment_id: str) -> Response:
    """Deletes a judgement. A token of role read deletes its own alone."""
    key = parse_trace_id(trace_id)
    ownership.check_own(caller, judge, key, assessment_id)
    judge.delete(key, assessment_id)
    _record(caller, "assessment.deleted", key, assessment_id)
    return Response(status_code=204)


def _record(caller: Caller, event: str, trace_id: bytes, assessment_id: str) -> None:
    audit.record_by(caller, event, trace_id=trace_id.hex(), assessment_id=assessment_id)
