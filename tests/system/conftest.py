"""Where the tests of the whole system send their traces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

import outcrop
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from server.tests.support.clickhouse import clickhouse  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture
from server.tests.support.http import send
from server.tests.support.postgres import postgres  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture
from server.tests.support.traces_command import an_agent


class StartServer(Protocol):
    """Starts a server over a store; it stops when the test ends."""

    def __call__(self, store: Path, **changes: Any) -> BackgroundServer: ...


@pytest.fixture(params=["server", "memory"])
def destination(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where traces go: a real server, or this process."""
    before = outcrop.get_tracking_uri()
    server: BackgroundServer | None = request.getfixturevalue("server") if request.param == "server" else None
    outcrop.set_tracking_uri("memory://" if server is None else server.url)
    outcrop.bedrock.autolog(silent=True)
    outcrop.set_experiment("/Shared/judged")
    yield str(request.param)
    outcrop.flush()
    outcrop.bedrock.autolog(disable=True)
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)
    # Another test's memory must begin empty.
    if server is None:
        outcrop.set_tracking_uri("http://127.0.0.1:9")
        outcrop.set_tracking_uri(before)


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Starts servers that stop when the test ends."""
    with ExitStack() as stack:

        def start(store: Path, **changes: Any) -> BackgroundServer:
            settings = Settings(port=0, store=store, spool=None, **changes)
            return stack.enter_context(BackgroundServer(settings))

        yield start


@pytest.fixture
def filled(server: BackgroundServer) -> BackgroundServer:
    """A server with five traces; the second has a Japanese name, the third failed."""
    for number in range(1, 6):
        body = an_agent(number, name="天気エージェント" if number == 2 else "agent", is_error=number == 3)
        assert send(server.url, body).status == 200
    return server
