"""Programs and a server that asks for tokens: what is sent, read and refused, and what the user is told."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import outcrop
from outcrop.exceptions import OutcropError
from outcrop_server.access.making import make_token
from outcrop_server.model.access import Role
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    made: dict[str, str] = {}
    wanted: tuple[tuple[str, Role, list[str]], ...] = (
        ("program", "write", []),
        ("scoped", "write", ["mine"]),
        ("ann", "read", []),
        ("root", "admin", []),
    )
    with closing(SqliteStore(tmp_path / "outcrop.db")) as store:
        for name, role, experiments in wanted:
            made[name], _ = make_token(store, name, role, experiments=experiments, by="the test")
    return made


@pytest.fixture
def guarded(
    tokens: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BackgroundServer]:
    """A server that asks for tokens; it does not look at what waits on disk here."""
    assert tokens
    monkeypatch.setenv("OUTCROP_SPOOL_DIR", str(tmp_path / "spool"))
    before = outcrop.get_tracking_uri()
    with BackgroundServer(Settings(port=0, store=tmp_path / "outcrop.db", spool=None)) as running:
        yield running
        outcrop.set_experiment("Default")
        outcrop.set_tracking_uri(before)


def become(server: BackgroundServer, monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    """From here on the program sends and reads with another token."""
    if token is None:
        monkeypatch.delenv("OUTCROP_TOKEN", raising=False)
    else:
        monkeypatch.setenv("OUTCROP_TOKEN", token)
    # Each path of the server is a destination of its own, which takes the token as it is then.
    outcrop.set_tracking_uri("memory://")
    outcrop.set_tracking_uri(server.url)


def traced(name: str = "work") -> str:
    with outcrop.start_span(name) as span:
        pass
    outcrop.flush()
    return span.trace_id


def test_programs_send_with_one_token_and_people_read_and_judge_with_another(
    guarded: BackgroundServer, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    become(guarded, monkeypatch, tokens["program"])
    trace_id = traced()
    with pytest.raises(OutcropError, match="role write: it may only send traces"):
        outcrop.get_trace(trace_id)
    become(guarded, monkeypatch, tokens["ann"])
    feedback = outcrop.log_feedback(trace_id=trace_id, name="good", value=True)
    assert feedback.author == "ann"
    trace = outcrop.get_trace(trace_id)
    assert trace is not None
    assert [span.name for span in trace.data.spans] == ["work"]
    with pytest.raises(OutcropError, match="needs one of role admin"):
        outcrop.delete_traces(trace_ids=[trace_id])
    become(guarded, monkeypatch, tokens["root"])
    assert outcrop.delete_traces(trace_ids=[trace_id]) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (None, "HTTP 401 Unauthorized: This server asks for a token. Programs send one by OUTCROP_TOKEN"),
        ("mistyped", "HTTP 401 Unauthorized: This server does not know this token"),
        ("ann", "HTTP 403 Forbidden: The token 'ann' has the role read"),
    ],
)
def test_what_is_not_let_in_waits_and_is_told_in_one_line_until_the_token_is_right(
    guarded: BackgroundServer, tokens: dict[str, str], tmp_path: Path, name: str | None, words: str
) -> None:
    refused = run_program(guarded, tmp_path, None if name is None else tokens.get(name, name))
    (line,) = refused.splitlines()
    assert words in line
    assert "until it takes them" in line
    assert "{" not in line
    assert not any(token in line for token in tokens.values())
    assert run_program(guarded, tmp_path, tokens["program"]) == ""
    with closing(SqliteStore(tmp_path / "outcrop.db")) as store:
        assert len(store.traces(None, None, 10)) == 2


def run_program(server: BackgroundServer, folder: Path, token: str | None) -> str:
    """A program of one span, in a process of its own; what it says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OUTCROP_")}
    environment |= {"OUTCROP_TRACKING_URI": server.url, "OUTCROP_SPOOL_DIR": str(folder / "spool")}
    if token is not None:
        environment["OUTCROP_TOKEN"] = token
    program = "import outcrop\nwith outcrop.start_span('work'): pass\n"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stderr


@pytest.mark.parametrize(
    ("token", "words"),
    [(None, "HTTP 401. This server asks for a token.*OUTCROP_TOKEN"), ("x", "does not know this token")],
)
def test_who_reads_without_the_right_token_is_told_what_to_do(
    guarded: BackgroundServer, monkeypatch: pytest.MonkeyPatch, token: str | None, words: str
) -> None:
    become(guarded, monkeypatch, token)
    with pytest.raises(OutcropError, match=words):
        outcrop.search_traces()


def test_spans_for_other_experiments_are_told_of_and_the_others_kept(
    guarded: BackgroundServer,
    tokens: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    become(guarded, monkeypatch, tokens["scoped"])
    outcrop.set_experiment("others")
    with caplog.at_level(logging.ERROR):
        foreign = traced()
    assert "this token is for 'mine' alone" in caplog.text
    outcrop.set_experiment("mine")
    mine = traced()
    become(guarded, monkeypatch, tokens["root"])
    assert outcrop.get_trace(foreign) is None
    assert outcrop.get_trace(mine) is not None


def test_a_store_in_the_programs_own_process_asks_nobody(tokens: dict[str, str], tmp_path: Path) -> None:
    assert tokens
    before = outcrop.get_tracking_uri()
    outcrop.set_tracking_uri(f"sqlite:///{tmp_path / 'outcrop.db'}")
    trace_id = traced()
    assert outcrop.get_trace(trace_id) is not None
    outcrop.set_tracking_uri(before)
