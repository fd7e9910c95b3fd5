"""`GET /api/experiments`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from outcrop_server.api import render
from outcrop_server.api.dependencies import Reader, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.api.schemas import ExperimentList

router = APIRouter(tags=["experiments"])


@router.get(
    "/api/experiments",
    operation_id="listExperiments",
    response_model=ExperimentList,
    responses=responses(403),
)
def list_experiments(reader: Reader) -> Response:
    """Every experiment, the one used last first."""
    return json_answer(ExperimentList(experiments=[render.experiment(row) for row in reader.experiments()]))
