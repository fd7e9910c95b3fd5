"""Fixtures of the tests that run the whole: a server, an emulator, and programs between them."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from hypothesis import settings
from steady_port import steady_port

import outcrop
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings

ApiReader = Callable[[str], Any]

# The same examples in every run, and no clock: a busy machine must not fail a test. To search for more, other
# ones are tried: as many for each test as this variable says.
EXAMPLES = int(os.environ.get("OUTCROP_TEST_EXAMPLES", "0"))
settings.register_profile("outcrop", deadline=None, derandomize=not EXAMPLES, max_examples=EXAMPLES or 40)
settings.load_profile("outcrop")


@pytest.fixture(autouse=True)
def _own_faults_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTCROP_RAISE_FAULTS", "1")


@pytest.fixture(autouse=True)
def _counting_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a busy machine does not count within a second would not be exact."""
    monkeypatch.setattr("outcrop_server.storage.sqlite.store._COUNTING_S", 60.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[BackgroundServer]:
    """A server on a free port with an empty store."""
    settings = Settings(port=0, store=tmp_path / "outcrop.db", spool=tmp_path / "spool", spool_interval_s=0.1)
    with BackgroundServer(settings) as running:
        yield running


@pytest.fixture
def tracing(server: BackgroundServer) -> Iterator[str]:
    """Tracing of Bedrock goes to that server; gives its address."""
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(server.url)
    outcrop.bedrock.autolog(silent=True)
    yield server.url
    # A stream that a test let go of ends its span when it is collected: not at the next test's server.
    gc.collect()
    outcrop.flush()
    outcrop.bedrock.autolog(disable=True)
    outcrop.set_experiment("Default")
    outcrop.set_tracking_uri(before)


@pytest.fixture
def api(server: BackgroundServer) -> ApiReader:
    """Reads a path of the server's API as JSON."""

    def read(path: str) -> Any:
        with urlopen(server.url + path, timeout=120) as response:  # noqa: S310  # our own server
            return json.load(response)

    return read


@pytest.fixture
def unused_tcp_port() -> int:
    """A port that stays free."""
    return steady_port()
