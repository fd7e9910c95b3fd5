from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from outcrop_server.embedded import EmbeddedStore
from outcrop_server.model.errors import StoreError
from outcrop_server.storage.sqlite.upkeep.checks import CHECKS, Check, run_checks
from outcrop_server.storage.sqlite.upkeep.opening import reading_newest
from server.tests.storage.test_sqlite import made_by_version
from server.tests.support.spans import otlp_span, request, trace_id
from server.tests.support.stores import fill, trace_request

JUNK = zstandard.ZstdCompressor().compress(b"nothing of a span" * 400)
ALONE = zstandard.ZstdCompressor().compress(request(otlp_span(77)) * 40)


def found(file: Path, checks: tuple[Check, ...] = CHECKS) -> dict[str, list[str]]:
    with reading_newest(file) as connection:
        return {result.check.name: result.faults for result in run_checks(connection, checks=checks)}


def harm(file: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement, values if "?" in statement else ())
        connection.commit()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    fill(path, 12)
    fill(path, 3, first=50, experiment="B")
    return path


def test_a_store_that_was_written_rightly_is_sound(file: Path) -> None:
    assert found(file) == {
        "file": [],
        "traces": [],
        "orphans": [],
        "experiments": [],
        "tree": [],
        "changes": [],
        "terms": [],
        "rollups": [],
        "blobs": [],
        "words": [],
    }


def test_late_spans_edits_and_deletions_leave_it_sound(file: Path) -> None:
    with closing(EmbeddedStore(file)) as store:
        # A root that came last, with an earlier start and another experiment than its children.
        store.accept(request(otlp_span(9001, 9000, trace_id(900), status="ERROR")))
        store.accept(request(otlp_span(9000, None, trace_id(900)), resource={"outcrop.experiment.name": "C"}))
        store.accept(trace_request(3))
        assert store.ask("DELETE", f"/api/traces/{trace_id(4).hex()}", None)[0] in {200, 204, 405}
    assert [faults for faults in found(file).values() if faults] == []


@pytest.mark.parametrize(
    ("statement", "values", "check", "words"),
    [
        ("UPDATE payload SET frame = ?", (b"no zstd",), "traces", "cannot be read"),
        ("UPDATE payload SET frame = ?", (JUNK,), "traces", "no payload of one span"),
        ("UPDATE payload SET frame = ?", (ALONE,), "traces", "no payload of one span"),
        ("UPDATE span SET payload_length = payload_length + 9000", (), "traces", "of frame 1, which has"),
        ("UPDATE span SET payload_offset = -1", (), "traces", "should be at -1"),
        (
            """UPDATE span SET payload_offset = 0, payload_length = (SELECT min(payload_length)
            FROM span AS other WHERE other.trace_key = span.trace_key AND other.payload_offset = 0)""",
            (),
            "traces",
            "is span 0000000000000065 of trace 00000000000000000000000000000001",
        ),
        ("DELETE FROM payload WHERE payload_id = 2", (), "traces", "frame 2 of 5 spans is not there"),
        (
            "UPDATE trace SET span_count = span_count + 1",
            (),
            "traces",
            "its span_count is 6; its spans say 5",
        ),
        ("UPDATE trace SET name = 'x'", (), "traces", "its name is 'x'; its spans say 'agent'"),
        ("UPDATE trace SET models = '[\"x\"]'", (), "traces", "its models is '[\"x\"]'"),
        ("UPDATE trace SET input_tokens = 7", (), "traces", "its input_tokens is 7"),
        ("UPDATE trace SET longest_span_ns = 7", (), "traces", "its longest_span_ns is 7"),
        ("UPDATE trace SET shortest_span_ns = 7", (), "traces", "its shortest_span_ns is 7"),
        ("UPDATE trace SET summary_keys = '{'", (), "traces", "its summary cannot be read"),
        (
            "UPDATE trace SET summary_keys = replace(summary_keys, '[17', '[16')",
            (),
            "traces",
            "its first_start_ns is 16",
        ),
        ("DELETE FROM span WHERE trace_key = 3", (), "orphans", "frame 3 has no span"),
        ("DELETE FROM span WHERE trace_key = 3", (), "orphans", f"trace {trace_id(3).hex()} has no span"),
        (
            "UPDATE span SET payload_id = 1 WHERE trace_key = 2",
            (),
            "orphans",
            "frame 1 has spans of several traces",
        ),
        ("DELETE FROM trace WHERE trace_key = 2", (), "file", "refers to a row of trace that is not there"),
        (
            "UPDATE experiment SET trace_count = 99",
            (),
            "experiments",
            "experiment 'A' counts 99 traces and 2 failed ones; there are 12 and 2",
        ),
        (
            "INSERT INTO missing_parent VALUES (2, (SELECT min(span_id) FROM span WHERE trace_key = 2))",
            (),
            "tree",
            f"trace {trace_id(2).hex()} lists span 00000000000000c9 as a parent that has not come",
        ),
        (
            "UPDATE span SET parent_id = x'0102030405060708' WHERE span_id = x'00000000000000ca'",
            (),
            "tree",
            f"trace {trace_id(2).hex()} does not list its parent 0102030405060708",
        ),
        (
            "UPDATE trace_change SET trace_key = 999 WHERE trace_key = 2",
            (),
            "changes",
            "is of a trace that is not there",
        ),
        ("UPDATE trace_change SET change = 999999 WHERE trace_key = 2", (), "changes", "should have been"),
        ("UPDATE trace_change SET change = 999999 WHERE trace_key = 2", (), "changes", "beyond the counter"),
        ("DELETE FROM change_history", (), "changes", "have 0 marks"),
        (
            "DELETE FROM trace_term WHERE trace_key = 2",
            (),
            "terms",
            f"trace {trace_id(2).hex()} is not found by name 'agent'",
        ),
        ("UPDATE rollup SET count = count + 1", (), "rollups", "rollup has"),
    ],
)
def test_what_does_not_fit_is_told(
    file: Path, statement: str, values: tuple[object, ...], check: str, words: str
) -> None:
    harm(file, statement, values=values)
    faults = found(file)[check]
    assert any(words in fault for fault in faults), faults


def test_an_index_that_lacks_a_row_is_told(file: Path) -> None:
    harm(
        file,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') "
        "WHERE name = 'trace_by_session'",
    )
    assert any("trace_by_session" in fault for fault in found(file)["file"])


def test_damage_that_stops_one_check_stops_no_other(file: Path) -> None:
    def stopped(_: sqlite3.Connection) -> Iterable[str]:
        yield "first"
        raise sqlite3.DatabaseError("database disk image is malformed")

    checks = (Check("mine", "what I know of", stopped), *CHECKS)
    result = found(file, checks)
    assert result.pop("mine") == [
        "first",
        "could not be looked at to the end: database disk image is malformed",
    ]
    assert list(result) == [check.name for check in CHECKS]


def test_a_check_is_stopped_at_the_most_faults(file: Path) -> None:
    harm(file, "UPDATE trace SET span_count = 0")
    with reading_newest(file) as connection:
        results = {each.check.name: each for each in run_checks(connection, max_faults=4)}
    assert (len(results["traces"].faults), results["traces"].has_more) == (4, True)
    assert not results["orphans"].has_more


def test_it_changes_nothing_and_works_while_a_store_is_open(file: Path) -> None:
    with closing(EmbeddedStore(file)) as store:
        store.accept(trace_request(70))
        before = file.read_bytes(), file.with_name("store.db-wal").read_bytes()
        assert not any(found(file).values())
        assert (file.read_bytes(), file.with_name("store.db-wal").read_bytes()) == before
        with reading_newest(file) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM trace")
        store.accept(trace_request(71))
    assert not any(found(file).values())


def test_an_older_store_has_to_be_migrated_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "old.db"
    with made_by_version(2, monkeypatch):
        fill(file, 1)
    with pytest.raises(StoreError, match=r"has version 2, and this needs .* outcrop db migrate"):
        found(file)
