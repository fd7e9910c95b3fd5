"""`/api/experiments`: the groups of traces, and what people say of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from outcrop_server.access import audit
from outcrop_server.api import render
from outcrop_server.api.dependencies import CallerOf, DoorOf, ExperimentsOf, Reader, Sizes, json_answer
from outcrop_server.api.experiment_schemas import ExperimentChange, ExperimentSize, NewExperiment
from outcrop_server.api.problems import responses
from outcrop_server.api.retention import words
from outcrop_server.api.schemas import Experiment, ExperimentList
from outcrop_server.model.errors import ForbiddenError
from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.query.experiments import archived

if TYPE_CHECKING:
    from outcrop_server.model.access import Caller

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


@router.post(
    "/api/experiments",
    operation_id="createExperiment",
    response_model=Experiment,
    status_code=201,
    responses=responses(400, 403, 503),
)
def create_experiment(caller: CallerOf, experiments: ExperimentsOf, asked: NewExperiment) -> Response:
    """Makes an experiment; the first trace that names one makes it, too."""
    _check_whole(caller, "makes none")
    made = experiments.add(ExperimentFacts(asked.name, asked.description))
    audit.record_by(caller, "experiment.created", experiment=made.name)
    return json_answer(render.experiment(made), 201)


@router.patch(
    "/api/experiments/{experiment_id}",
    operation_id="editExperiment",
    response_model=Experiment,
    responses=responses(400, 403, 404, 503),
)
def edit_experiment(
    caller: CallerOf,
    door: DoorOf,
    experiments: ExperimentsOf,
    experiment_id: str,
    change: ExperimentChange,
) -> Response:
    """Renames, describes, archives or limits an experiment."""
    before = experiments.experiment(experiment_id)
    if change.name is not None and change.name != before.name:
        _check_whole(caller, "renames none")
    given = change.model_fields_set

    def apply(facts: ExperimentFacts) -> ExperimentFacts:
        if change.name is not None:
            facts = replace(facts, name=change.name)
        if change.description is not None:
            facts = replace(facts, description=change.description)
        if change.is_archived is not None:
            facts = archived(facts, is_archived=change.is_archived)
        if "retention" in given:
            facts = replace(facts, retention=None if change.retention is None else words(change.retention))
        return facts

    row = experiments.edit(experiment_id, apply)
    if row.name != before.name:
        # Tokens that open it open it under its new name at once.
        door.book.refresh()
    was = None if row.name == before.name else before.name
    audit.record_by(caller, "experiment.changed", experiment=row.name, was=was, changed=sorted(given))
    return json_answer(render.experiment(row))


@router.get(
    "/api/experiments/{experiment_id}/size",
    operation_id="getExperimentSize",
    response_model=ExperimentSize,
    responses=responses(403, 404),
)
def get_experiment_size(experiments: ExperimentsOf, sizes: Sizes, experiment_id: str) -> Response:
    """What an experiment takes in the store; of a large one this takes seconds."""
    row = experiments.experiment(experiment_id)
    return json_answer(ExperimentSize(kept_bytes=sizes.experiment_bytes(row.name)))


def _check_whole(caller: Caller, what: str) -> None:
    if caller.experiments is not None:
        raise ForbiddenError(f"The token '{caller.name}' is for some experiments alone: it {what}.")
