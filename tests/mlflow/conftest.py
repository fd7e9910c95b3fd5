"""MLflow beside Outcrop: its real client in environments of its own, and its real server.

`make test-versions` makes the environments; a single test makes the one that it needs, which takes seconds
where the distributions are at hand. Outcrop itself is never installed in them.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from bootstrap import ENVIRONMENTS, locked_environment
from steady_port import steady_port

from tests.mlflow.starting import Starter, run_freshly

# The newest one, and the oldest line that sends spans by OTLP.
NEWEST, OLDEST = "mlflow", "mlflow-oldest"
_PATIENCE_S = 120.0
# What their programs import, most of it as they make their first span or speak with a workspace. Of the
# variables that tell one program from another it reads HOME alone, for folders that none of them uses.
_IMPORTED = ("mlflow", "mlflow.pyfunc.context", "mlflow.tracing.export.mlflow_v3", "git", "impatient")
_IMPORTED_BY = {NEWEST: (*_IMPORTED, "databricks.sdk"), OLDEST: _IMPORTED}

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
        starter: its process that has imported MLflow.
    """

    name: str
    python: Path
    starter: Starter

    def run(self, program: str, tracking_uri: str, folder: Path, **variables: str) -> Any:
        """Runs a program with this client; gives what its last line printed as JSON.

        Args:
            program: its text.
            tracking_uri: where its traces go.
            folder: where it runs; its home too.
            variables: more of its environment, none that MLflow reads as it is imported.

        Raises:
            AssertionError: it failed; with its output.
        """
        return self._said(self.starter.run(program, folder, _of(tracking_uri, folder, variables)))

    def run_freshly(self, program: str, tracking_uri: str, folder: Path) -> Any:
        """The same in a new Python, which takes the seconds in which MLflow is imported."""
        return self._said(run_freshly(self.python, program, folder, _of(tracking_uri, folder, {})))

    def _said(self, done: subprocess.CompletedProcess[str]) -> Any:
        assert done.returncode == 0, f"{self.name}:\n{done.stdout}\n{done.stderr}"
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None


def _of(tracking_uri: str, folder: Path, variables: dict[str, str]) -> dict[str, str]:
    """The environment of a program."""
    return _environ({"MLFLOW_TRACKING_URI": tracking_uri, "HOME": str(folder)} | variables)


def _environ(more: dict[str, str]) -> dict[str, str]:
    """The environment of a process of MLflow's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "OTEL"))}
    kept.pop("PYTHONPATH", None)
    return kept | _QUIET | more


@pytest.fixture(scope="session")
def client_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], MlflowClient]]:
    """The client of an environment; there is one process that starts programs in each."""
    with ExitStack() as stack:

        @cache
        def made(name: str) -> MlflowClient:
            python, folder = environment(name), tmp_path_factory.mktemp(f"{name}-starter")
            starter = Starter(python, _IMPORTED_BY[name], folder, _environ({}))
            return MlflowClient(name, python, stack.enter_context(closing(starter)))

        yield made


@pytest.fixture(scope="session", params=[NEWEST, OLDEST])
def mlflow_client(request: pytest.FixtureRequest, client_of: Callable[[str], MlflowClient]) -> MlflowClient:
    """Each of the two clients."""
    return client_of(request.param)


@pytest.fixture(scope="session")
def newest_client(client_of: Callable[[str], MlflowClient]) -> MlflowClient:
    """The newest client alone."""
    return client_of(NEWEST)


@pytest.fixture(scope="session")
def oldest_client(client_of: Callable[[str], MlflowClient]) -> MlflowClient:
    """The oldest client alone."""
    return client_of(OLDEST)


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
    path = f"{environment(name).parent}:{os.environ['PATH']}"
    env = _environ({"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PATH": path})
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
