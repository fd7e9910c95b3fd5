"""Which of MLflow's endpoints are served, and by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.mlflow import artifacts, experiments, judging, runs, search, traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.mlflow.asked import Asked


class Operation(NamedTuple):
    """An endpoint.

    Attributes:
        method: of HTTP.
        path: as Starlette writes it.
        run: answers; called in a thread.
    """

    method: str
    path: str
    run: Callable[[Asked], Any]


def _server_info(_: Asked) -> dict[str, Any]:
    return {"store_type": "SqlStore", "workspaces_enabled": False, "trace_archival_enabled": False}


def _no_models(_: Asked) -> dict[str, Any]:
    """None are kept; clients look for some whenever they list the files of a run."""
    return {"models": []}


_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_V2, _V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_ASSESSMENTS = f"{_V3}/traces/{{trace_id}}/assessments"
OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", f"{_V3}/server-info", _server_info),
    Operation("GET", f"{_V2}/experiments/get-by-name", experiments.get_by_name),
    Operation("GET", f"{_V2}/experiments/get", experiments.get),
    Operation("POST", f"{_V2}/experiments/create", experiments.create),
    Operation("POST", f"{_V2}/experiments/search", experiments.search),
    Operation("GET", f"{_V2}/experiments/search", experiments.search),
    Operation("POST", f"{_V2}/experiments/update", experiments.update),
    Operation("POST", f"{_V2}/experiments/delete", experiments.delete),
    Operation("POST", f"{_V2}/experiments/restore", experiments.restore),
    Operation("POST", f"{_V2}/experiments/set-experiment-tag", experiments.set_tag),
    Operation("POST", f"{_V2}/experiments/delete-experiment-tag", experiments.delete_tag),
    Operation("POST", f"{_V3}/traces", traces.start),
    # What has a name goes before what takes any.
    Operation("GET", f"{_V3}/traces/get", traces.get),
    Operation("GET", f"{_V3}/traces/batchGet", traces.batch_get),
    Operation("POST", f"{_V3}/traces/batchGetInfos", traces.batch_get_infos),
    Operation("POST", f"{_V3}/traces/search", search.search),
    Operation("GET", f"{_V3}/traces/{{trace_id}}", traces.get_info),
    Operation("POST", f"{_V2}/traces/delete-traces", traces.delete),
    Operation("PATCH", f"{_V2}/traces/{{trace_id}}/tags", judging.set_tag),
    Operation("DELETE", f"{_V2}/traces/{{trace_id}}/tags", judging.delete_tag),
    Operation("POST", f"{_ASSESSMENTS}", judging.create),
    Operation("GET", f"{_ASSESSMENTS}/{{assessment_id}}", judging.get),
    Operation("PATCH", f"{_ASSESSMENTS}/{{assessment_id}}", judging.update),
    Operation("DELETE", f"{_ASSESSMENTS}/{{assessment_id}}", judging.delete),
    Operation("POST", f"{_V2}/traces/link-to-run", runs.link_traces),
    Operation("POST", f"{_V2}/runs/create", runs.create),
    Operation("GET", f"{_V2}/runs/get", runs.get),
    Operation("POST", f"{_V2}/runs/update", runs.update),
    Operation("POST", f"{_V2}/runs/log-batch", runs.log_batch),
    Operation("POST", f"{_V2}/runs/log-metric", runs.log_metric),
    Operation("POST", f"{_V2}/runs/log-parameter", runs.log_param),
    Operation("POST", f"{_V2}/runs/set-tag", runs.set_tag),
    Operation("POST", f"{_V2}/runs/delete-tag", runs.delete_tag),
    Operation("POST", f"{_V2}/runs/search", runs.search),
    Operation("POST", f"{_V2}/runs/delete", runs.delete),
    Operation("POST", f"{_V2}/runs/restore", runs.restore),
    Operation("POST", f"{_V2}/logged-models/search", _no_models),
    Operation("GET", _FILES, artifacts.listed),
    Operation("GET", f"{_FILES}/{{path:path}}", artifacts.get),
    Operation("PUT", f"{_FILES}/{{path:path}}", artifacts.put),
    Operation("DELETE", f"{_FILES}/{{path:path}}", artifacts.delete),
)
# Below these everything is MLflow's; what is not above is said not to be served.
PREFIXES = ("/api/2.0", "/api/3.0", "/api/4.0", "/api/5.0", "/ajax-api")


def is_mlflow(path: str) -> bool:
    """Whether a path belongs to MLflow's API."""
    return any(path.startswith(f"{prefix}/") for prefix in PREFIXES)
