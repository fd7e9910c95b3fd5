"""What version 8 brought: packed histograms, so many names, durations of spans; made of what there was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from outcrop.filter.parser import parse_filter
from outcrop_server.model.aggregates import OTHER, AggregateQuery
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.sqlite import rollup_series
from outcrop_server.storage.sqlite.rollup_rows import check
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.upkeep.migrating import migrate_store, plan_of
from server.tests.storage.test_sqlite import made_by_version
from server.tests.support.aggregates import a_trace
from server.tests.support.spans import START_NS, model_call, trace_id

DAY_NS = 86_400 * 10**9


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of version 7: of ten traces one has a slow span, and each a call of another name."""
    file = tmp_path / "store.db"
    with made_by_version(7, monkeypatch), closing(SqliteStore(file)) as store:
        for number in range(1, 11):
            slow_ns = DAY_NS if number == 3 else 10**6
            times = {"start_time_ns": START_NS, "end_time_ns": START_NS + slow_ns}
            named = model_call(9, 1, name=f"order {number}", trace=trace_id(number), **times)
            store.append([*a_trace(number, number), named]).result()
    # As that version summed up: what it counted is thrown away.
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO rollup_series VALUES (1, 1, 1, 'm', 'gone', 'LLM')")
        connection.execute("INSERT INTO rollup VALUES (60, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0)")
        connection.execute("INSERT INTO rollup_histogram VALUES (60, 0, 1, 1, 300, 3)")
        connection.commit()
    return file


def asked(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()


def test_it_is_made_on_a_copy_and_is_what_a_new_store_is(old: Path, tmp_path: Path) -> None:
    assert plan_of(old).on_copy
    migrate_store(old)
    new = tmp_path / "new.db"
    SqliteStore(new).close()
    shape = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    assert asked(old, shape) == asked(new, shape)


def test_it_counts_anew_what_the_rows_say(old: Path) -> None:
    with closing(SqliteStore(old)) as store:
        (only,) = store.aggregate(AggregateQuery()).groups
        assert only.traces is not None
        assert (only.traces.count, only.calls.count) == (10, 30)
        by_row = AggregateQuery(group_by=("time", "model"), where=parse_filter("span_count > 0"))
        assert store.aggregate(AggregateQuery(group_by=("time", "model"))) == store.aggregate(by_row)
    with closing(sqlite3.connect(old)) as connection:
        assert check(connection) == []


def test_names_that_are_too_many_are_put_together(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup_series, "MAX_SERIES", 5)
    with closing(SqliteStore(old)) as store:
        answer = store.aggregate(AggregateQuery(group_by=("operation",)))
        counts = {group.key: group.calls.count for group in answer.groups}
        named = {(f"order {number}",): 1 for number in (1, 2, 3)}
        assert counts == {("chat",): 10, ("embed",): 10, **named, (OTHER,): 7}
        assert answer.has_others
        store.delete_traces([trace_id(number) for number in range(1, 11)]).result()
    assert asked(old, "SELECT count(*) FROM rollup") == [(0,)]


def test_slow_spans_of_before_are_found_and_no_trace_has_changed_for_those_who_follow(old: Path) -> None:
    changes = asked(old, "SELECT * FROM trace_change ORDER BY change")
    with closing(SqliteStore(old)) as store:
        assert asked(old, "SELECT * FROM trace_change ORDER BY change") == changes
        found = store.search(TraceSearch(parse_filter("span.latency > 1h")))
        assert [each.trace.row.trace_id for each in found] == [trace_id(3)]
        whole = store.trace(trace_id(4))
        assert whole is not None
        assert (whole.row.longest_span_ns, whole.row.shortest_span_ns) == (10**9, 10**6)
        # From now on changes are numbered as before.
        store.append([model_call(8, 1, trace=trace_id(4))]).result()
        assert asked(old, "SELECT max(change) FROM trace_change") == [(len(changes) + 1,)]
