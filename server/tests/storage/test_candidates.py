"""What a SQLite store finds by its indices: the terms of traces, and the columns that are ordered by."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from outcrop.filter.parser import parse_filter
from outcrop.genai.usage import Usage
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.rows import Failure
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.sqlite import term_schema
from outcrop_server.storage.sqlite.candidates import candidates
from outcrop_server.storage.sqlite.store import SqliteStore
from server.tests.support.spans import START_NS, TRACE, model_call, new_span, trace_id


@pytest.mark.parametrize(
    "text",
    [
        "span.type = 'TOOL' AND span.status = 'ERROR'",
        "span.name LIKE 'rare%'",
        "model = 'never asked'",
        "tags.env = 'rare'",
        "error IN ('ThrottlingException', 'x')",
        "session = 's-3'",
        "user = 'u-3'",
        "cost > 2",
        "latency > 1m",
        "span.latency > 1m",
        "span.type = 'TOOL' AND span.latency >= 1m",
        "span.latency = 3599999 OR cost > 2",
        "latency < 1h AND latency > 59m",
        "tokens > 1000",
        "(cost > 2 OR tags.env = 'rare') AND latency < 1h",
        "status = 'ERROR' AND name = 'work'",
        f"trace_id = '{trace_id(3).hex()}'",
        f"request_id IN ('tr-{trace_id(3).hex().upper()}', 'no id')",
        "trace_id = 'no id' OR cost > 2",
    ],
)
def test_what_is_rare_is_found_by_an_index_and_nothing_else_is_looked_at(tmp_path: Path, text: str) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        many = [new_span(1, trace=trace_id(number)) for number in range(10, 1_200)]
        rare = new_span(
            1,
            trace=trace_id(3),
            name="rare-span",
            span_type="TOOL",
            status="ERROR",
            error=Failure("ThrottlingException", "slow down"),
            end_time_ns=START_NS + 3600 * 10**9 - 1,
            model="a",
            usage=Usage(2_000, 1),
            cost_nano_usd=3 * 10**9,
            session_id="s-3",
            user_id="u-3",
            tags={"env": "rare"},
        )
        store.append([*many, rare]).result()
        with closing(sqlite3.connect(file)) as connection:
            found = candidates(parse_filter(text), connection)
            everything = candidates(parse_filter("span_count > 0 OR cost > 2"), connection)
        assert everything is None
        assert found is not None
        assert len(found) <= 1
        fitting = store.search(TraceSearch(parse_filter(text)))
        assert len(fitting) == len([row for row in fitting if row.trace.row.trace_id == trace_id(3)])


def test_terms_go_with_their_trace(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        store.append([new_span(1, tags={"env": "a"}), new_span(2, trace=trace_id(2))]).result()
        store.edit_trace(TRACE, TraceEdit({"env": "b"}, {})).result()
        search = TraceSearch(parse_filter("tags.env = 'b'"))
        assert [each.trace.row.trace_id for each in store.search(search)] == [TRACE]
        # A span that is there already changes nothing, so it cannot be found by its second name.
        store.append([new_span(1, name="another name"), new_span(3)]).result()
        assert store.search(TraceSearch(parse_filter('"another name"'))) == []
        store.delete_traces([TRACE, trace_id(2)]).result()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM trace_term").fetchall() == [(0,)]


def _terms(file: Path) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(
            "SELECT kind, value, lower(hex(trace_id)) FROM trace_term JOIN term USING (term_id) "
            "JOIN trace USING (trace_key) ORDER BY 1, 2, 3"
        ).fetchall()


def test_an_older_store_is_given_the_same_terms(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    spans = [
        new_span(1, tags={"env": "a", "a.b": "c d"}, metadata={"host": "h"}, tools=("search", "mail")),
        model_call(2, 1, vendor="anthropic", finish_reason="end_turn"),
        new_span(3, 1, status="ERROR", span_type="TOOL", name="search", error=Failure("Timeout", "")),
        new_span(4, 1, status="ERROR", span_type="CHAIN"),
        new_span(5, trace=trace_id(2), name="search"),
    ]
    with closing(SqliteStore(file)) as store:
        store.append(spans).result()
    written = _terms(file)
    # As it was before there were terms, and then the step that brought them.
    with closing(sqlite3.connect(file)) as connection:
        indices = "SELECT name FROM sqlite_master WHERE type = 'index' AND name IN ({})"
        names = (
            "trace_by_user",
            "trace_failed",
            "span_failed",
            "trace_by_duration",
            "trace_by_cost",
            "trace_by_tokens",
        )
        marks = ", ".join("?" for _ in names)
        for (name,) in connection.execute(indices.format(marks), names).fetchall():
            connection.execute(f"DROP INDEX {name}")
        connection.execute("DROP TABLE trace_term")
        connection.execute("DROP TABLE term")
        for statement in term_schema.STEP:
            connection.execute(statement)
        connection.commit()
    assert _terms(file) == written
    assert ("failed", "TOOL", TRACE.hex()) in written


@pytest.mark.parametrize(
    ("words", "is_found"), [("50%", True), ("a_b", True), ("a\\b", True), ("5%0", False), ("aXb", False)]
)
def test_words_are_taken_as_they_are_written(tmp_path: Path, words: str, is_found: bool) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.append([new_span(1, request_preview="take 50% of A_B and a\\b, not 50")]).result()
        assert len(store.search(TraceSearch(parse_filter(f'"{words}"')))) == is_found
