"""Where the tests of the whole system send their traces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import outcrop
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import send
from server.tests.support.traces_command import an_agent


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
def filled(server: BackgroundServer) -> BackgroundServer:
    """A server with five traces; the second has a Japanese name, the third failed."""
    for number in range(1, 6):
        body = an_agent(number, name="天気エージェント" if number == 2 else "agent", is_error=number == 3)
        assert send(server.url, body).status == 200
    return server
