"""Fixtures of the server's tests: real servers on free ports, with a store and a spool of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import pytest

from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from server.tests.support.certificates import made_certificate
from server.tests.support.clickhouse import clickhouse  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture
from server.tests.support.postgres import postgres  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture

# The same examples in every run, and no clock: a busy machine must not fail a test. To search for more, other
# ones are tried: as many for each test as this variable says.
EXAMPLES = int(os.environ.get("OUTCROP_TEST_EXAMPLES", "0"))
hypothesis.settings.register_profile(
    "outcrop", deadline=None, derandomize=not EXAMPLES, max_examples=EXAMPLES or 40
)
hypothesis.settings.load_profile("outcrop")


class StartServer(Protocol):
    """Starts a server that stops when the test ends."""

    def __call__(self, **changes: Any) -> BackgroundServer: ...


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, store=tmp_path / "data" / "outcrop.db", spool=tmp_path / "spool")


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    with ExitStack() as stack:

        def start(**changes: Any) -> BackgroundServer:
            values: dict[str, Any] = {
                "port": 0,
                "store": tmp_path / "data" / "outcrop.db",
                "spool": tmp_path / "spool",
                **changes,
            }
            return stack.enter_context(BackgroundServer(Settings(**values)))

        yield start


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    return made_certificate(tmp_path)


@pytest.fixture
def server(start_server: StartServer) -> BackgroundServer:
    return start_server()


@pytest.fixture(autouse=True)
def _counting_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a busy machine does not count within a second would not be exact."""
    monkeypatch.setattr("outcrop_server.storage.sqlite.store._COUNTING_S", 60.0)
