"""Trees and changes in SQLite: older stores, what is forgotten, and what a page costs."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from outcrop_server.model.tree import SpanPosition
from outcrop_server.storage.sqlite import changes, tree
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.storage.test_sqlite import assert_sound, made_by_version
from server.tests.support.spans import START_NS, TRACE, new_span, span_id, trace_id


def test_a_store_from_before_trees_knows_its_orphans_and_numbers_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "store.db"
    with made_by_version(2, monkeypatch), closing(SqliteStore(file)) as store:
        store.append([new_span(1), new_span(2, 1)]).result()
    with closing(sqlite3.connect(file)) as connection:
        # As an Outcrop of then left a trace whose root had not come.
        connection.execute("UPDATE span SET parent_id = ? WHERE span_id = ?", (span_id(9), span_id(1)))
        connection.execute("UPDATE trace SET summary_keys = replace(summary_keys, '[[0,', '[[1,')")
        connection.commit()
    with closing(SqliteStore(file)) as store:
        assert [row.span_id for row in store.top_spans(TRACE, None, 10)] == [span_id(1)]
        old = store.trace(TRACE)
        assert old is not None
        assert not old.row.has_root
        start = store.last_change()
        store.append([new_span(9)]).result()
        assert [row.span_id for row in store.top_spans(TRACE, None, 10)] == [span_id(9)]
        changed = store.changes(start, 10)
        assert changed is not None
        assert [(each.trace.row.trace_id, each.trace.row.has_root) for each in changed] == [(TRACE, True)]
    assert_sound(file)


def test_changes_of_long_ago_are_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        store.append([new_span(1, trace=trace_id(number)) for number in range(1, 6)]).result()
        start = store.last_change()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(
                "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'trace_change'", (changes.HISTORY,)
            )
            connection.commit()
        assert store.changes(start, 10) == []
        store.append([new_span(2, trace=trace_id(1))]).result()
        assert store.changes(start, 10) is None
        with closing(sqlite3.connect(file)) as connection:
            # The one that fell out of the history has no row any more either.
            assert connection.execute("SELECT count(*) FROM trace_change").fetchall() == [(1,)]


def _tick(ticks: Iterator[int]) -> bool:
    """Whether to stop: never."""
    return next(ticks) < 0


def test_a_frame_costs_as_much_in_a_trace_of_many_as_in_one_of_few(tmp_path: Path) -> None:
    """An agent that runs for days sends its spans one by one: each is a frame of its own."""
    file = tmp_path / "store.db"
    traces = {trace_id(1): 5, trace_id(2): 500}
    with closing(SqliteStore(file)) as store:
        for trace, count in traces.items():
            payloads = [f"payload {number}".encode() for number in range(1, count + 1)]
            for number, payload in enumerate(payloads, 1):
                store.append([new_span(number, trace=trace, payload=payload)]).result()
            assert [*store.payloads(trace)] == payloads
    counts: list[int] = []
    with closing(sqlite3.connect(file)) as connection:
        for trace, number in traces.items():
            (payload_id,) = connection.execute(
                "SELECT payload_id FROM span JOIN trace USING (trace_key) WHERE trace_id = ? AND span_id = ?",
                (trace, span_id(number)),
            ).fetchone()
            ticks = itertools.count()
            connection.set_progress_handler(partial(_tick, ticks), 1)
            found = connection.execute(sql.SELECT_FRAME_OF_SPAN, (payload_id, trace, span_id(number)))
            assert len(found.fetchall()) == 1
            connection.set_progress_handler(None, 0)
            counts.append(next(ticks))
            # Where the number has become another trace's, none of this one's spans is in it.
            other = connection.execute(sql.SELECT_FRAME_OF_SPAN, (payload_id, trace, span_id(1)))
            assert other.fetchall() == []
    of_few, of_many = counts
    assert 0 < of_many <= of_few * 1.1 + 5


def test_a_page_of_a_large_tree_costs_as_much_as_one_of_a_small_tree(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine: they do not depend on how busy this one is."""
    file = tmp_path / "store.db"
    small, large = trace_id(1), trace_id(2)
    with closing(SqliteStore(file)) as store:
        for trace, count in ((small, 600), (large, 50_000)):
            spans = [new_span(1, trace=trace, payload=b"")]
            spans += [new_span(number, 1, trace=trace, payload=b"") for number in range(2, count // 2)]
            orphans = range(count // 2, count)
            spans += [new_span(number, 10**9, trace=trace, payload=b"") for number in orphans]
            store.append(spans).result()

    def steps(read: Callable[[sqlite3.Connection, bytes], object]) -> list[int]:
        counts: list[int] = []
        for trace in (small, large):
            with closing(sqlite3.connect(file)) as connection:
                ticks = itertools.count()
                connection.set_progress_handler(partial(_tick, ticks), 10)
                read(connection, trace)
                counts.append(next(ticks))
        return counts

    behind = SpanPosition(span_id(10**9), START_NS + 400_000, span_id(400))
    reads: tuple[Callable[[sqlite3.Connection, bytes], object], ...] = (
        lambda connection, trace: tree.top_spans(connection, trace, None, 50),
        lambda connection, trace: tree.top_spans(connection, trace, behind, 50),
        lambda connection, trace: tree.child_spans(connection, trace, span_id(1), None, 50),
        lambda connection, trace: tree.subtree(connection, trace, span_id(1), 200),
        # One without anything below it, as most are.
        lambda connection, trace: tree.subtree(connection, trace, span_id(2), 200),
        lambda connection, trace: tree.span_page(connection, trace, span_id(100), 50),
    )
    for read in reads:
        of_small, of_large = steps(read)
        assert 0 < of_large <= of_small * 1.1 + 5
