"""What `outcrop traces tail` follows: live, across breaks, without a live tail, while traces still run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from steady_port import steady_port

from outcrop.delivery.credentials import read_credentials
from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import NotLetInError, ServerApi, UnreachableError
from outcrop.terminal.following import new_traces
from outcrop.terminal.source import SummaryPage, TraceSource, info_of
from outcrop.terminal.told import Told
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.http import send
from server.tests.support.spans import new_span, otlp_span, request, trace_id
from server.tests.support.tokens import make
from server.tests.support.traces_command import an_agent, an_id

NEVER_S = float("inf")


def follow(
    server: BackgroundServer | str,
    *,
    last: int = 0,
    say: Callable[[str], None] = print,
    told: Told | None = None,
) -> Iterator[int]:
    """The first digits of the id of each trace that is given."""
    source = TraceSource(ServerApi(server if isinstance(server, str) else server.url))
    known = told or Told(NEVER_S)
    for traces in new_traces(source, TraceQuery(), last=last, interval_s=0.001, say=say, told=known):
        yield -1
        yield from (int(str(info_of(trace)["trace_id"])[:4], 16) for trace in traces)


def numbers(answers: Iterator[int], count: int) -> list[int]:
    return list(islice((number for number in answers if number >= 0), count))


def a_span(number: int, span: int, parent: int | None = None, ended_s_ago: float = 0) -> bytes:
    now_ns = time.time_ns() - int(ended_s_ago * 1e9)
    trace = an_id(number)
    return request(
        otlp_span(span, parent, trace=trace, start_time_unix_nano=now_ns - 1000, end_time_unix_nano=now_ns)
    )


def test_a_trace_that_comes_in_parts_is_given_once_when_it_is_complete(server: BackgroundServer) -> None:
    answers = follow(server)
    next(answers)
    send(server.url, a_span(1, 2, 1))
    send(server.url, a_span(1, 3, 1))
    send(server.url, a_span(1, 1))
    send(server.url, a_span(1, 4, 1))
    send(server.url, a_span(2, 1))
    assert numbers(answers, 2) == [1, 2]


def test_one_that_still_runs_is_given_as_it_stands_and_again_at_its_end(server: BackgroundServer) -> None:
    answers = follow(server, told=Told(0.0))
    next(answers)
    send(server.url, a_span(1, 2, 1))
    assert numbers(answers, 1) == [1]
    send(server.url, a_span(1, 3, 1))
    send(server.url, a_span(2, 1))
    assert numbers(answers, 1) == [2]
    send(server.url, a_span(1, 1))
    assert numbers(answers, 1) == [1]


def test_one_whose_root_will_not_come_is_given_at_once(server: BackgroundServer) -> None:
    answers = follow(server)
    next(answers)
    send(server.url, a_span(1, 2, 1, ended_s_ago=3600))
    assert numbers(answers, 1) == [1]


def settings_of(tmp_path: Path, name: str = "followed.db", port: int | None = None) -> Settings:
    return Settings(port=port or steady_port(), store=tmp_path / name, spool=None)


class Breaks:
    """A server that goes away, and comes back when somebody has been told that it is waited for."""

    def __init__(self, settings: Settings) -> None:
        self.said: list[str] = []
        self.server = BackgroundServer(settings).__enter__()
        self.url = self.server.url
        self.next_settings = replace(settings, port=self.server.settings.port)

    def go(self) -> None:
        self.server.__exit__(None, None, None)

    def say(self, text: str) -> None:
        self.said.append(text)
        if text.endswith("Waiting for it."):
            self.meanwhile()
            self.server = BackgroundServer(self.next_settings).__enter__()

    def meanwhile(self) -> None:
        """What another process does to the store."""


@contextmanager
def breaks(settings: Settings) -> Generator[Breaks, None, None]:
    made = Breaks(settings)
    try:
        yield made
    finally:
        made.server.__exit__(None, None, None)


def test_nothing_is_missed_or_given_twice_when_a_server_goes_and_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with closing(SqliteStore(tmp_path / "followed.db")) as store:
            store.append([new_span(1, trace=an_id(number)) for number in (3, 4)]).result()

    with breaks(settings_of(tmp_path)) as broken:
        monkeypatch.setattr(broken, "meanwhile", write)
        answers = follow(broken.url, say=broken.say)
        next(answers)
        for number in (1, 2):
            send(broken.url, an_agent(number))
        assert numbers(answers, 2) == [1, 2]
        broken.go()
        assert numbers(answers, 2) == [3, 4]
        send(broken.url, an_agent(5))
        assert numbers(answers, 1) == [5]
    assert len(broken.said) == 2
    assert "cannot be reached" in broken.said[0]
    assert broken.said[1] == "The server is back."


def test_a_gap_is_told_and_what_can_be_found_is_given(tmp_path: Path) -> None:
    with breaks(settings_of(tmp_path)) as broken:
        # It comes back with another store, which knows nothing of what was told before.
        broken.next_settings = settings_of(tmp_path, "other.db", broken.next_settings.port)
        with closing(SqliteStore(tmp_path / "other.db")) as store:
            store.append([new_span(1, trace=an_id(number)) for number in (1, 6)]).result()
        answers = follow(broken.url, say=broken.say)
        next(answers)
        send(broken.url, an_agent(1))
        assert numbers(answers, 1) == [1]
        broken.go()
        assert numbers(answers, 1) == [6]
        send(broken.url, an_agent(7))
        assert numbers(answers, 1) == [7]
    assert [text[:12] for text in broken.said[1:]] == ["The server i", "There may be"]


def test_a_token_that_is_no_longer_good_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path)
    token = make(settings.store_file, "ann", "read")
    with breaks(settings) as broken:
        # Behind the same address another server, which knows no such token.
        broken.next_settings = settings_of(tmp_path, "other.db", broken.next_settings.port)
        make(broken.next_settings.store_file, "bob", "read")
        monkeypatch.setenv("OUTCROP_TOKEN", token)
        source = TraceSource(ServerApi(broken.url, read_credentials(broken.url)))
        answers = new_traces(source, TraceQuery(), last=0, interval_s=0.001, say=broken.say)
        assert next(answers) == []
        broken.go()
        with pytest.raises(NotLetInError):
            next(answers)


def test_without_a_server_at_the_beginning_there_is_nothing_to_wait_for() -> None:
    with pytest.raises(UnreachableError):
        next(follow("http://127.0.0.1:9"))


@contextmanager
def without_tail(server: BackgroundServer, status: int) -> Generator[str, None, None]:
    """The same server but for its live tail, at which it answers with a status."""

    class Forwarding(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._forward(None)

        def do_POST(self) -> None:
            self._forward(self.rfile.read(int(self.headers["Content-Length"])))

        def _forward(self, body: bytes | None) -> None:
            if self.path.startswith("/api/traces/tail"):
                self._answer(status, b'{"detail": "There is no such trace."}')
                return
            with closing(HTTPConnection("127.0.0.1", server.settings.port)) as connection:
                connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                self._answer(response.status, response.read())

        def _answer(self, given: int, answer: bytes) -> None:
            self.send_response(given)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as the base's
            """Nobody reads it."""

    forwarding = ThreadingHTTPServer(("127.0.0.1", 0), Forwarding)
    thread = threading.Thread(target=forwarding.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{forwarding.server_port}"
    finally:
        forwarding.shutdown()
        thread.join()
        forwarding.server_close()


@pytest.mark.parametrize("status", [200, 400, 404])
def test_a_server_without_a_live_tail_is_asked_again_and_again(server: BackgroundServer, status: int) -> None:
    for number in (1, 2):
        send(server.url, an_agent(number))
    with without_tail(server, status) as url:
        answers = follow(url, last=1)
        assert numbers(answers, 1) == [2]
        send(server.url, a_span(3, 2, 1))
        assert [next(answers) for _ in range(3)] == [-1] * 3
        send(server.url, a_span(3, 1))
        send(server.url, an_agent(4))
        assert sorted(numbers(answers, 2)) == [3, 4]


def test_a_store_without_a_server_is_followed(server: BackgroundServer) -> None:
    from outcrop.terminal.source import opened  # noqa: PLC0415  # beside the fixture's own server

    with opened(f"sqlite:///{server.settings.store}") as source:
        answers = new_traces(source, TraceQuery(), last=0, interval_s=0.001, say=print)
        assert next(answers) == []
        send(server.url, an_agent(1))
        found = next(traces for traces in answers if traces)
        assert info_of(found[0])["trace_id"] == an_id(1).hex()


class _DeletedMeanwhile(TraceSource):
    """Shows 50 of 60 traces first, then those that are behind them, since the others were deleted."""

    def __init__(self) -> None:
        super().__init__(_NoTail(""))
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


class _NoTail(ServerApi):
    has_tail = False


def test_what_comes_into_sight_by_a_deletion_is_not_new() -> None:
    answers = new_traces(_DeletedMeanwhile(), TraceQuery(), last=1, interval_s=0.001, say=print)
    assert [info_of(trace)["start_time_ns"] for trace in next(answers)] == ["60"]
    assert next(answers) == []


def test_a_polled_server_that_went_away_is_waited_for(server: BackgroundServer) -> None:
    away = TraceSource(ServerApi("http://127.0.0.1:9"))
    asked: list[str] = []
    said: list[str] = []

    class Away(TraceSource):
        def page(self, query: TraceQuery) -> SummaryPage:
            asked.append("")
            return away.page(query) if len(asked) in {2, 3} else super().page(query)

    class Unfollowed(ServerApi):
        has_tail = False

    answers = new_traces(
        Away(Unfollowed(server.url)), TraceQuery(), last=0, interval_s=0.001, say=said.append
    )
    assert next(answers) == []
    send(server.url, request(otlp_span(1, trace=trace_id(1))))
    assert [info_of(trace)["trace_id"] for trace in next(answers)] == [trace_id(1).hex()]
    assert [text[-20:] for text in said] == [said[0][-20:], "The server is back."]
    assert said[0].endswith("Waiting for it.")
