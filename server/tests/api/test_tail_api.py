from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from outcrop_server.api.tail import rendered
from outcrop_server.model.changes import ChangePosition
from outcrop_server.query import tail as tailing
from outcrop_server.query.scope import parsed
from outcrop_server.query.tail import Channel, Tail, TailEvent
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.conftest import StartServer
from server.tests.support.http import ask, send
from server.tests.support.spans import TRACE, new_span, otlp_span, request, trace_id
from server.tests.support.tailing import Event, following
from server.tests.support.tokens import bearer, make

ALL = Channel(parsed("")[0], (), None)


def put(server: BackgroundServer, number: int, span: int = 1, **changes: Any) -> None:
    resource = {"outcrop.experiment.name": changes.pop("experiment", "A")}
    body = request(otlp_span(span, trace=trace_id(number), **changes), resource=resource)
    assert send(server.url, body).status == 200


def numbers(events: Iterator[Event], count: int) -> list[int]:
    found = [next(events) for _ in range(count)]
    assert {event.kind for event in found} == {"trace"}
    return [int(event.data["trace_id"], 16) for event in found]


def test_each_new_or_changed_trace_comes_as_the_list_shows_it(server: BackgroundServer) -> None:
    put(server, 1)
    with following(server.url) as events:
        assert next(events).kind == "ready"
        put(server, 2, status="ERROR")
        first = next(events)
        (listed, _) = ask(server.url, "/api/traces").json["traces"]
        assert first.data == listed
        put(server, 1, span=2)
        assert next(events).data["span_count"] == 2
        edit = json.dumps({"tags": {"team": "blue"}}).encode()
        path = f"/api/traces/{trace_id(1).hex()}"
        headers = {"content-type": "application/json"}
        assert ask(server.url, path, method="PATCH", body=edit, headers=headers).status == 200
        assert next(events).data["tags"] == {"team": "blue"}


def test_only_what_fits_filter_and_experiment_comes(server: BackgroundServer) -> None:
    put(server, 1, experiment="B")
    with following(server.url, filter="status = 'ERROR'", experiment="A") as events:
        assert next(events).kind == "ready"
        put(server, 2)
        put(server, 3, status="ERROR", experiment="B")
        put(server, 4, status="ERROR")
        assert numbers(events, 1) == [4]
        # One that did not fit comes when it does.
        put(server, 2, span=9, status="ERROR", start_time_unix_nano=1, end_time_unix_nano=2)
        assert numbers(events, 1) == [2]


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(server: BackgroundServer) -> None:
    with following(server.url) as events:
        ready = next(events)
        put(server, 1)
        first = next(events)
    for number in (2, 3, 4):
        put(server, number)
    put(server, 2)
    put(server, 3, span=9)
    with following(server.url, first.id) as events:
        assert next(events).id == first.id
        # Of what changed several times meanwhile the newest state alone.
        assert numbers(events, 3) == [2, 4, 3]
    with following(server.url, ready.id) as events:
        next(events)
        assert sorted(numbers(events, 4)) == [1, 2, 3, 4]
        put(server, 5)
        assert numbers(events, 1) == [5]


@pytest.mark.parametrize("last_event_id", ["nothing", "abcdef-1", ""])
def test_an_id_that_is_not_known_gets_a_reset_and_then_what_follows(
    server: BackgroundServer, last_event_id: str
) -> None:
    put(server, 1)
    with following(server.url, last_event_id) as events:
        assert next(events).kind == "ready"
        reset = next(events)
        assert reset.kind == "reset"
        assert "read the list again" in reset.data["detail"]
        put(server, 2)
        assert numbers(events, 1) == [2]


def test_a_server_tells_what_another_process_commits(server: BackgroundServer) -> None:
    with following(server.url) as events:
        next(events)
        # Another opening of the file, as another process's.
        with closing(SqliteStore(server.settings.store_file)) as store:
            store.append([new_span(1)]).result()
        assert next(events).data["trace_id"] == TRACE.hex()


def test_a_token_follows_its_own_experiments_alone(start_server: StartServer, tmp_path: Path) -> None:
    store = tmp_path / "data" / "outcrop.db"
    everything, some = make(store, "root", "admin"), make(store, "ann", "read", "A")
    server = start_server()

    def put_as_root(number: int, experiment: str) -> None:
        body = request(otlp_span(1, trace=trace_id(number)), resource={"outcrop.experiment.name": experiment})
        assert send(server.url, body, authorization=f"Bearer {everything}").status == 200

    with following(server.url, headers=bearer(some)) as events:
        next(events)
        put_as_root(1, "B")
        put_as_root(2, "A")
        assert numbers(events, 1) == [2]


def test_a_stopping_server_ends_every_stream_at_once(settings: Settings) -> None:
    with ExitStack() as stack:
        server = BackgroundServer(settings).__enter__()
        streams = [stack.enter_context(following(server.url)) for _ in range(3)]
        for events in streams:
            assert next(events).kind == "ready"
        stopping = threading.Thread(target=server.__exit__, args=(None, None, None))
        stopping.start()
        assert [list(events) for events in streams] == [[], [], []]
        stopping.join()


def test_a_wrong_filter_is_refused_before_anything_is_sent(server: BackgroundServer) -> None:
    answer = ask(server.url, "/api/traces/tail?filter=statsu%20%3D%201")
    assert answer.status == 400
    assert answer.json["filter_fault"]["suggestion"] == "status"


def run(
    store: Any, follow: Callable[[Tail], Any], poll_s: float = 0.001, heartbeat_s: float = 600.0, **more: Any
) -> Any:
    async def go() -> Any:
        return await follow(Tail(store, rendered, poll_s=poll_s, heartbeat_s=heartbeat_s, **more))

    return asyncio.run(go())


class CountedStore:
    """Counts what a tail asks of a store."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._store, name)


def test_silence_brings_heartbeats_that_carry_the_position(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:

        async def follow(tail: Tail) -> list[TailEvent]:
            events = tail.follow(Channel(parsed("name = 'none'")[0], (), None), None)
            found = [await anext(events)]
            store.append([new_span(1)]).result()
            while found[-1].position == found[0].position:
                found.append(await anext(events))
            await events.aclose()
            return found

        found = run(store, follow, heartbeat_s=0.001)
        assert {event.kind for event in found[1:]} == {"heartbeat"}
        # A filter that nothing fits moves on all the same, so that the way back stays short.
        assert found[-1].position == store.last_change()


def test_heartbeats_come_however_much_else_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A thousand seconds pass between any two looks at this clock, and none on the loop's own: the store is
    # never silent for long enough.
    clock = SimpleNamespace(monotonic=itertools.count(0, 1000).__next__, time_ns=time.time_ns)
    monkeypatch.setattr(tailing, "time", clock)
    with closing(SqliteStore(tmp_path / "store.db")) as store:

        async def follow(tail: Tail) -> list[str]:
            events = tail.follow(Channel(parsed("name = 'none'")[0], (), None), None)
            found: list[str] = [(await anext(events)).kind]
            for number in range(1, 4):
                store.append([new_span(number, trace=trace_id(number))]).result()
                found.append((await anext(events)).kind)
            await events.aclose()
            return found

        assert run(store, follow, max_s=float("inf")) == ["ready"] + ["heartbeat"] * 3


def test_many_followers_cost_the_store_what_one_does(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:

        def asked_by(count: int) -> dict[str, int]:
            counted = CountedStore(store)

            async def follow(tail: Tail) -> None:
                streams = [tail.follow(ALL, None) for _ in range(count)]
                for stream in streams:
                    await anext(stream)
                store.append([new_span(i, trace=trace_id(count * 1000 + i)) for i in range(1, 50)]).result()
                for stream in streams:
                    for _ in range(49):
                        assert (await anext(stream)).kind == "trace"
                for stream in streams:
                    await stream.aclose()

            run(counted, follow)
            return {name: counted.asked.count(name) for name in ("changes", "search")}

        assert asked_by(100) == asked_by(1) == {"changes": 1, "search": 1}


def test_a_slow_follower_is_skipped_ahead_and_nothing_is_read_for_it_meanwhile(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        counted = CountedStore(store)

        async def follow(tail: Tail) -> TailEvent:
            slow = tail.follow(ALL, None)
            await anext(slow)
            for number in range(1, 1001):
                store.append([new_span(number)]).result()
            assert "changes" not in counted.asked
            event = await anext(slow)
            await slow.aclose()
            return event

        event = run(counted, follow)
        assert json.loads(event.data)["span_count"] == 1000
        assert event.position == store.last_change()
        assert counted.asked.count("changes") == 1


def test_a_history_that_does_not_reach_back_is_a_reset(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.append([new_span(1)]).result()
        future = ChangePosition(store.last_change().history, 99)

        async def follow(tail: Tail) -> list[TailEvent]:
            events = tail.follow(ALL, future)
            found = [await anext(events), await anext(events)]
            await events.aclose()
            return found

        ready, reset = run(store, follow)
        assert (ready.kind, reset.kind) == ("ready", "reset")
        assert reset.position == store.last_change()


def test_a_follower_has_to_come_again_after_a_while(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:

        async def follow(tail: Tail) -> list[str]:
            return [event.kind async for event in tail.follow(ALL, None)]

        assert run(store, follow, max_s=0) == ["ready"]


def test_the_last_follower_leaves_nobody_watching(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:

        async def follow(tail: Tail) -> set[str]:
            events = tail.follow(ALL, None)
            await anext(events)
            await events.aclose()
            await asyncio.sleep(0)
            return {task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()}

        assert run(store, follow) == set()
