"""Who asks goes first, and a sender waits no longer than it should."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from outcrop.pricing.quote import price_of
from outcrop.views import glance_span
from outcrop_server.ingest.pipeline import Pipeline
from outcrop_server.otlp.fast_json import parse_fast
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.turns import CountedQuestions, Turns, Work
from server.tests.support.http import ask, send
from server.tests.support.spans import otlp_span, request


class Clock:
    """Time that goes on by sleeping alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []
        # Of this module alone: other threads go on by the machine's clock.
        clock = SimpleNamespace(monotonic=lambda: self.now_s, sleep=self.sleep)
        monkeypatch.setattr("outcrop_server.turns.time", clock)

    def sleep(self, seconds: float) -> None:
        """Goes on."""
        self.slept.append(seconds)
        self.now_s += seconds


def always(*_: object) -> bool:
    """Somebody asks."""
    return True


def test_work_goes_on_while_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns = Clock(monkeypatch), Turns()
    turns.begin()
    turns.end()
    Work(turns).give_way()
    Work(None).give_way()
    assert clock.slept == []


def test_work_waits_for_a_question_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns = Clock(monkeypatch), Turns()
    work = Work(turns)
    for _ in range(10_000):
        turns.begin()
        work.give_way()
    # Senders wait too.
    assert sum(clock.slept) == pytest.approx(0.02, abs=0.001)


def test_a_question_that_takes_long_is_waited_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns = Clock(monkeypatch), Turns()
    turns.begin()
    for _ in range(10_000):
        Work(turns).give_way()
    assert sum(clock.slept) == pytest.approx(0.05, abs=0.001)
    # A newer one counts again, the long one beside it.
    turns.begin()
    assert turns.is_asked()
    turns.end()
    turns.end()
    assert not turns.is_asked()


def test_what_nobody_waits_for_goes_on_slowly_while_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns = Clock(monkeypatch), Turns()
    filling = Work.patient(turns)
    filling.give_way()
    assert clock.slept == []
    turns.begin()
    for _ in range(10_000):
        filling.give_way()
    # As long as a large question may take, and again for the next one.
    assert sum(clock.slept) == pytest.approx(1.0, abs=0.001)
    turns.begin()
    filling.give_way()
    assert len(set(clock.slept)) == 1
    assert sum(clock.slept) > 1.0


@pytest.mark.parametrize(
    ("method", "path", "is_counted"),
    [
        ("GET", "/api/traces", True),
        ("POST", "/v1/traces", False),
        ("GET", "/api/traces/tail", False),
        ("GET", "/", False),
        # MLflow's clients say what a trace is, and wait for its spans; then they ask for it.
        ("POST", "/api/3.0/mlflow/traces", False),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/traces/1/traces.json", False),
        ("GET", "/api/3.0/mlflow/traces/get", True),
        ("POST", "/api/3.0/mlflow/traces/search", True),
        ("POST", "/api/import", False),
    ],
)
def test_questions_are_counted_until_they_are_answered(method: str, path: str, is_counted: bool) -> None:
    turns, seen = Turns(), list[bool]()

    async def app(*_: Any) -> None:
        seen.append(turns.is_asked())
        raise RuntimeError("answering failed")

    async def nothing(*_: Any) -> Any:
        return {}

    counted = CountedQuestions(app, turns)
    with pytest.raises(RuntimeError, match="answering failed"):
        asyncio.run(counted({"type": "http", "method": method, "path": path}, nothing, nothing))
    assert seen == [is_counted]
    assert not turns.is_asked()


def test_reading_a_request_of_spans_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, turns = SqliteStore(tmp_path / "outcrop.db"), Turns()
    pipeline = Pipeline(store, partial(glance_span, parse=parse_fast), price_of, None, turns)
    body = request(*(otlp_span(number) for number in range(1, 33)))
    slept: list[float] = []
    # However long reading takes here.
    monkeypatch.setattr(Turns, "is_asked", always)
    monkeypatch.setattr("outcrop_server.turns.time.sleep", slept.append)
    accepted = pipeline.accept(body)
    monkeypatch.undo()
    # Before each eighth span that is read, each that is made rows of, and each trace that is made ready.
    assert len(slept) == 4 + 32 + 1
    assert accepted.stored.result() == 32
    store.close()


def test_a_server_fills_its_index_of_words_when_nobody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def start_filling(_: SqliteStore, give_way: Any = None) -> None:
        given.append(give_way)

    monkeypatch.setattr(SqliteStore, "start_filling", start_filling)
    with BackgroundServer(Settings(port=0, store=tmp_path / "outcrop.db", spool=None)):
        (give_way,) = given
    slept: list[float] = []
    monkeypatch.setattr("outcrop_server.turns.time.sleep", slept.append)
    give_way()
    assert slept == []
    monkeypatch.setattr(Turns, "is_asked", always)
    give_way()
    assert len(slept) == 1


def test_a_servers_questions_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []

    def begin(_: Turns) -> None:
        counted.append("begin")

    def end(_: Turns) -> None:
        counted.append("end")

    monkeypatch.setattr(Turns, "begin", begin)
    monkeypatch.setattr(Turns, "end", end)
    with BackgroundServer(Settings(port=0, store=tmp_path / "outcrop.db", spool=None)) as server:
        assert send(server.url, request(otlp_span(1))).status == 200
        assert counted == []
        assert ask(server.url, "/api/traces").status == 200
    assert counted == ["begin", "end"]
