"""What comes together in one transaction is stored as if each part had a transaction of its own."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from outcrop_server.model.annotations import TraceEdit
from outcrop_server.storage.common.prepared import prepare
from outcrop_server.storage.sqlite import judging
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.write import Writer
from server.tests.storage.test_sqlite import assert_sound
from server.tests.support.spans import model_call, new_span, trace_id

Work = Callable[[Writer], Any]
TRACES = 6


def works_of(chance: random.Random) -> list[Work]:
    """Batches with spans of few traces, some of which come twice; edits and deletions between them."""
    found: list[Work] = []
    for _ in range(30):
        kind = chance.random()
        trace = trace_id(chance.randrange(1, TRACES))
        if kind < 0.1:
            found.append(partial(judging.delete_traces, trace_ids=[trace]))
        elif kind < 0.25:
            edit = TraceEdit(tags={"env": chance.choice(["prod", "dev", None])})
            found.append(partial(Writer.edit_trace, trace_id=trace, edit=edit))
        else:
            traces = prepare([_span(chance) for _ in range(chance.randrange(1, 9))])
            found.append(partial(Writer.write, traces=traces))
    return found


def _span(chance: random.Random) -> Any:
    number = chance.randrange(1, 12)
    make = chance.choice([new_span, model_call])
    parent = chance.choice([None, number - 1, 20])
    changes: dict[str, Any] = {"session_id": chance.choice([None, "s"]), "name": chance.choice(["a", "b"])}
    experiment = chance.choice(["Default", "other"])
    payload = f"payload of {number}".encode()
    trace = trace_id(chance.randrange(1, TRACES))
    return make(number, parent, trace=trace, experiment=experiment, payload=payload, **changes)


def run(file: Path, works: list[Work], works_a_transaction: int) -> list[Any]:
    """Does the works in so many at once; what each gave."""
    SqliteStore(file).close()
    results: list[Any] = []
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        writer = Writer(connection)
        for at in range(0, len(works), works_a_transaction):
            connection.execute("BEGIN IMMEDIATE")
            results += [work(writer) for work in works[at : at + works_a_transaction]]
            writer.finish()
            connection.execute("COMMIT")
    return results


def content(file: Path) -> dict[str, Any]:
    """All that is in a store, but for its own numbers of things."""
    found: dict[str, Any] = {}
    with closing(SqliteStore(file)) as store:
        for number in range(1, TRACES):
            trace = trace_id(number)
            rows = store.spans(trace)
            payloads = [store.span(trace, row.span_id) for row in rows]
            found[trace.hex()] = (store.trace(trace), rows, payloads)
    with closing(sqlite3.connect(file)) as connection:
        for what, query in {
            "terms": "SELECT kind, value, trace_id FROM trace_term JOIN term USING (term_id) "
            "JOIN trace USING (trace_key)",
            "missing": "SELECT trace_id, parent_id FROM missing_parent JOIN trace USING (trace_key)",
            "frames": "SELECT trace_id, count(DISTINCT payload_id) FROM span JOIN payload USING (payload_id) "
            "JOIN trace USING (trace_key) GROUP BY trace_id",
        }.items():
            found[what] = sorted(connection.execute(query))
        found["orphans"] = connection.execute(
            "SELECT count(*) FROM trace_term WHERE trace_key NOT IN (SELECT trace_key FROM trace)"
        ).fetchone()
    return found


@pytest.mark.parametrize("seed", range(12))
def test_works_of_one_transaction_do_what_they_do_in_one_each(tmp_path: Path, seed: int) -> None:
    works = works_of(random.Random(seed))  # noqa: S311 - no secret
    alone, together = tmp_path / "alone.db", tmp_path / "together.db"
    assert run(together, works, 10) == run(alone, works, 1)
    apart = content(alone)
    assert content(together) == apart
    assert apart["orphans"] == (0,)
    assert_sound(together)


def test_traces_of_one_transaction_are_written_by_few_statements(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "store.db").close()
    # What triggers do is told of as the very statement that set them off.
    statements: set[str] = set()
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as connection:
        writer = Writer(connection)
        connection.set_trace_callback(statements.add)
        connection.execute("BEGIN IMMEDIATE")
        for batch in range(4):
            spans = [new_span(n, trace=trace_id(1 + batch * 64 + n // 8), name="a") for n in range(1, 512)]
            writer.write(prepare(spans))
        writer.finish()
        connection.execute("COMMIT")
    # 2,044 spans of 256 traces.
    assert len(statements) < 60
