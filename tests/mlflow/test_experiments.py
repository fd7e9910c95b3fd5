"""Real MLflow clients make, find and change experiments on our server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from outcrop._version import __version__
from outcrop_server.serve import BackgroundServer
from tests.conftest import ApiReader
from tests.mlflow.conftest import MlflowClient

PROGRAM = """
import json, mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
said = {}
client = MlflowClient()
made = mlflow.set_experiment("/Shared/a 日本")
said["again"] = mlflow.set_experiment("/Shared/a 日本").experiment_id == made.experiment_id
other = client.create_experiment("other", tags={"team": "x", "mlflow.note.content": "for tests"})
got = client.get_experiment(other)
said["got"] = [got.name, got.tags, got.lifecycle_stage, got.artifact_location == f"mlflow-artifacts:/{other}"]
said["default"] = [client.get_experiment("0").name, client.get_experiment("0").experiment_id]
client.set_experiment_tag(other, "stage", "prod")
client.rename_experiment(other, "renamed")
renamed = client.get_experiment_by_name("renamed")
said["renamed"] = [renamed.experiment_id == other, renamed.tags["stage"]]
find = lambda **how: [each.name for each in client.search_experiments(**how)]
said["all"] = find()
said["filtered"] = find(filter_string="name LIKE 'ren%' AND tags.stage = 'prod'")
said["ordered"] = find(order_by=["name ASC"], max_results=2)
client.delete_experiment(other)
said["deleted"] = [client.get_experiment(other).lifecycle_stage, find(), find(view_type=2)]
client.restore_experiment(other)
said["restored"] = client.get_experiment(other).lifecycle_stage
errors = []
for call in (
    lambda: client.create_experiment("renamed"),
    lambda: client.get_experiment("987654"),
    lambda: client.search_experiments(filter_string="name = "),
    lambda: client.get_registered_model("m"),
):
    try:
        call()
    except MlflowException as error:
        errors.append([error.error_code, str(error)])
said["errors"] = errors
print(json.dumps(said))
"""


def test_experiments_are_made_found_and_changed(
    mlflow_client: MlflowClient, server: BackgroundServer, api: ApiReader, tmp_path: Path
) -> None:
    said = mlflow_client.run(PROGRAM, server.url, tmp_path)
    assert said["again"]
    assert said["got"] == ["other", {"team": "x", "mlflow.note.content": "for tests"}, "active", True]
    assert said["default"] == ["Default", "0"]
    assert said["renamed"] == [True, "prod"]
    assert sorted(said["all"]) == ["/Shared/a 日本", "Default", "renamed"]
    assert said["filtered"] == ["renamed"]
    assert said["ordered"] == ["/Shared/a 日本", "Default"]
    assert said["deleted"][0] == "deleted"
    assert sorted(said["deleted"][1]) == ["/Shared/a 日本", "Default"]
    assert said["deleted"][2] == ["renamed"]
    assert said["restored"] == "active"
    codes = [code for code, _ in said["errors"]]
    assert codes == [
        "RESOURCE_ALREADY_EXISTS",
        "RESOURCE_DOES_NOT_EXIST",
        "INVALID_PARAMETER_VALUE",
        "ENDPOINT_NOT_FOUND",
    ]
    assert "Outcrop does not serve GET /api/2.0/mlflow/registered-models/get" in said["errors"][3][1]
    page = {each["name"]: each["description"] for each in api("/api/experiments")["experiments"]}
    assert page["renamed"] == "for tests"


def test_the_version_is_one_that_clients_send_spans_to_and_says_whose_server_it_is(
    server: BackgroundServer,
) -> None:
    with urlopen(f"{server.url}/version", timeout=30) as answer:  # noqa: S310 - our own server
        assert (answer.read().decode(), answer.headers["X-Outcrop-Version"]) == ("3.17.2", __version__)
    with urlopen(f"{server.url}/health", timeout=30) as answer:  # noqa: S310 - as above
        assert answer.read() == b"OK"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/2.0/mlflow/experiments/get", None, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/api/2.0/mlflow/experiments/create", b"no JSON", 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/api/2.0/mlflow/experiments/create", b'{"name": 5}', 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/api/3.0/mlflow/scorers/register", b"{}", 404, "ENDPOINT_NOT_FOUND"),
        ("GET", "/api/4.0/mlflow/traces/a/b", None, 404, "ENDPOINT_NOT_FOUND"),
        ("GET", "/ajax-api/2.0/mlflow/runs/get", None, 404, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_errors_have_mlflows_own_shape(  # noqa: PLR0917 - what is sent, and what comes back
    server: BackgroundServer, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}
    request = Request(server.url + path, body, headers, method=method)  # noqa: S310 - our own server
    with pytest.raises(HTTPError) as raised:
        urlopen(request, timeout=30)  # noqa: S310 - as above
    said: dict[str, Any] = json.load(raised.value)
    assert (raised.value.code, said["error_code"]) == (status, code)
    assert said["message"]
    assert raised.value.headers["X-Outcrop-Version"] == __version__
