"""Experiments as MLflow's clients make, find and change them. Deleting one puts it away: nothing is lost."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from outcrop.filter.matching import is_like
from outcrop_server.access import audit
from outcrop_server.mlflow.asked import pairs
from outcrop_server.mlflow.clauses import Clause, parse_clauses
from outcrop_server.mlflow.errors import AlreadyExistsError
from outcrop_server.mlflow.ids import experiment_id_text, experiment_of
from outcrop_server.model.annotations import Document, DocumentKey
from outcrop_server.model.errors import BadRequestError, NotFoundError
from outcrop_server.model.experiments import ExperimentFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from outcrop_server.mlflow.asked import Asked
    from outcrop_server.model.rows import ExperimentRow
    from outcrop_server.storage.api import KeptTraces

_NS_IN_MS = 1_000_000
_TAGS = "mlflow-experiment-tags"
# The tag in which MLflow's page keeps what an experiment is for.
_NOTE = "mlflow.note.content"
_MAX_RESULTS = 1000
_VIEWS = {"ACTIVE_ONLY": (False,), "DELETED_ONLY": (True,), "ALL": (False, True)}


def get_by_name(asked: Asked) -> dict[str, Any]:
    """The experiment of a name."""
    name = asked.text("experiment_name")
    for row in asked.store.experiments():
        if name in {row.name, *row.former_names}:
            return {"experiment": _experiment(asked.store, row)}
    raise NotFoundError(f"Could not find experiment with name '{name[:500]}'")


def get(asked: Asked) -> dict[str, Any]:
    """The experiment of an id."""
    return {"experiment": _experiment(asked.store, experiment_of(asked.store, asked.text("experiment_id")))}


def create(asked: Asked) -> dict[str, Any]:
    """Makes an experiment; gives its id."""
    name = asked.text("name")
    tags = pairs("tags", asked.members.get("tags") or [])
    facts = ExperimentFacts(name, tags.pop(_NOTE, ""))
    if asked.caller.experiments is not None and name not in asked.caller.experiments:
        raise BadRequestError(f"This token is not for the experiment '{name[:200]}'.")
    if not asked.store.add_experiment(facts, time.time_ns()).result():
        raise AlreadyExistsError(f"Experiment(name={name[:200]}) already exists.")
    row = next(row for row in asked.store.experiments() if row.name == name)
    if tags:
        _keep_tags(asked.store, row, tags)
    audit.record_by(asked.caller, "experiment.created", name=name)
    return {"experiment_id": experiment_id_text(row)}


def search(asked: Asked) -> dict[str, Any]:
    """A page of experiments, the newest first unless another order is asked for."""
    view = asked.text_or_none("view_type") or "ACTIVE_ONLY"
    if view not in _VIEWS:
        raise BadRequestError(f"Invalid view type '{view[:80]}'. Valid values are {', '.join(_VIEWS)}.")
    clauses = parse_clauses(asked.text_or_none("filter") or "")
    limit = min(asked.number_or_none("max_results") or _MAX_RESULTS, 50 * _MAX_RESULTS)
    start = _start(asked.text_or_none("page_token"))
    shown = [
        _experiment(asked.store, row)
        for row in asked.store.experiments()
        if (row.archived_at_ns is not None) in _VIEWS[view]
    ]
    found = [each for each in shown if all(_fits(clause, each) for clause in clauses)]
    found.sort(key=lambda each: (each["creation_time"], int(each["experiment_id"])), reverse=True)
    for order in reversed(asked.texts("order_by")):
        key, is_descending = _order(order)
        found.sort(key=itemgetter(key), reverse=is_descending)
    page = {"experiments": found[start : start + limit]}
    more = {"next_page_token": str(start + limit)} if len(found) > start + limit else {}
    return {**page, **more}


def update(asked: Asked) -> dict[str, Any]:
    """Gives an experiment another name."""
    name = asked.text_or_none("new_name")
    if name:
        _edit(asked, lambda facts: replace(facts, name=name))
    return {}


def delete(asked: Asked) -> dict[str, Any]:
    """Puts an experiment away."""
    _edit(asked, lambda facts: replace(facts, archived_at_ns=facts.archived_at_ns or time.time_ns()))
    return {}


def restore(asked: Asked) -> dict[str, Any]:
    """Takes an experiment back."""
    _edit(asked, lambda facts: replace(facts, archived_at_ns=None))
    return {}


def set_tag(asked: Asked) -> dict[str, Any]:
    """Sets a tag; the one in which MLflow keeps a description is our description."""
    key, value = asked.text("key"), asked.text_or_none("value") or ""
    row = experiment_of(asked.store, asked.text("experiment_id"))
    if key == _NOTE:
        _edit(asked, lambda facts: replace(facts, description=value))
    else:
        _keep_tags(asked.store, row, {**_tags(asked.store, row), key: value})
    return {}


def delete_tag(asked: Asked) -> dict[str, Any]:
    """Deletes a tag."""
    key = asked.text("key")
    row = experiment_of(asked.store, asked.text("experiment_id"))
    tags = _tags(asked.store, row)
    if key == _NOTE:
        _edit(asked, lambda facts: replace(facts, description=""))
    elif key in tags:
        _keep_tags(asked.store, row, {name: value for name, value in tags.items() if name != key})
    else:
        raise NotFoundError(f"No tag with name: {key[:200]} in experiment with id {row.experiment_id}")
    return {}


def _edit(asked: Asked, change: Callable[[ExperimentFacts], ExperimentFacts]) -> None:
    row = experiment_of(asked.store, asked.text("experiment_id"))
    facts = change(ExperimentFacts(row.name, row.description, row.archived_at_ns, row.retention))
    if not asked.store.edit_experiment(row.experiment_id, facts).result():
        raise AlreadyExistsError(f"Experiment(name={facts.name[:200]}) already exists.")
    audit.record_by(asked.caller, "experiment.changed", name=facts.name)


def _experiment(store: KeptTraces, row: ExperimentRow) -> dict[str, Any]:
    experiment_id = experiment_id_text(row)
    tags = _tags(store, row) | ({_NOTE: row.description} if row.description else {})
    at_ms = row.created_at_ns // _NS_IN_MS
    return {
        "experiment_id": experiment_id,
        "name": row.name,
        "artifact_location": f"mlflow-artifacts:/{experiment_id}",
        "lifecycle_stage": "active" if row.archived_at_ns is None else "deleted",
        "creation_time": at_ms,
        "last_update_time": max(at_ms, (row.last_trace_at_ns or 0) // _NS_IN_MS),
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }


def _tags(store: KeptTraces, row: ExperimentRow) -> dict[str, str]:
    found = store.document(DocumentKey(_TAGS, row.experiment_id))
    return {} if found is None else dict(json.loads(found.content))


def _keep_tags(store: KeptTraces, row: ExperimentRow, tags: Mapping[str, str]) -> None:
    content = json.dumps(tags).encode()
    store.put_document(Document(DocumentKey(_TAGS, row.experiment_id), row.name, content)).result()


def _start(token: str | None) -> int:
    if not token:
        return 0
    if not token.isdecimal():
        raise BadRequestError("The page token was not made by this server.")
    return int(token)


def _order(text: str) -> tuple[str, bool]:
    found = re.fullmatch(r"(?:attributes?\.)?`?(\w+)`?(?:\s+(ASC|DESC))?", text.strip(), re.IGNORECASE)
    if found is None or found[1] not in {"name", "experiment_id", "creation_time", "last_update_time"}:
        raise BadRequestError(f"Invalid order_by '{text[:80]}'.")
    return found[1], (found[2] or "").upper() == "DESC"


def _fits(clause: Clause, experiment: Mapping[str, Any]) -> bool:
    if clause.entity in {"tag", "tags"}:
        actual: Any = {tag["key"]: tag["value"] for tag in experiment["tags"]}.get(clause.key)
    elif clause.entity in {"", "attribute", "attributes"} and clause.key in {
        "name",
        "creation_time",
        "last_update_time",
    }:
        actual = experiment[clause.key]
    else:
        raise BadRequestError(f"Invalid attribute key '{clause.key[:80]}' in a filter of experiments.")
    if clause.comparator in {"IS NULL", "IS NOT NULL"}:
        return (actual is None) == (clause.comparator == "IS NULL")
    return actual is not None and _holds(clause, actual)


def _holds(clause: Clause, actual: Any) -> bool:
    comparator, value = clause.comparator, clause.value
    if isinstance(actual, str) is not isinstance(value, str):
        raise BadRequestError(f"The value for '{clause.key[:80]}' has the wrong type: {value!r}.")
    if comparator == "LIKE":
        return is_like(value, actual)
    if comparator == "ILIKE":
        return is_like(value.lower(), actual.lower())
    found: dict[str, bool] = {
        "=": actual == value,
        "!=": actual != value,
        "<": actual < value,
        "<=": actual <= value,
        ">": actual > value,
        ">=": actual >= value,
    }
    if comparator not in found:
        raise BadRequestError(f"Invalid comparator '{comparator}' in a filter of experiments.")
    return found[comparator]
