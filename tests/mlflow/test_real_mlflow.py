"""What the other tests of this folder stand on: the real client speaks with the real server."""

from __future__ import annotations

from pathlib import Path

from tests.mlflow.conftest import MlflowClient

PROGRAM = """
import json, logging, mlflow, os, sys
mlflow.set_experiment("/Shared/ground")
with mlflow.start_span("root", span_type="CHAIN") as span:
    span.set_inputs({"a": 1})
mlflow.flush_trace_async_logging()
trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
print(json.dumps({
    "version": mlflow.__version__, "spans": [each.name for each in trace.data.spans],
    "process": [sys.argv, sys.path, sys.stdin.read(), os.getcwd(), dict(os.environ)],
    "settings": [mlflow.get_tracking_uri(), logging.getLogger("mlflow").level],
    "of its source": {key: value for key, value in {**trace.info.tags, **trace.info.trace_metadata}.items()
        if key.startswith(("mlflow.source.", "mlflow.user"))},
}))
"""


def test_a_real_client_speaks_with_a_real_server_from_a_fork_as_from_a_fresh_start(
    mlflow_client: MlflowClient, mlflow_server: str, tmp_path: Path
) -> None:
    said = mlflow_client.run_freshly(PROGRAM, mlflow_server, tmp_path)
    assert said["spans"] == ["root"]
    assert said["version"].startswith("3.")
    assert mlflow_client.run(PROGRAM, mlflow_server, tmp_path) == said
