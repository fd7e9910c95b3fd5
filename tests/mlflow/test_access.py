"""Real MLflow clients and a server that asks for tokens: by Bearer and by Basic, and what a role may."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from outcrop_server.access.making import make_token
from outcrop_server.model.access import Role
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.http import ask
from tests.mlflow.conftest import MlflowClient

WRITING = """
import json, mlflow
from mlflow.exceptions import MlflowException
mlflow.set_experiment("mine")
@mlflow.trace
def work():
    return 1
work()
mlflow.flush_trace_async_logging()
trace_id = mlflow.get_last_active_trace_id()
try:
    found = [span.name for span in mlflow.MlflowClient().get_trace(trace_id).data.spans]
except MlflowException as error:
    found = error.error_code
print(json.dumps([trace_id, found]))
"""
REFUSED = """
import json, mlflow
from mlflow.exceptions import MlflowException
said = []
for call in (lambda: mlflow.set_experiment("mine"), lambda: mlflow.MlflowClient().search_experiments()):
    try:
        call()
        said.append(None)
    except MlflowException as error:
        said.append([error.error_code, str(error)])
print(json.dumps(said))
"""


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    made: dict[str, str] = {}
    wanted: tuple[tuple[str, Role, list[str]], ...] = (
        ("program", "write", []),
        ("scoped", "write", ["theirs"]),
        ("ann", "read", []),
        ("root", "admin", []),
    )
    with closing(SqliteStore(tmp_path / "outcrop.db")) as store:
        for name, role, experiments in wanted:
            made[name], _ = make_token(store, name, role, experiments=experiments, by="the test")
    return made


@pytest.fixture
def guarded(tokens: dict[str, str], tmp_path: Path) -> Iterator[BackgroundServer]:
    assert tokens
    with BackgroundServer(Settings(port=0, store=tmp_path / "outcrop.db", spool=None)) as running:
        yield running


def _bearer(token: str) -> dict[str, str]:
    return {"MLFLOW_TRACKING_TOKEN": token}


def _basic(token: str) -> dict[str, str]:
    return {"MLFLOW_TRACKING_USERNAME": "anyone", "MLFLOW_TRACKING_PASSWORD": token}


def test_both_ways_of_showing_a_token_open_the_server(
    mlflow_client: MlflowClient, guarded: BackgroundServer, tokens: dict[str, str], tmp_path: Path
) -> None:
    for shown in (_bearer(tokens["root"]), _basic(tokens["root"])):
        _, found = mlflow_client.run(WRITING, guarded.url, tmp_path, **shown)
        assert found == ["work"]


def test_a_programs_token_is_enough_to_trace_and_reads_nothing(
    mlflow_client: MlflowClient, guarded: BackgroundServer, tokens: dict[str, str], tmp_path: Path
) -> None:
    trace_id, found = mlflow_client.run(WRITING, guarded.url, tmp_path, **_basic(tokens["program"]))
    assert found == "PERMISSION_DENIED"
    headers = {"authorization": f"Bearer {tokens['ann']}"}
    kept = ask(guarded.url, f"/api/traces/{trace_id}", headers=headers)
    assert [span["name"] for span in kept.json["spans"]] == ["work"]


def test_wrong_tokens_roles_and_experiments_are_refused_in_words_that_clients_show(
    newest_client: MlflowClient, guarded: BackgroundServer, tokens: dict[str, str], tmp_path: Path
) -> None:
    nobody = newest_client.run(REFUSED, guarded.url, tmp_path)
    assert [code for code, _ in nobody] == ["UNAUTHENTICATED"] * 2
    assert "This server asks for a token" in nobody[0][1]
    wrong = newest_client.run(REFUSED, guarded.url, tmp_path, **_basic("wrong"))
    assert [code for code, _ in wrong] == ["UNAUTHENTICATED"] * 2
    reader, found = newest_client.run(REFUSED, guarded.url, tmp_path, **_bearer(tokens["ann"]))
    assert (reader[0], found) == ("PERMISSION_DENIED", None)
    scoped, _ = newest_client.run(REFUSED, guarded.url, tmp_path, **_bearer(tokens["scoped"]))
    assert scoped[0] == "INVALID_PARAMETER_VALUE"
    assert "This token is not for the experiment 'mine'" in scoped[1]


def test_basic_credentials_elsewhere_are_a_proxys_business(
    guarded: BackgroundServer, tokens: dict[str, str]
) -> None:
    basic = base64.b64encode(f"anyone:{tokens['root']}".encode()).decode()
    headers = {"authorization": f"Basic {basic}"}
    assert ask(guarded.url, "/api/traces", headers=headers).status == 401
    assert ask(guarded.url, "/api/2.0/mlflow/experiments/search", headers=headers).status == 200
