"""`sqlite:///…`: a store in the program's own process, shared by several, and read without a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import outcrop
from outcrop.delivery import embedded
from outcrop.exceptions import ConfigurationError
from outcrop.testing import BedrockEmulator
from outcrop_server.embedded import EmbeddedStore
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
PROGRAM = """
import os, sys, outcrop
outcrop.set_tracking_uri(sys.argv[1])
@outcrop.trace
def step(number): return number
for number in range(100): step(number)
outcrop.flush()
pid = os.fork() if sys.argv[2] == "fork" else None
for number in range(100): step(number)
if pid: os.waitpid(pid, 0)
"""


def test_a_bedrock_call_is_stored_and_read_without_a_server(
    bedrock_emulator: BedrockEmulator, tmp_path: Path
) -> None:
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(f"sqlite:///{tmp_path}/traces.db")
    outcrop.bedrock.autolog(silent=True)
    client: Any = bedrock_emulator.client()
    try:
        client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello?"}]}])
        trace_id: Any = outcrop.get_last_active_trace_id()
        trace = outcrop.get_trace(trace_id)
        assert trace is not None
        assert trace.info.request_preview == "Hello?"
        assert outcrop.stats().sent == 1
        assert outcrop.get_trace("0" * 32) is None
        outcrop.log_feedback(trace_id=trace_id, name="good", value=True)
        outcrop.set_trace_tag(trace_id, "team", "search")
        (found,) = outcrop.search_traces(
            filter_string="tags.team = 'search' AND attributes.model LIKE '%claude%'"
        )
        assert [(each.name, each.value) for each in found.info.assessments] == [("good", True)]
        with pytest.raises(ConfigurationError, match="column"):
            outcrop.search_traces(filter_string="tags.team ==")
        assert outcrop.delete_traces(trace_ids=[trace_id]) == 1
        assert outcrop.get_trace(trace_id) is None
    finally:
        outcrop.bedrock.autolog(disable=True)
        outcrop.set_tracking_uri(before)
        client.close()


def test_several_processes_and_their_forks_share_a_store_that_a_server_then_shows(tmp_path: Path) -> None:
    path = tmp_path / "traces.db"
    env = {**os.environ, "OUTCROP_SPOOL_DIR": str(tmp_path / "spool")}
    command = [sys.executable, "-c", PROGRAM, f"sqlite:///{path}"]
    programs = [
        subprocess.Popen([*command, how], env=env, stderr=subprocess.PIPE, text=True)  # noqa: S603  # our own program
        for how in ("plain", "fork", "fork")
    ]
    for program in programs:
        _, errors = program.communicate(timeout=120)
        assert (program.returncode, errors) == (0, "")
    with BackgroundServer(Settings(port=0, store=path, spool=None)) as server:
        assert _count(server.url) == 200 + 2 * 300


def _count(url: str) -> int:
    import json  # noqa: PLC0415  # for this one reader
    from urllib.request import urlopen  # noqa: PLC0415  # as above

    count, cursor = 0, ""
    while True:
        with urlopen(f"{url}/api/traces?limit=200{cursor}", timeout=120) as response:  # noqa: S310  # our own server
            page = json.load(response)
        count += len(page["traces"])
        if not page["next_cursor"]:
            return count
        cursor = f"&cursor={page['next_cursor']}"


def test_a_store_says_what_it_refuses_and_what_it_has_not(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "new folder" / "traces.db")
    with pytest.raises(ValueError, match="OTLP"):
        store.accept(b"no request")
    assert store.ask("GET", f"/api/traces/{'1' * 32}", None)[0] == 404
    store.close()
    (tmp_path / "file").write_text("no database, but long enough to be looked at " * 50)
    with pytest.raises(OSError, match="file"):
        EmbeddedStore(tmp_path / "file")


def test_without_the_full_installation_the_uri_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded, "ENTRY_POINTS", "outcrop.none")
    before = outcrop.get_tracking_uri()
    with pytest.raises(ConfigurationError, match="pip install outcrop"):
        outcrop.set_tracking_uri("sqlite:///traces.db")
    assert outcrop.get_tracking_uri() == before
