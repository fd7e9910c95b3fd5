from __future__ import annotations

import json
import logging
import math
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from outcrop_server.configuration.retention import Limits, RetentionRule
from outcrop_server.model.errors import UnavailableError
from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.serve import BackgroundServer
from outcrop_server.settings import Settings
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.upkeep.keeper import Keeper
from outcrop_server.upkeep.retention import Removed, Retention, RetentionPolicy
from server.tests.storage.test_sqlite import assert_sound
from server.tests.support.http import ask, send
from server.tests.support.spans import START_NS, new_span, trace_id
from server.tests.support.stores import trace_request

DAY_NS = 24 * 3600 * 1_000_000_000
NOW_NS = START_NS + 100 * DAY_NS
FIRST, LAST = 1, 10


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """Of A the traces 1 to 10, of B 11 to 20; number n began n days before now, the last digit n % 10."""
    with closing(SqliteStore(tmp_path / "store.db")) as opened:
        for number in range(1, 21):
            start_ns = NOW_NS - ((number - 1) % 10 + 1) * DAY_NS
            experiment = "A" if number <= 10 else "B"
            opened.append(
                [
                    new_span(
                        number,
                        trace=trace_id(number),
                        start_time_ns=start_ns,
                        end_time_ns=start_ns,
                        experiment=experiment,
                        payload=number.to_bytes(1, "big") * 100,
                    )
                ]
            ).result()
        yield opened


def left(store: SqliteStore, experiment: str) -> list[int]:
    """The numbers of what is there, the oldest first."""
    return [int.from_bytes(old.trace_id, "big") for old in store.oldest(experiment, None, 1000)]


def run(store: SqliteStore, general: Limits | None = None, *rules: RetentionRule) -> Counter[tuple[str, str]]:
    """Removes; what the dry run said before must be what is gone."""
    retention = Retention(store, RetentionPolicy(general or Limits(), rules), lambda: NOW_NS)
    said = Counter((each.trace.experiment, each.limit) for each in retention.expired())
    removed = Removed()
    retention.run(threading.Event(), removed)
    assert said == removed.traces
    assert not list(retention.expired())
    return removed.traces


def of(experiment: str, **limits: float) -> RetentionRule:
    return RetentionRule(experiment, Limits(**limits))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - counts are whole


def test_without_limits_nothing_goes(store: SqliteStore) -> None:
    assert run(store) == Counter()
    assert run(store, None, RetentionRule("A", Limits(), is_kept=True)) == Counter()
    assert (left(store, "A"), left(store, "B")) == (list(range(10, 0, -1)), list(range(20, 10, -1)))


def test_a_trace_of_exactly_the_age_stays_and_one_a_moment_older_goes(store: SqliteStore) -> None:
    start_ns = NOW_NS - 4 * DAY_NS - 1
    store.append(
        [new_span(99, trace=trace_id(99), start_time_ns=start_ns, end_time_ns=start_ns, experiment="A")]
    ).result()
    assert run(store, Limits(age_s=4 * 24 * 3600)) == {("A", "age"): 7, ("B", "age"): 6}
    assert (left(store, "A"), left(store, "B")) == ([4, 3, 2, 1], [14, 13, 12, 11])


def test_exactly_as_many_traces_stay_as_an_experiment_may_have(store: SqliteStore) -> None:
    assert run(store, None, of("A", traces=10)) == Counter()
    assert run(store, None, of("A", traces=3)) == {("A", "traces"): 7}
    assert (left(store, "A"), len(left(store, "B"))) == ([3, 2, 1], 10)
    assert run(store, None, of("A", traces=0)) == {("A", "traces"): 3}
    assert left(store, "A") == []


def test_exactly_as_many_bytes_stay_as_an_experiment_may_have(store: SqliteStore) -> None:
    each = store.experiment_bytes("A") // 10
    assert [old.kept_bytes for old in store.oldest("A", None, 100)] == [each] * 10
    assert run(store, None, of("A", bytes=10 * each)) == Counter()
    assert run(store, None, of("A", bytes=10 * each - 1)) == {("A", "bytes"): 1}
    assert run(store, None, of("A", bytes=4 * each)) == {("A", "bytes"): 5}
    assert left(store, "A") == [4, 3, 2, 1]


def test_a_rule_for_every_other_experiment_holds_where_none_names_it(store: SqliteStore) -> None:
    assert run(store, None, of("A", traces=9), of("*", traces=1)) == {("A", "traces"): 1, ("B", "traces"): 9}


def test_an_age_of_its_own_goes_before_the_general_one(store: SqliteStore) -> None:
    general = Limits(age_s=5 * 24 * 3600)
    assert run(store, general, of("A", age_s=math.inf)) == {("B", "age"): 5}
    assert run(store, general, of("A", age_s=8 * 24 * 3600), of("*", traces=2)) == {
        ("A", "age"): 2,
        ("B", "traces"): 3,
    }


def test_of_all_experiments_together_the_oldest_go(store: SqliteStore) -> None:
    assert run(store, Limits(traces=20)) == Counter()
    # 10 and 20 began at once: the smaller id goes first.
    assert run(store, Limits(traces=17)) == {("A", "all traces"): 2, ("B", "all traces"): 1}
    assert (left(store, "A")[0], left(store, "B")[0]) == (8, 19)


def test_what_goes_by_its_own_limit_counts_for_all(store: SqliteStore) -> None:
    assert run(store, Limits(traces=12), of("A", traces=4)) == {("A", "traces"): 6, ("B", "all traces"): 2}
    assert (left(store, "A"), left(store, "B")) == ([4, 3, 2, 1], [18, 17, 16, 15, 14, 13, 12, 11])


def test_what_is_kept_neither_goes_nor_counts(store: SqliteStore) -> None:
    kept = RetentionRule("A", Limits(), is_kept=True)
    assert run(store, Limits(age_s=9 * 24 * 3600, traces=9), kept) == {("B", "age"): 1}
    assert run(store, Limits(traces=4), kept) == {("B", "all traces"): 5}
    assert (len(left(store, "A")), left(store, "B")) == (10, [14, 13, 12, 11])


def test_a_clock_that_was_set_back_removes_nothing(store: SqliteStore) -> None:
    policy = RetentionPolicy(Limits(age_s=3600))
    assert not list(Retention(store, policy, lambda: START_NS).expired())
    assert not list(Retention(store, policy, lambda: 0).expired())


def test_it_stops_after_a_step_when_told_to(store: SqliteStore) -> None:
    stopping = threading.Event()
    stopping.set()
    removed = Removed()
    Retention(store, RetentionPolicy(Limits(traces=1)), lambda: NOW_NS).run(stopping, removed)
    assert (removed.traces, len(left(store, "A"))) == (Counter(), 10)


def test_the_file_becomes_no_larger_than_it_may_be(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        for number in range(1, 61):
            payload = b"".join((number * 10**6 + i).to_bytes(4, "big") for i in range(12_000))
            store.append([new_span(number, trace=trace_id(number), payload=payload)]).result()
        before, most = store.used_bytes(), 1_000_000
        assert before > 2 * most
        removed = Removed()
        Retention(store, RetentionPolicy(Limits(bytes=most))).run(threading.Event(), removed)
        assert most - 100_000 < store.used_bytes() <= most
        # Of a store that is open, too.
        assert file.stat().st_size <= most
        assert removed.given_back_bytes > before - most - 100_000
        numbers = left(store, "Default")
        assert numbers == list(range(61 - len(numbers), 61))
    assert_sound(file)


def test_a_store_that_cannot_delete_now_is_told_and_what_is_gone_is_audited(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(SqliteStore, "capabilities", replace(store.capabilities, traces_a_step=4))
    really = store.delete_traces
    steps = 0

    def fails_the_second_time(trace_ids: list[bytes]) -> Future[int]:
        nonlocal steps
        steps += 1
        if steps == 2:
            failed = Future[int]()
            failed.set_exception(UnavailableError("The disk is full."))
            return failed
        return really(trace_ids)

    monkeypatch.setattr(store, "delete_traces", fails_the_second_time)
    told: list[Removed] = []
    retention = Retention(store, RetentionPolicy(rules=(of("A", traces=1),)), lambda: NOW_NS)
    keeper = Keeper(retention, 60, told.append)
    with caplog.at_level(logging.WARNING):
        keeper.run_once()
    assert "could not be removed now: The disk is full." in caplog.text
    assert [removed.traces for removed in told] == [{("A", "traces"): 4}]
    keeper.run_once()
    assert left(store, "A") == [1]


def test_a_run_that_has_nothing_to_do_is_no_proof_that_the_disk_can_be_written(tmp_path: Path) -> None:
    commits: list[bool] = []

    def watch(_duration_s: float, _size_bytes: int, is_done: bool) -> None:
        commits.append(is_done)

    with closing(SqliteStore(tmp_path / "store.db", on_commit=watch)) as store:
        Retention(store, RetentionPolicy(Limits(traces=5))).run(threading.Event(), Removed())
        assert commits == []
        store.append([new_span(1)]).result()
        assert commits == [True]


def test_a_server_removes_by_itself_while_traces_come_in_and_are_read(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    most = 30
    wanted = replace(settings, retain_experiments=(of("old", traces=most),), retain_interval_s=0.01)
    with caplog.at_level(logging.INFO), BackgroundServer(wanted) as server:
        for number in range(1, 201):
            assert send(server.url, trace_request(number, "old", text_bytes=2000)).status == 200
            assert send(server.url, trace_request(1000 + number, "new")).status == 200
            if number % 20 == 0:
                assert ask(server.url, "/api/traces?experiment=new").status == 200
        _wait_for(server, {"old": most, "new": 200})
        kept = ask(server.url, f"/api/traces/{trace_id(171).hex()}")
        gone = ask(server.url, f"/api/traces/{trace_id(170).hex()}")
    assert (kept.status, gone.status) == (200, 404)
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "outcrop.audit"]
    expired = [line for line in lines if line["event"] == "traces.expired"]
    assert {(line["by"], line["experiment"], line["limit"]) for line in expired} == {
        ("retention", "old", "traces")
    }
    assert sum(line["deleted"] for line in expired) == 200 - most
    assert_sound(settings.store_file)


def _wait_for(server: BackgroundServer, counts: dict[str, int]) -> None:
    """Asks until it is so; the test's own time limit ends it otherwise."""
    found: dict[str, int] = {}
    while found != counts:
        rows = ask(server.url, "/api/experiments").json["experiments"]
        found = {row["name"]: row["trace_count"] for row in rows}


def test_what_was_said_on_the_page_holds_until_an_option_says_otherwise(store: SqliteStore) -> None:
    by_name = {row.name: row for row in store.experiments()}
    facts = ExperimentFacts("A", retention="traces=1")
    assert store.edit_experiment(by_name["A"].experiment_id, facts).result()
    assert run(store, None, RetentionRule("A", Limits(), is_kept=True)) == Counter()
    assert run(store, None)["A", "traces"] > 0
    assert {row.name: row.trace_count for row in store.experiments()}["A"] == 1


def test_an_option_holds_for_an_experiment_under_a_name_that_it_had(store: SqliteStore) -> None:
    by_name = {row.name: row for row in store.experiments()}
    count = by_name["A"].trace_count
    assert store.edit_experiment(by_name["A"].experiment_id, ExperimentFacts("renamed")).result()
    rules = [RetentionRule("A", Limits(), is_kept=True), RetentionRule("*", Limits(traces=1))]
    run(store, None, *rules)
    assert {row.name: row.trace_count for row in store.experiments()}["renamed"] == count
