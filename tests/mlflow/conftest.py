"""MLflow beside Outcrop: its real client in environments of its own, and its real server.

`make test-versions` makes the environments; a single test makes the one that it needs, which takes seconds
where the distributions are at hand. Outcrop itself is never installed in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from bootstrap import ENVIRONMENTS, locked_environment
from steady_port import steady_port

# The newest one, and the oldest line that sends spans by OTLP.
NEWEST, OLDEST = "mlflow", "mlflow-oldest"
_PATIENCE_S = 120.0
_CLIENT_S = 120.0

# No network, no sleeping threads at the end, nothing of the user's own.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "GIT_PYTHON_REFRESH": "quiet",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def environment(name: str) -> Path:
    """The Python of a locked environment, which is made if it is missing."""
    python = ENVIRONMENTS / name / "bin" / "python"
    return python if python.exists() else locked_environment(name)


@dataclass(frozen=True)
class MlflowClient:
    """An environment with a real MLflow client.

    Attributes:
        name: of the environment.
        python: its Python.
    """

    name: str
    python: Path

    def run(self, program: str, tracking_uri: str, folder: Path, **variables: str) -> Any:
        """Runs a program with this client; gives what its last line printed as JSON.

        Raises:
            AssertionError: it failed; with its output.
        """
        env = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "OTEL"))}
        env |= _QUIET | {"MLFLOW_TRACKING_URI": tracking_uri, "HOME": str(folder)} | variables
        env.pop("PYTHONPATH", None)
        done = subprocess.run(  # noqa: S603 - our own program
            [str(self.python), "-c", program],
            cwd=folder,
            env=env,
            check=False,
            capture_output=True,
            text=True,
            timeout=_CLIENT_S,
        )
        assert done.returncode == 0, f"{self.name}:\n{done.stdout}\n{done.stderr}"
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None


@pytest.fixture(scope="session", params=[NEWEST, OLDEST])
def mlflow_client(request: pytest.FixtureRequest) -> MlflowClient:
    """Each of the two clients."""
    return MlflowClient(request.param, environment(request.param))


@pytest.fixture(scope="session")
def newest_client() -> MlflowClient:
    """The newest client alone."""
    return MlflowClient(NEWEST, environment(NEWEST))


@pytest.fixture(scope="session")
def mlflow_server(mlflow_running: tuple[str, Path]) -> str:
    """The address of MLflow's own server."""
    return mlflow_running[0]


@pytest.fixture(scope="session")
def mlflow_database(mlflow_running: tuple[str, Path]) -> Path:
    """The SQLite file of that server."""
    return mlflow_running[1]


@pytest.fixture(scope="session")
def mlflow_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """MLflow's own server with an empty store: its address and its file."""
    with _running(NEWEST, tmp_path_factory.mktemp("mlflow-server")) as running:
        yield running


@pytest.fixture(scope="session")
def oldest_mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of the oldest line."""
    with _running(OLDEST, tmp_path_factory.mktemp("mlflow-oldest-server")) as running:
        yield running[0]


@contextmanager
def _running(name: str, folder: Path) -> Generator[tuple[str, Path], None, None]:
    port = steady_port()
    command = [
        str(environment(name)),
        "-m",
        "mlflow",
        "server",
        "--host=127.0.0.1",
        f"--port={port}",
        "--workers=1",
        f"--backend-store-uri=sqlite:///{folder / 'mlflow.db'}",
        f"--artifacts-destination={folder / 'artifacts'}",
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "OTEL"))}
    env |= _QUIET | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PATH": f"{environment(name).parent}:{env['PATH']}",
    }
    env.pop("PYTHONPATH", None)
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - as above
            command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/health", process, log)
            yield url, folder / "mlflow.db"
        finally:
            os.killpg(process.pid, 15)
            process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"MLflow's server did not answer:\n{log.read_text()}")
