"""`/api/aggregates`, `/api/facets`, `/api/timeline` and `/api/traces/count`: many traces at once.

Each question is asked by GET, as an address that can be kept, or by POST, in JSON of any length.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from outcrop_server.api import aggregate_render as render
from outcrop_server.api.aggregate_schemas import (
    AggregateAnswer,
    AggregateQuestion,
    CountAnswer,
    FacetAnswer,
    FacetQuestion,
    TimelineAnswer,
    TimelineQuestion,
    TraceScope,
)
from outcrop_server.api.dependencies import Explorer, json_answer
from outcrop_server.api.problems import responses

router = APIRouter(tags=["aggregates"])

_ERRORS = responses(400, 403)


@router.get(
    "/api/aggregates", operation_id="getAggregates", response_model=AggregateAnswer, responses=_ERRORS
)
def get_aggregates(explorer: Explorer, question: Annotated[AggregateQuestion, Query()]) -> Response:
    """Traces, calls, errors, latency, tokens and cost, by group."""
    return json_answer(render.aggregates(explorer.numbers(render.asked(question))))


@router.post(
    "/api/aggregates", operation_id="computeAggregates", response_model=AggregateAnswer, responses=_ERRORS
)
def compute_aggregates(explorer: Explorer, question: AggregateQuestion) -> Response:
    """The same with a question in JSON."""
    return get_aggregates(explorer, question)


@router.get("/api/facets", operation_id="getFacets", response_model=FacetAnswer, responses=_ERRORS)
def get_facets(explorer: Explorer, question: Annotated[FacetQuestion, Query()]) -> Response:
    """What the traces that fit have, and how many have it: models, tools, errors, tags and so on."""
    return json_answer(render.facets(explorer.facets(render.asked_traces(question), question.top)))


@router.post("/api/facets", operation_id="computeFacets", response_model=FacetAnswer, responses=_ERRORS)
def compute_facets(explorer: Explorer, question: FacetQuestion) -> Response:
    """The same with a question in JSON."""
    return get_facets(explorer, question)


@router.get("/api/timeline", operation_id="getTimeline", response_model=TimelineAnswer, responses=_ERRORS)
def get_timeline(explorer: Explorer, question: Annotated[TimelineQuestion, Query()]) -> Response:
    """When the traces that fit began, in steps that are chosen to fit."""
    return json_answer(render.timeline(explorer.timeline(render.asked_traces(question), question.steps)))


@router.post(
    "/api/timeline", operation_id="computeTimeline", response_model=TimelineAnswer, responses=_ERRORS
)
def compute_timeline(explorer: Explorer, question: TimelineQuestion) -> Response:
    """The same with a question in JSON."""
    return get_timeline(explorer, question)


@router.get("/api/traces/count", operation_id="getTraceCount", response_model=CountAnswer, responses=_ERRORS)
def get_trace_count(explorer: Explorer, scope: Annotated[TraceScope, Query()]) -> Response:
    """How many traces fit."""
    found = explorer.count(render.asked_traces(scope))
    return json_answer(CountAnswer(count=found.count, is_exact=found.is_exact))


@router.post("/api/traces/count", operation_id="countTraces", response_model=CountAnswer, responses=_ERRORS)
def count_traces(explorer: Explorer, scope: TraceScope) -> Response:
    """The same with a question in JSON."""
    return get_trace_count(explorer, scope)
