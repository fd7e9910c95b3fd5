"""`POST /api/compare`: traces, or groups of them, side by side."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from outcrop_server.api import aggregate_render as render
from outcrop_server.api.aggregate_schemas import Comparison, ComparisonAnswer
from outcrop_server.api.dependencies import Explorer, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.ids import parse_trace_id

router = APIRouter(tags=["aggregates"])


@router.post(
    "/api/compare",
    operation_id="compare",
    response_model=ComparisonAnswer,
    responses=responses(400, 403, 404),
)
def compare(explorer: Explorer, asked: Comparison) -> Response:
    """Traces with their spans aligned by name, or the numbers of groups; differences are from the first."""
    if asked.trace_ids is not None and asked.groups is None:
        found = explorer.side_by_side([parse_trace_id(each) for each in asked.trace_ids])
        return json_answer(render.compared_traces(found))
    if asked.groups is not None and asked.trace_ids is None:
        numbers = [explorer.numbers(render.asked(group)) for group in asked.groups]
        return json_answer(render.compared_groups(numbers))
    raise BadRequestError("Give either trace_ids or groups, two of them or more.")
