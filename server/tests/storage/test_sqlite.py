"""The SQLite store: the conformance suite, and what is its own (processes, files, versions, limits)."""

from __future__ import annotations

import fcntl
import importlib
import json
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from outcrop.filter.parser import parse_filter
from outcrop.genai.usage import Usage
from outcrop_server.model.annotations import TraceEdit, TraceNote
from outcrop_server.model.errors import StoreError, StoreFullError, UnavailableError
from outcrop_server.model.rows import TracePosition
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.summary import TraceSummary
from outcrop_server.storage.api import TraceStore
from outcrop_server.storage.common import columns
from outcrop_server.storage.sqlite import (
    ageing,
    experiment_schema,
    file_lock,
    notes,
    schema,
    statements,
    write,
)
from outcrop_server.storage.sqlite.rollup_rows import check
from outcrop_server.storage.sqlite.rollup_write import RollupWriter
from outcrop_server.storage.sqlite.search import search_sql
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.terms import TermWriter
from server.tests.storage.conformance import TraceStoreConformance
from server.tests.storage.test_sqlite_rollups import write_nothing
from server.tests.storage.writer_process import SPANS, batch
from server.tests.support.annotations import judgement
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, trace_id

# The version that brought them.
FORMER_NAMES = schema.MIGRATIONS.index(experiment_schema.STEP) + 1
WRITER = Path(__file__).with_name("writer_process.py")


class TestSqliteStore(TraceStoreConformance):
    def open(self, folder: Path) -> TraceStore:
        return SqliteStore(folder / "store.db")

    def prepare(self, store: TraceStore) -> None:
        assert isinstance(store, SqliteStore)
        store.fill_words()


@contextmanager
def writer_process(file: Path, first: int, count: int = 0) -> Generator[subprocess.Popen[str], None, None]:
    command = [sys.executable, str(WRITER), str(file), str(first), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own file
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def another_writer(file: Path) -> Generator[None, None, None]:
    """Holds the lock as another process's writer would."""
    with file.with_name(file.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("acknowledged", [1, 20, 150])
def test_every_acknowledged_span_is_there_after_kill_9(tmp_path: Path, acknowledged: int) -> None:
    file = tmp_path / "store.db"
    with writer_process(file, 1) as process:
        assert process.stdout is not None
        seen = [int(process.stdout.readline()) for _ in range(acknowledged)]
        process.kill()
        seen += [int(line) for line in process.stdout.read().split()]
    with closing(SqliteStore(file)) as store:
        for number in seen:
            for span in batch(number):
                kept = store.span(span.trace_id, span.row.span_id)
                assert kept == (span.row, span.payload)
        shared = store.trace(trace_id(0))
        assert shared is not None
        assert shared.row.span_count == len(store.spans(trace_id(0))) >= len(seen) * SPANS // 2
    assert_sound(file)


def test_two_processes_and_this_one_write_at_once(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        with writer_process(file, 1000, 60) as one, writer_process(file, 2000, 60) as two:
            done = [store.append(batch(3000 + i)) for i in range(60)]
            assert sum(each.result() for each in done) == 60 * SPANS
            assert one.communicate()[0].count("\n") == two.communicate()[0].count("\n") == 60
        shared = store.trace(trace_id(0))
        assert shared is not None
        assert shared.row.span_count == len(store.spans(trace_id(0))) == 180 * SPANS // 2
        assert [e.trace_count for e in store.experiments()] == [181]
    assert_sound(file)


def test_a_full_queue_refuses_at_once_and_takes_again_later(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file, max_waiting_bytes=5000)) as store:
        with another_writer(file):
            taken = [store.append([new_span(0, payload=b"x" * 4000)])]
            with pytest.raises(StoreFullError) as refused:
                # The committer may have taken the first from the queue, never two more.
                taken.extend(store.append([new_span(i, payload=b"x" * 4000)]) for i in range(1, 4))
            assert refused.value.retry_after_s >= 1
        assert all(each.result() == 1 for each in taken)
        assert store.append([new_span(9)]).result() == 1


def test_a_writer_that_holds_on_too_long_is_told_to_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outcrop_server.storage.sqlite.store._LOCK_TIMEOUT_S", 0.01)
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        with another_writer(file), pytest.raises(UnavailableError, match="Another process"):
            store.append([new_span(1)]).result()
        assert store.append([new_span(1)]).result() == 1


def test_a_batch_at_fault_does_not_harm_those_committed_with_it(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        with another_writer(file):
            first = store.append([new_span(1)])
            wrong = store.append([new_span(2), new_span(3, start_time_ns=2**70)])
            right = store.append([new_span(4)])
        assert (first.result(), right.result()) == (1, 1)
        with pytest.raises(OverflowError):
            wrong.result()
        assert [span.name for span in store.spans(TRACE)] == ["span 1", "span 4"]


def test_a_full_disk_is_told_and_nothing_is_half_kept(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        store.append([new_span(1)]).result()
        committer = store._committer  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no disk to fill
        limit = "PRAGMA max_page_count = 40"
        committer._connection.execute(limit)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as above
        big = b"".join(i.to_bytes(4, "big") for i in range(500_000))
        with pytest.raises(UnavailableError, match="full"):
            store.append([new_span(2, payload=big)]).result()
        assert len(store.spans(TRACE)) == 1
        assert store.append([new_span(3)]).result() == 1
    assert_sound(file)


def test_lists_read_the_index_in_order_and_sort_nothing(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    with closing(sqlite3.connect(file)) as connection:
        for condition, index in (
            ("", "trace_by_start"),
            (f" WHERE {statements.AFTER}", "trace_by_start"),
            (f" WHERE {statements.IN_EXPERIMENT}", "trace_by_experiment"),
            (f" WHERE {statements.IN_EXPERIMENT} AND {statements.AFTER}", "trace_by_experiment"),
        ):
            query = statements.SELECT_TRACES + condition + statements.NEWEST_FIRST
            plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", [1] * query.count("?")).fetchall()
            steps = " / ".join(step[3] for step in plan)
            assert index in steps
            assert "TEMP B-TREE" not in steps


def test_the_oldest_traces_are_read_from_the_index_in_order(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    with closing(sqlite3.connect(file)) as connection:
        for after in (None, TracePosition(1, b"x")):
            query = ageing.oldest_sql(after)
            plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", [1] * query.count("?")).fetchall()
            steps = " / ".join(step[3] for step in plan)
            assert "trace_by_experiment" in steps
            assert "TEMP B-TREE FOR ORDER BY" not in steps


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "store.db"
    with closing(SqliteStore(file)) as store:
        store.append([new_span(1)]).result()
        for each in file.parent.iterdir():
            assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each.name


# Version 3 brought metadata and judgements, version 2 costs; version 7 whether a root has come; version 8 how
# long spans took.
NEW_COLUMNS = {
    2: ("cost_nano_usd", "unpriced_calls", "cost_reason", "vendor", "response_model"),
    3: ("metadata",),
    7: ("has_root",),
    8: ("longest_span_ns", "shortest_span_ns"),
}


@contextmanager
def made_by_version(version: int, monkeypatch: pytest.MonkeyPatch) -> Generator[None, None, None]:
    """What is made within is made as an older Outcrop did."""
    new = {name for since, names in NEW_COLUMNS.items() if since > version for name in names}
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
        for names, make in (("TRACE", "from_trace"), ("SPAN", "from_span")):
            all_names = getattr(columns, names)
            old_names = _without(all_names, new)
            patch.setattr(columns, names, old_names)
            cut = all_names.count(",") - old_names.count(",")
            patch.setattr(columns, make, _cut(getattr(columns, make), cut))
        patch.setattr(TraceSummary, "keys", _old_keys(TraceSummary.keys))
        patch.setattr(TermWriter, "add", _add_no_terms)
        if version < FORMER_NAMES:
            patch.setattr(write, "find_experiment", _found_by_name)
        patch.setattr(notes, "take_notes", lambda *_: dict[bytes, TraceNote]())  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]  # none were kept then
        # Version 4 brought rollups.
        patch.setattr(RollupWriter, "write", write_nothing)
        importlib.reload(statements)
        yield
    importlib.reload(statements)


def _found_by_name(connection: sqlite3.Connection, name: str) -> int | None:
    """As it was before experiments had former names."""
    found = connection.execute(statements.FIND_EXPERIMENT, (name,)).fetchone()
    return None if found is None else int(found[0])


def _add_no_terms(*_: Any) -> None:
    """As it was before there were any."""


def _cut(make: Callable[[Any], tuple[Any, ...]], count: int) -> Callable[[Any], tuple[Any, ...]]:
    return lambda row: make(row)[: len(make(row)) - count]


def _old_keys(keys: Callable[[TraceSummary], str]) -> Callable[[TraceSummary], str]:
    """As they were before metadata."""

    def old(summary: TraceSummary) -> str:
        first, last, singles, names = json.loads(keys(summary))
        return json.dumps([first, last, singles, names[:3]])

    return old


def _without(names: str, left_out: set[str]) -> str:
    return ", ".join(name for name in names.split(", ") if name not in left_out)


def test_a_store_of_the_first_version_becomes_the_newest_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    call, other = model_call(2, 1, usage=Usage(10, 5)), new_span(7, trace=trace_id(7))
    with made_by_version(1, monkeypatch), closing(SqliteStore(file)) as store:
        store.append([new_span(1, span_type="AGENT"), call, other]).result()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchall() == [(1,)]
        assert "cost_nano_usd" not in str(connection.execute("SELECT sql FROM sqlite_master").fetchall())
    with closing(SqliteStore(file)) as store:
        kept = store.span(TRACE, call.row.span_id)
        assert kept == (call.row._replace(cost_reason="not-priced"), call.payload)
        whole = store.trace(TRACE)
        assert whole is not None
        # An old call is not free: the sum says that it is not in it, also when priced calls come later.
        assert (whole.row.cost_nano_usd, whole.row.unpriced_calls) == (None, 1)
        assert whole.row.usage == Usage(10, 5)
        store.append([model_call(3, 1, cost_nano_usd=9)]).result()
        later = store.trace(TRACE)
        assert later is not None
        assert (later.row.cost_nano_usd, later.row.unpriced_calls, later.row.span_count) == (9, 1, 3)
        untouched = store.trace(trace_id(7))
        assert untouched is not None
        assert (untouched.row.unpriced_calls, untouched.row.cost_reason) == (0, None)
    SqliteStore(file).close()
    assert_sound(file)


def test_a_store_from_before_judgements_takes_them_and_keeps_its_tags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    with made_by_version(2, monkeypatch), closing(SqliteStore(file)) as store:
        store.append(
            [new_span(1, tags={"team": "blue", "env": "test"}), model_call(2, 1, cost_nano_usd=7)]
        ).result()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchall() == [(2,)]
        assert "assessment" not in str(connection.execute("SELECT sql FROM sqlite_master").fetchall())
    with closing(SqliteStore(file)) as store:
        old = store.trace(TRACE)
        assert old is not None
        assert (old.row.tags, old.row.metadata) == ({"team": "blue", "env": "test"}, {})
        assert store.edit_trace(TRACE, TraceEdit({"env": None}, {"git": "abc"})).result()
        assert store.add_assessment(judgement(1)).result()
        store.append(
            [model_call(3, 1, cost_nano_usd=1, tags={"env": "again"}, metadata={"host": "h"})]
        ).result()
        whole = store.trace(TRACE)
        assert whole is not None
        assert whole.row.tags == {"team": "blue"}
        assert whole.row.metadata == {"git": "abc", "host": "h"}
        assert (whole.row.cost_nano_usd, whole.row.span_count) == (8, 3)
        assert store.assessments(TRACE) == [judgement(1)]
    assert_sound(file)


def test_a_search_of_one_experiments_newest_traces_reads_the_index(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    position = (START_NS, trace_id(1).hex())
    for search, index in (
        (TraceSearch(parse_filter("status = 'ERROR'")), "trace_by_start"),
        (TraceSearch(experiments=("a",), after=position), "trace_by_experiment"),
    ):
        statement = search_sql(search)
        with closing(sqlite3.connect(file)) as connection:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", statement.values).fetchall()
        steps = " / ".join(step[3] for step in plan)
        assert index in steps
        assert "TEMP B-TREE" not in steps


def test_deleting_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        store.append([new_span(1), new_span(2, 1), new_span(3, trace=trace_id(7))]).result()
        store.append([new_span(4, 99)]).result()
        store.add_assessment(judgement(1)).result()
        assert store.delete_traces([TRACE]).result() == 1
    with closing(sqlite3.connect(file)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own tables
            for table in ("trace", "span", "payload", "assessment", "missing_parent", "trace_change")
        ]
    assert counts == [1, 1, 1, 0, 0, 1]
    assert_sound(file)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    SqliteStore(file).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 0)")
        connection.commit()
    with pytest.raises(StoreError, match="Upgrade"):
        SqliteStore(file)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(file)


def test_a_file_that_is_no_database_is_said_plainly(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"these are notes, not a database. " * 1000)
    with pytest.raises(StoreError, match="not a database"):
        SqliteStore(file)


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        SqliteStore(tmp_path / "file" / "store.db")


def test_the_lock_is_free_again_after_use(tmp_path: Path) -> None:
    lock = file_lock.FileLock(tmp_path / "lock", 1)
    for _ in range(2):
        with lock.held():
            pass
    lock.close()


def assert_sound(file: Path) -> None:
    """SQLite's own check, that no span or frame is left without the other, and that rollups are right."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        orphans = "SELECT count(*) FROM payload WHERE payload_id NOT IN (SELECT payload_id FROM span)"
        assert connection.execute(orphans).fetchall() == [(0,)]
        assert check(connection) == []
