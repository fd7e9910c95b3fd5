"""What a commit costs does not grow with the store. Counted in steps of SQLite's machine, not in time."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outcrop.genai.usage import Usage
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.new_span import NewSpan
from outcrop_server.storage.common.prepared import prepare
from outcrop_server.storage.sqlite import judging
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.write import Writer
from server.tests.support.spans import START_NS, model_call, new_span, trace_id

MINUTE_NS = 60 * 10**9
SMALL, LARGE = 30, 3_000


def _spans(number: int, minute: int, *more: NewSpan) -> list[NewSpan]:
    """A trace of three spans in a minute of its own, with everything that is counted and indexed."""
    trace, start_ns = trace_id(number), START_NS + minute * MINUTE_NS
    facts: dict[str, Any] = {
        "trace": trace,
        "start_time_ns": start_ns,
        "end_time_ns": start_ns + number * 1000,
        "session_id": f"session {number % 50}",
        "user_id": f"user {number % 7}",
    }
    return [
        new_span(1, tags={"env": "prod"}, **facts),
        model_call(2, 1, usage=Usage(number, 5), cost_nano_usd=number, **facts),
        new_span(3, 1, name="tool", span_type="TOOL", tools=("tool",), **facts),
        *more,
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    found: list[Path] = []
    for count in (SMALL, LARGE):
        file = tmp_path_factory.mktemp("store") / "store.db"
        with closing(SqliteStore(file)) as store:
            for first in range(1, count + 1, 500):
                numbers = range(first, min(first + 500, count + 1))
                store.append([span for number in numbers for span in _spans(number, number)]).result()
        found.append(file)
    small, large = found
    return small, large


def _tick(ticks: Iterator[int]) -> bool:
    """Whether to stop: never."""
    return next(ticks) < 0


def _steps(file: Path, work: Callable[[Writer], object]) -> int:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        writer, ticks = Writer(connection), itertools.count()
        connection.execute("BEGIN IMMEDIATE")
        # What a process has to learn once.
        writer.write(prepare(_spans(100_001, 1)))
        writer.finish()
        connection.set_progress_handler(partial(_tick, ticks), 10)
        work(writer)
        writer.finish()
        connection.set_progress_handler(None, 0)
        connection.execute("ROLLBACK")
        return next(ticks)


def _new_traces(writer: Writer) -> None:
    writer.write(prepare([span for number in range(1, 9) for span in _spans(200_000 + number, number)]))


def _late_spans(writer: Writer) -> None:
    # They make their trace longer, and begin before it: its calls count in another minute then.
    late = [new_span(9, 1, trace=trace_id(number), start_time_ns=START_NS) for number in range(1, 9)]
    writer.write(prepare(late))


def _edits(writer: Writer) -> None:
    writer.edit_trace(trace_id(5), TraceEdit(tags={"env": "dev"}))


def _deletions(writer: Writer) -> None:
    judging.delete_traces(writer, [trace_id(number) for number in range(3, 9)])


@pytest.mark.parametrize("work", [_new_traces, _late_spans, _edits, _deletions])
def test_writing_costs_as_much_in_a_large_store_as_in_a_small_one(
    files: tuple[Path, Path], work: Callable[[Writer], object]
) -> None:
    of_small, of_large = (_steps(file, work) for file in files)
    assert 0 < of_large <= of_small * 1.2 + 20
