"""Of the SQLite engine's rollups what the contract does not say: their check, older stores, work, plans."""

# ruff: noqa: S608 - of our own tables

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from outcrop.filter.parser import parse_filter
from outcrop_server.model.aggregates import AggregateQuery, Count, GroupKey, SessionPosition, SessionQuery
from outcrop_server.model.rows import TracePosition
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.common.rollup_rows import LEVELS_S, stretches
from outcrop_server.storage.sqlite import facets, rollup_schema
from outcrop_server.storage.sqlite.aggregate import aggregate
from outcrop_server.storage.sqlite.aggregate_scope import rollup_scope
from outcrop_server.storage.sqlite.rollup_rows import check, rebuild
from outcrop_server.storage.sqlite.sessions import session_traces_sql, sessions_sql
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.aggregates import START_S, a_trace
from server.tests.support.spans import START_NS, model_call, new_span, trace_id

TABLES = ("rollup", "session")


def write_nothing(*_: object) -> None:
    """Of an Outcrop that knew no rollups, or no terms."""


def fill(file: Path, seed: int = 1) -> None:
    """A store to which traces came in pieces and any order, and of which some were deleted."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    with closing(SqliteStore(file)) as store:
        spans = [
            span
            for number in range(40)
            for span in a_trace(
                number,
                chance.randrange(2000),
                session_id=chance.choice([None, "s-1", "s-2", "s-3"]),
                failed=chance.choice([None, "Throttled"]),
            )
        ]
        chance.shuffle(spans)
        for at in range(0, len(spans), 7):
            store.append(spans[at : at + 7]).result()
        store.delete_traces([trace_id(number) for number in range(0, 40, 3)]).result()


def make_anew(connection: sqlite3.Connection) -> None:
    """As the step does that packs histograms."""
    for statement in rollup_schema.PACKED:
        connection.execute(statement)
    rebuild(connection)


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is counted, by the names of series: their numbers say in which order they came."""
    statements = {
        "rollup": "SELECT * FROM rollup JOIN rollup_series USING (series_id)",
        "session": "SELECT * FROM session",
    }
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return {
            name: sorted(
                tuple(row[column] for column in row.keys() if column != "series_id")  # noqa: SIM118 - a row's values are no names
                for row in connection.execute(statement)
            )
            for name, statement in statements.items()
        }


@pytest.mark.parametrize("seed", range(3))
def test_the_check_finds_nothing_in_a_store_that_was_written_rightly(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "store.db"
    fill(file, seed)
    assert all(tables(file).values())
    with closing(sqlite3.connect(file)) as connection:
        assert check(connection) == []


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("harm", ["missing", "wrong", "too much"])
def test_the_check_names_what_is_missing_wrong_or_too_much(tmp_path: Path, table: str, harm: str) -> None:
    file = tmp_path / "store.db"
    fill(file)
    count, key = ("trace_count", "session_id") if table == "session" else ("count", "level_s")
    statements = {
        "missing": [f"DELETE FROM {table} WHERE {key} IN ('s-1', 60)"],
        "wrong": [f"UPDATE {table} SET {count} = {count} + 1 WHERE {key} IN ('s-1', 60)"],
        "too much": [
            f"CREATE TEMP TABLE spare AS SELECT * FROM {table} LIMIT 1",
            f"UPDATE spare SET {key} = {key} || '1'",
            f"INSERT INTO {table} SELECT * FROM spare",
        ],
    }
    harmed(file, table, statements[harm])


def test_the_check_names_durations_that_are_counted_wrongly(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    fill(file)
    for column in ("latency", "first_chunk"):
        harm = f"UPDATE rollup SET {column}_first = {column}_first + 1 WHERE {column} <> x''"
        faults = harmed(file, "rollup", [harm])
        assert all(" has other durations at (" in fault for fault in faults)


def harmed(file: Path, table: str, statements: list[str]) -> list[str]:
    """What the check says of a store after these; it is whole again behind."""
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        faults = check(connection)
        assert faults
        assert all(fault.startswith(f"{table} has ") for fault in faults)
        rebuild(connection)
        assert check(connection) == []
        return faults


def test_rollups_made_anew_are_those_that_were_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "store.db"
    fill(file)
    # In many pieces, as a large store is.
    monkeypatch.setattr("outcrop_server.storage.sqlite.rollup_rows._GATHERED", 5)
    before = tables(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("UPDATE rollup SET latency_first = 1; DELETE FROM session")
        assert check(connection)
        rebuild(connection)
        connection.commit()
    assert tables(file) == before


def test_a_store_from_before_rollups_is_rolled_up_when_it_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    fill(file)
    before = tables(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP INDEX trace_by_session")
        for name in ("rollup", "rollup_series", "session"):
            connection.execute(f"DROP TABLE {name}")
        # The step that brought them, and the one that packed them.
        for statement in rollup_schema.TABLES:
            connection.execute(statement)
        make_anew(connection)
        connection.commit()
    assert tables(file) == before
    with closing(SqliteStore(file)) as store:
        (only,) = store.aggregate(AggregateQuery()).groups
        assert only.traces is not None
        assert (only.traces.count, only.calls.count) == (26, 52)
        assert store.sessions(SessionQuery())
        store.append(a_trace(1, 5)).result()
        store.append(a_trace(99, 5)).result()
    with closing(sqlite3.connect(file)) as connection:
        assert check(connection) == []


def test_a_batch_that_fails_leaves_nothing_in_the_rollups(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        wrong = new_span(3, trace=trace_id(2), start_time_ns=2**70, end_time_ns=2**70)
        with pytest.raises(OverflowError):
            store.append([*a_trace(1), wrong]).result()
        store.append(a_trace(5)).result()
    with closing(sqlite3.connect(file)) as connection:
        assert check(connection) == []
        assert connection.execute("SELECT sum(count) FROM rollup WHERE level_s = 60").fetchall() == [(5,)]


@pytest.mark.parametrize("levels", [LEVELS_S, LEVELS_S[:2], LEVELS_S[:1]])
def test_stretches_cover_a_range_once_and_are_few(levels: tuple[int, ...]) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    for _ in range(500):
        since = chance.randrange(0, 100_000) * 60
        until = since + chance.choice([0, 60, 900, 5000 // 60 * 60, 14_400, 86_400, 86_460])
        parts = stretches(since, until, levels)
        assert len(parts) <= 2 * len(levels) - 1
        at = since
        for level, first, last in parts:
            assert (first, first % level, last % level) == (at, 0, 0)
            assert last > first
            at = last
        assert at == until


@pytest.mark.parametrize(
    ("text", "group_by", "is_of_rollups"),
    [
        ("", ("time", "model", "operation", "span_type", "experiment"), True),
        ("experiment = 'a' AND NOT (experiment LIKE 'b%' OR experiment IN ('c'))", (), True),
        ("", ("session",), False),
        ("", ("user", "time"), False),
        ("model = 'claude'", (), False),
        ("experiment = 'a' OR status = 'ERROR'", (), False),
        ("span.model = 'claude'", (), False),
    ],
)
def test_what_rollups_answer(text: str, group_by: tuple[GroupKey, ...], is_of_rollups: bool) -> None:
    query = AggregateQuery(where=parse_filter(text), group_by=group_by)
    assert (rollup_scope(query) is not None) is is_of_rollups


def test_work_has_a_bound_and_what_was_not_seen_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.append([new_span(1, trace=trace_id(number)) for number in range(3000)]).result()
        nothing = TraceSearch(parse_filter("name = 'nothing'"))
        everything = TraceSearch(parse_filter("name = 'span 1'"))
        assert store.count(nothing, 100) == Count(0, is_exact=True)
        assert store.facets(everything, 5, 5000).trace_count == 3000
        monkeypatch.setattr(facets, "MAX_STEPS", 10_000)
        assert store.count(nothing, 100) == Count(0, is_exact=False)
        some = store.facets(everything, 5, 5000)
        assert 0 < some.trace_count < 3000
        assert not some.is_exact
        monkeypatch.undo()
        # The connection that was stopped serves as before.
        assert store.count(everything, 5000) == Count(3000, is_exact=True)


def test_facets_and_pages_of_sessions_and_their_traces_read_an_index_in_order(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    position = SessionPosition(START_NS, "1", "s")
    with closing(sqlite3.connect(file)) as connection:

        def plan(text: str, values: tuple[object, ...]) -> str:
            steps = connection.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
            return " / ".join(step[3] for step in steps)

        for query, index in (
            (SessionQuery(after=position), "session_by_last"),
            (SessionQuery(("a",), after=position), "session_by_experiment"),
        ):
            steps = plan(*sessions_sql(query))
            assert index in steps
            assert "TEMP B-TREE" not in steps
        for experiments, index in (
            ((), "trace_by_start"),
            (("a",), "trace_by_experiment"),
            (("a", "b"), "trace_by_start"),
        ):
            search = TraceSearch(parse_filter("name = 'x'"), experiments=experiments)
            steps = plan(*facets.matching_sql("1", search, 9))
            assert index in steps
            assert "TEMP B-TREE" not in steps
        after = TracePosition(START_NS, trace_id(1))
        for experiment in (None, "a"):
            steps = plan(*session_traces_sql("s", experiment, after, 9))
            assert "trace_by_session" in steps
            assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize("name", ['"', "\\", "a\x00b", "\x01\x1f", "日本 \U0001f9ea", "'", "", "null"])
def test_names_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.append([model_call(1, name=name, model=f"m{name}")]).result()
        (only,) = store.aggregate(AggregateQuery(group_by=("operation", "model"))).groups
    assert only.key == (name, f"m{name}")


def test_moments_far_apart_are_read_in_few_steps(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    minutes = [-START_S // 60, -1_000_000, 0, 1, 63, 64, 65, 5_000, 9_000_000]
    with closing(SqliteStore(file)) as store:
        for number, minute in enumerate(minutes):
            store.append(a_trace(number, minute)).result()
    for query in (AggregateQuery(), AggregateQuery(group_by=("time",), interval_s=60)):
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            statements: list[str] = []
            connection.set_trace_callback(statements.append)
            answer = aggregate(connection, query)
        assert [group.calls.count for group in answer.groups] == ([2] * 9 if query.group_by else [18])
        # One for each of the times that lie apart, one to begin, and those around.
        assert len(statements) < 12
