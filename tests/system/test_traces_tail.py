"""`outcrop traces tail`: as a process, and what it follows."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import ServerApi
from outcrop.terminal.following import new_traces
from outcrop.terminal.source import SummaryPage, TraceSource, info_of
from outcrop_server.serve import BackgroundServer
from server.tests.support.http import send
from server.tests.support.traces_command import COMMAND, an_agent, an_id, environment, ids


@contextmanager
def tailing(server: BackgroundServer, *arguments: str) -> Generator[subprocess.Popen[str], None, None]:
    command = [*COMMAND, "traces", "tail", "--json", "--interval", "0.01", *arguments]
    with subprocess.Popen(  # noqa: S603  # our own command
        command, env=environment(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return ids(process.stdout.readline())[0]


def test_tail_gives_each_new_trace_once_until_it_is_interrupted(server: BackgroundServer) -> None:
    for number in (1, 2, 3):
        send(server.url, an_agent(number))
    with tailing(server, "--last", "2") as process:
        assert [next_of(process), next_of(process)] == [2, 3]
        send(server.url, an_agent(5))
        assert next_of(process) == 5
        # It ended before the others did, but came after them.
        send(server.url, an_agent(4))
        assert next_of(process) == 4
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "")


def test_tail_holds_to_filter_and_experiment(server: BackgroundServer) -> None:
    with tailing(server, "--filter", "status = 'ERROR'", "--experiment", "/Shared/1") as process:
        send(server.url, an_agent(1))
        send(server.url, an_agent(2, is_error=True))
        send(server.url, an_agent(3, is_error=True))
        assert next_of(process) == 3


class _DeletedMeanwhile(TraceSource):
    """Shows 50 of 60 traces first, then those that are behind them, since the others were deleted."""

    def __init__(self) -> None:
        self.asked = 0

    def page(self, query: TraceQuery) -> SummaryPage:  # noqa: ARG002  # as the base's
        self.asked += 1
        newest = 60 if self.asked == 1 else 40
        found = [
            {"info": {"trace_id": f"{number:032x}", "start_time_ns": str(number), "duration_ns": 0}}
            for number in range(newest, newest - 50, -1)
            if number > 0
        ]
        return SummaryPage(found, "more" if self.asked == 1 else None)


def test_what_comes_into_sight_by_a_deletion_is_not_new() -> None:
    answers = new_traces(_DeletedMeanwhile(), TraceQuery(), last=1, interval_s=0.001)
    assert [info_of(trace)["start_time_ns"] for trace in next(answers)] == ["60"]
    assert next(answers) == []


def test_tail_waits_for_a_server_that_went_away(
    server: BackgroundServer, capfd: pytest.CaptureFixture[str]
) -> None:
    away = TraceSource(ServerApi("http://127.0.0.1:9"))
    asked: list[str] = []

    class Away(TraceSource):
        def page(self, query: TraceQuery) -> SummaryPage:
            asked.append("")
            return away.page(query) if len(asked) in {2, 3} else super().page(query)

    answers = new_traces(Away(ServerApi(server.url)), TraceQuery(), last=0, interval_s=0.001)
    assert next(answers) == []
    send(server.url, an_agent(1))
    assert [info_of(trace)["trace_id"] for trace in next(answers)] == [an_id(1).hex()]
    assert capfd.readouterr().err.count("Waiting for it.") == 1
