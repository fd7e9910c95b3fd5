"""Where the tests of the whole system send their traces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import outcrop
from outcrop_server.serve import BackgroundServer


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
