"""Runs, kept as simply as traces need them: what a run is called, how it ended, and what was logged to it."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from outcrop_server.mlflow.asked import as_dict, as_list, pairs
from outcrop_server.mlflow.clauses import parse_clauses
from outcrop_server.mlflow.ids import experiment_id_text, experiment_of, no_trace, trace_id_of
from outcrop_server.mlflow.info import LINKED_RUN
from outcrop_server.model.annotations import Document, DocumentKey, TraceEdit, TraceNote
from outcrop_server.model.errors import BadRequestError, ForbiddenError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.mlflow.asked import Asked
    from outcrop_server.storage.api import KeptTraces

_RUNS = "mlflow-run"
_NAME = "mlflow.runName"
_MAX_RUNS = 10_000
_MAX_BYTES = 4 << 20
_CHANGING = threading.Lock()
_Run = dict[str, Any]


def create(asked: Asked) -> dict[str, Any]:
    """Begins a run."""
    row = experiment_of(asked.store, asked.text("experiment_id"))
    run_id = os.urandom(16).hex()
    tags = pairs("tags", asked.members.get("tags") or [])
    name = asked.text_or_none("run_name") or tags.get(_NAME) or f"run-{run_id[:8]}"
    experiment_id = experiment_id_text(row)
    info = {
        "run_uuid": run_id,
        "run_id": run_id,
        "experiment_id": experiment_id,
        "run_name": name,
        "user_id": asked.text_or_none("user_id") or tags.get("mlflow.user", ""),
        "status": "RUNNING",
        "start_time": asked.number_or_none("start_time") or time.time_ns() // 1_000_000,
        "artifact_uri": f"mlflow-artifacts:/{experiment_id}/{run_id}/artifacts",
        "lifecycle_stage": "active",
    }
    run: _Run = {"info": info, "tags": {**tags, _NAME: name}, "params": {}, "metrics": {}}
    _keep(asked.store, run, row.name)
    return {"run": _json(run)}


def get(asked: Asked) -> dict[str, Any]:
    """One run."""
    run, _ = _found(asked.store, asked.text("run_id", "run_uuid"))
    return {"run": _json(run)}


def update(asked: Asked) -> dict[str, Any]:
    """Says how a run is now."""

    def change(run: _Run) -> None:
        info = run["info"]
        status, name = asked.text_or_none("status"), asked.text_or_none("run_name")
        end_time = asked.number_or_none("end_time")
        if status:
            info["status"] = status
        if end_time is not None:
            info["end_time"] = end_time
        if name:
            info["run_name"] = run["tags"][_NAME] = name

    return {"run_info": _changed(asked, change)["info"]}


def log_batch(asked: Asked) -> dict[str, Any]:
    """Logs metrics, parameters and tags together."""
    metrics = [as_dict("metric", each) for each in as_list("metrics", asked.members.get("metrics") or [])]
    params = pairs("params", asked.members.get("params") or [])
    tags = pairs("tags", asked.members.get("tags") or [])
    _log(asked, metrics, params, tags)
    return {}


def log_metric(asked: Asked) -> dict[str, Any]:
    """Logs one metric; of several of a name the last is kept."""
    _log(asked, [dict(asked.members)], {}, {})
    return {}


def log_param(asked: Asked) -> dict[str, Any]:
    """Logs one parameter."""
    _log(asked, [], {asked.text("key"): asked.text_or_none("value") or ""}, {})
    return {}


def set_tag(asked: Asked) -> dict[str, Any]:
    """Sets a tag."""
    _log(asked, [], {}, {asked.text("key"): asked.text_or_none("value") or ""})
    return {}


def delete_tag(asked: Asked) -> dict[str, Any]:
    """Deletes a tag."""
    key = asked.text("key")

    def change(run: _Run) -> None:
        if run["tags"].pop(key, None) is None:
            raise NotFoundError(f"No tag with name: {key[:200]} in run with id {run['info']['run_id']}")

    _changed(asked, change)
    return {}


def search(asked: Asked) -> dict[str, Any]:
    """The runs of some experiments, the newest first."""
    if parse_clauses(asked.text_or_none("filter") or "") or asked.texts("order_by"):
        raise BadRequestError("Outcrop keeps runs for their traces: it searches them by experiment alone.")
    wanted = {experiment_id_text(experiment_of(asked.store, each)) for each in asked.texts("experiment_ids")}
    view = asked.text_or_none("run_view_type") or "ACTIVE_ONLY"
    stages = {"ACTIVE_ONLY": {"active"}, "DELETED_ONLY": {"deleted"}}.get(view, {"active", "deleted"})
    runs = [_found(asked.store, key)[0] for key, _ in asked.store.document_keys(_RUNS, "", _MAX_RUNS)]
    fitting = [
        run
        for run in runs
        if run["info"]["experiment_id"] in wanted and run["info"]["lifecycle_stage"] in stages
    ]
    fitting.sort(key=lambda run: (-int(run["info"]["start_time"]), run["info"]["run_id"]))
    limit = asked.number_or_none("max_results") or 1000
    return {"runs": [_json(run) for run in fitting[:limit]]}


def delete(asked: Asked) -> dict[str, Any]:
    """Puts a run away."""
    _changed(asked, lambda run: run["info"].update(lifecycle_stage="deleted"))
    return {}


def restore(asked: Asked) -> dict[str, Any]:
    """Takes a run back."""
    _changed(asked, lambda run: run["info"].update(lifecycle_stage="active"))
    return {}


def link_traces(asked: Asked) -> dict[str, Any]:
    """Says that traces belong to a run in which they did not run."""
    run, _ = _found(asked.store, asked.text("run_id"))
    edit = TraceEdit(metadata={LINKED_RUN + run["info"]["run_id"]: "1"})
    for text in asked.texts("trace_ids"):
        trace_id = trace_id_of(text)
        if asked.store.edit_trace(trace_id, edit).result():
            continue
        note = asked.store.waiting_note(trace_id)
        if note is None:
            raise no_trace(trace_id)
        asked.store.note_trace(trace_id, TraceNote(note.experiment, edit)).result()
    return {}


def _log(asked: Asked, metrics: list[_Run], params: dict[str, str], tags: dict[str, str]) -> None:
    def change(run: _Run) -> None:
        run["params"].update(params)
        run["tags"].update(tags)
        for metric in metrics:
            kept = {name: metric[name] for name in ("key", "value", "timestamp", "step") if name in metric}
            run["metrics"][str(metric.get("key"))] = kept

    _changed(asked, change)


def _changed(asked: Asked, change: Callable[[_Run], object]) -> _Run:
    # Clients log from several threads at once.
    with _CHANGING:
        run, experiment = _found(asked.store, asked.text("run_id", "run_uuid"))
        change(run)
        _keep(asked.store, run, experiment)
    return run


def _found(store: KeptTraces, run_id: str) -> tuple[_Run, str]:
    """A run, and the name of its experiment."""
    found = store.document(DocumentKey(_RUNS, run_id))
    if found is None:
        raise NotFoundError(f"Run with id={run_id[:80]} not found")
    return json.loads(found.content), found.experiment


def _keep(store: KeptTraces, run: _Run, experiment: str) -> None:
    content = json.dumps(run).encode()
    if len(content) > _MAX_BYTES:
        raise BadRequestError("More was logged to this run than Outcrop keeps of one.")
    place = DocumentKey(_RUNS, run["info"]["run_id"])
    if not store.put_document(Document(place, experiment, content)).result():
        raise ForbiddenError("This run, or its experiment, is none of those that this token is for.")


def _json(run: _Run) -> dict[str, Any]:
    data = {
        "metrics": list(run["metrics"].values()),
        "params": [{"key": key, "value": value} for key, value in run["params"].items()],
        "tags": [{"key": key, "value": value} for key, value in run["tags"].items()],
    }
    return {"info": run["info"], "data": data, "inputs": {}, "outputs": {}}
