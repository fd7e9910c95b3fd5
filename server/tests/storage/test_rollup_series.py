"""Names of calls that are too many to be kept apart: what is counted under them stays right."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from outcrop.filter.parser import parse_filter
from outcrop_server.model.aggregates import OTHER, AggregateQuery, GroupKey
from outcrop_server.model.new_span import NewSpan
from outcrop_server.storage.sqlite import rollup_series
from outcrop_server.storage.sqlite.rollup_rows import check, rebuild
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.spans import model_call, new_span, trace_id

MOST = 4


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.setattr(rollup_series, "MAX_SERIES", MOST)
    with closing(SqliteStore(tmp_path / "store.db")) as opened:
        yield opened


def call(number: int, model: str = "claude", experiment: str = "a") -> list[NewSpan]:
    """A trace of one call, whose name has the number in it."""
    named: dict[str, Any] = {"experiment": experiment, "is_experiment_named": True, "trace": trace_id(number)}
    return [new_span(1, **named), model_call(2, 1, name=f"order {number}", model=model, **named)]


def counts(store: SqliteStore, *group_by: GroupKey, **asked: object) -> dict[tuple[object, ...], int]:
    answer = store.aggregate(AggregateQuery(group_by=group_by, **asked))  # type: ignore[arg-type] # any field
    assert answer.has_others is any(OTHER in group.key for group in answer.groups)
    return {group.key: group.calls.count for group in answer.groups}


def faults(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return check(connection)


def test_behind_the_most_new_names_count_as_others_and_no_call_is_lost(
    store: SqliteStore, tmp_path: Path
) -> None:
    for number in range(10):
        store.append(call(number)).result()
    store.append(call(20, experiment="b")).result()
    expected = {(f"order {number}",): 1 for number in range(MOST)}
    assert counts(store, "operation", experiments=("a",)) == {**expected, (OTHER,): 6}
    # Another experiment has its own, and what is still told apart is as it was.
    assert counts(store, "operation", experiments=("b",)) == {("order 20",): 1}
    assert counts(store, "model") == {("claude",): 11}
    assert counts(store) == {(): 11}
    # Rows hold every name.
    by_row = counts(store, "operation", where=parse_filter("span_count > 0"))
    assert by_row == {(f"order {number}",): 1 for number in (*range(10), 20)}
    assert faults(tmp_path / "store.db") == []


def test_models_are_kept_until_there_are_twice_as_many(store: SqliteStore, tmp_path: Path) -> None:
    for number in range(4 * MOST):
        store.append(call(number, model=f"model {number}")).result()
    kept = {(f"model {number}",): 1 for number in range(2 * MOST)}
    assert counts(store, "model") == {**kept, (OTHER,): 2 * MOST}
    assert counts(store, "span_type") == {("LLM",): 2 * MOST, (OTHER,): 2 * MOST}
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        kinds = "SELECT kind, count(*) FROM rollup_series GROUP BY kind"
        assert dict(connection.execute(kinds).fetchall()) == {0: 1, 1: 2 * MOST + 1, 2: 1}
    # What is asked of one model may be among the others: it is said.
    answer = store.aggregate(AggregateQuery(models=("model 1", "model 15")))
    assert (answer.groups[0].calls.count, answer.has_others) == (1, True)
    assert not store.aggregate(AggregateQuery(models=("model 1",), experiments=("b",))).has_others
    assert faults(tmp_path / "store.db") == []


def test_calls_are_taken_from_where_they_were_added_by_whichever_store(
    store: SqliteStore, tmp_path: Path
) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as other:
        for number in range(40):
            for span in call(number, model=f"model {number % 9}", experiment=chance.choice("ab")):
                chance.choice([store, other]).append([span]).result()
            if number % 3 == 0:
                chance.choice([store, other]).delete_traces([trace_id(chance.randrange(number + 1))]).result()
        assert faults(file) == []
        other.delete_traces([trace_id(number) for number in range(40)]).result()
    assert counts(store, "operation") == {}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM rollup").fetchall() == [(0,)]
        # Names stay, so that none counts under two series.
        assert connection.execute("SELECT count(*) FROM rollup_series WHERE kind = 1").fetchone()[0] > MOST
    store.append(call(39)).result()
    assert faults(file) == []


def test_rollups_made_anew_count_the_same_names(store: SqliteStore, tmp_path: Path) -> None:
    for number in range(3 * MOST):
        store.append(call(number)).result()
    before = counts(store, "operation")
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        rebuild(connection)
        connection.commit()
    assert counts(store, "operation") == before
    assert faults(tmp_path / "store.db") == []


def test_a_transaction_that_fails_leaves_room_for_the_next_ones_names(
    store: SqliteStore, tmp_path: Path
) -> None:
    wrong = new_span(3, trace=trace_id(99), start_time_ns=2**70, end_time_ns=2**70)
    with pytest.raises(OverflowError):
        store.append([*(span for number in range(2 * MOST) for span in call(number)), wrong]).result()
    store.append(call(50)).result()
    assert counts(store, "operation") == {("order 50",): 1}
    assert faults(tmp_path / "store.db") == []
