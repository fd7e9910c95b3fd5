"""Traces of this process go to MLflow's own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import outcrop


@pytest.fixture
def sending(request: pytest.FixtureRequest, mlflow_server: str) -> Iterator[str]:
    """Traces go to MLflow's server, into an experiment of the test's own, which is given."""
    before = outcrop.get_tracking_uri()
    experiment = f"/Shared/{request.node.name}"
    outcrop.set_tracking_uri(f"mlflow+{mlflow_server}")
    outcrop.set_experiment(experiment)
    outcrop.bedrock.autolog(silent=True)
    yield experiment
    outcrop.flush()
    outcrop.bedrock.autolog(disable=True)
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)
