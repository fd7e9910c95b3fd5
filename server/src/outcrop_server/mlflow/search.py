"""Searching traces: MLflow's filter, order and page tokens over the store's own search."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from outcrop.filter.texts import looks_for_text
from outcrop_server.mlflow.asked import as_dict, as_list
from outcrop_server.mlflow.filters import condition_of, order_of
from outcrop_server.mlflow.ids import DEFAULT_ID, ExperimentIds, is_default
from outcrop_server.mlflow.info import info_json
from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.search import TraceSearch
from outcrop_server.query import page_token

if TYPE_CHECKING:
    from outcrop_server.mlflow.asked import Asked

_MAX_RESULTS = 500
_DEFAULT_RESULTS = 100
# What was sent a moment ago is being indexed; a client that searches right behind it should find it.
_PATIENCE_S = 5.0
_STEP_S = 0.05


def search(asked: Asked) -> dict[str, Any]:
    """A page of traces without their spans."""
    limit = asked.number_or_none("max_results")
    limit = _DEFAULT_RESULTS if limit is None else limit
    if not 1 <= limit <= _MAX_RESULTS:
        raise BadRequestError(
            f"Invalid value {limit} for parameter 'max_results': it must be from 1 to {_MAX_RESULTS}."
        )
    wanted = TraceSearch(
        condition_of(asked.text_or_none("filter") or ""), order_of(asked.texts("order_by")), _names(asked)
    )
    if not wanted.experiments:
        return {"traces": []}
    token = asked.text_or_none("page_token")
    after = page_token.decode(wanted, token) if token else None
    if looks_for_text(wanted.where):
        _wait_for_words(asked, wanted)
    # One more than asked tells whether there is a next page.
    found = asked.store.search(replace(wanted, after=after, limit=limit + 1))
    ids = ExperimentIds(asked.store)
    judged = asked.store.assessments_of([each.trace.row.trace_id for each in found[:limit]])
    infos = [
        info_json(each.trace.row, ids.of(each.trace), judged.get(each.trace.row.trace_id, []))
        for each in found[:limit]
    ]
    if len(found) <= limit:
        return {"traces": infos}
    return {"traces": infos, "next_page_token": page_token.encode(wanted, found[limit - 1].position)}


def _names(asked: Asked) -> tuple[str, ...]:
    """The names of the experiments that are searched; those that are not there are left out."""
    listed = as_list("locations", asked.members.get("locations") or [])
    locations = [as_dict("location", each) for each in listed]
    given = [as_dict("mlflow_experiment", each.get("mlflow_experiment") or {}) for each in locations]
    ids = {str(each["experiment_id"]) for each in given if "experiment_id" in each}
    ids |= set(asked.texts("experiment_ids"))
    if not ids:
        raise BadRequestError("At least one experiment must be given in `locations`.")
    return tuple(
        row.name
        for row in asked.store.experiments()
        if row.experiment_id in ids or (DEFAULT_ID in ids and is_default(row))
    )


def _wait_for_words(asked: Asked, wanted: TraceSearch) -> None:
    until = time.monotonic() + _PATIENCE_S
    while asked.store.words_waiting(wanted.experiments) and time.monotonic() < until:
        time.sleep(_STEP_S)
