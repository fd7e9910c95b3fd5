"""Large binaries in the SQLite store, beside what `binaries_conformance` asks of any store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from outcrop_server.model.errors import DamagedError
from outcrop_server.model.new_span import NewSpan
from outcrop_server.storage.common.blobs import Separator
from outcrop_server.storage.common.frames import FRAME_BYTES, pack
from outcrop_server.storage.sqlite import blob_schema, schema
from outcrop_server.storage.sqlite.store import SqliteStore
from outcrop_server.storage.sqlite.upkeep.backup import back_up
from outcrop_server.storage.sqlite.upkeep.checks import run_checks
from outcrop_server.storage.sqlite.upkeep.compacting import compact, compact_fully
from outcrop_server.storage.sqlite.upkeep.migrating import migrate_store, plan_of
from outcrop_server.storage.sqlite.upkeep.opening import reading_newest
from outcrop_server.storage.sqlite.upkeep.stats import read_stats
from server.tests.storage.binaries_conformance import SIZE, assert_kept, turns
from server.tests.storage.test_sqlite import another_writer, made_by_version, writer_process
from server.tests.storage.writer_process import IMAGES
from server.tests.support.binaries import image, kept, rows_of_blobs
from server.tests.support.spans import new_span, otlp_span, request, trace_id
from server.tests.support.stores import fill

STEP = schema.MIGRATIONS.index(blob_schema.STEP)


def faults(file: Path) -> list[str]:
    with reading_newest(file) as connection:
        return [fault for result in run_checks(connection) for fault in result.faults]


def harm(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute(statement).rowcount
        connection.commit()


def real_spans(count: int, *values: object) -> list[NewSpan]:
    """Spans of one trace whose payloads are spans with these values in each."""
    return [
        new_span(
            number,
            trace=trace_id(1),
            payload=request(otlp_span(number, trace=trace_id(1), attributes={"a": list(values)})),
        )
        for number in range(1, count + 1)
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store with a trace of three spans that hold the same two binaries, one of them as base64."""
    path = tmp_path / "store.db"
    spans = real_spans(3, image(1), "data:;base64," + "QUJD" * 20_000)
    with closing(SqliteStore(path)) as store:
        for span in spans:
            store.append([span]).result()
        assert_kept(store, spans)
    return path


def test_each_content_is_kept_once_and_each_use_is_a_row(file: Path) -> None:
    assert rows_of_blobs(file) == (2, 6)
    with closing(sqlite3.connect(file)) as connection:
        sizes = connection.execute("SELECT size, is_compressed, length(content) < 100 FROM blob").fetchall()
        forms = connection.execute("SELECT is_base64, count(*) FROM blob_use GROUP BY is_base64").fetchall()
    # What can be compressed is; base64 is kept decoded.
    assert sorted(sizes) == [(60_000, 0, 0), (60_000, 1, 1)]
    assert forms == [(0, 3), (1, 3)]
    assert faults(file) == []


def test_a_frame_holds_many_turns_of_one_image() -> None:
    spans = turns(20, 1, 2)
    frames = pack(spans, Separator())
    assert sum(len(span.payload) for span in spans) > 40 * FRAME_BYTES
    assert [len(frame.spans) for frame in frames] == [20]
    assert len(frames[0].uses) == 40
    assert len({id(use.taken.blob) for use in frames[0].uses}) == 2


def test_small_payloads_touch_no_table_of_binaries(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        done: list[str] = []
        committer = store._committer  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # its connection
        connection = committer._connection  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as above
        connection.set_trace_callback(done.append)
        store.append([new_span(1), new_span(2, 1, payload=b"words " * 20_000)]).result()
        store.append([new_span(3, 1)]).result()
        connection.set_trace_callback(None)
    assert any("INSERT INTO payload" in statement for statement in done)
    assert not any("blob" in statement for statement in done)


def test_of_spans_that_are_there_already_no_binary_is_kept(file: Path) -> None:
    again = real_spans(3, image(8))
    new = real_spans(4, image(9))[3]
    with closing(SqliteStore(file)) as store:
        assert store.append(again).result() == 0
        assert store.append([*again, new]).result() == 1
        assert store.span(trace_id(1), new.row.span_id) == (new.row, new.payload)
    # That of the new span alone.
    assert rows_of_blobs(file) == (3, 7)
    assert faults(file) == []


def test_two_senders_of_one_binary_at_once_keep_it_once(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        with another_writer(file):
            # Prepared both, neither committed.
            done = [store.append(turns(2, 1, trace=number, first=number * 10)) for number in (1, 2)]
        assert [each.result() for each in done] == [2, 2]
    assert rows_of_blobs(file) == (1, 4)


def test_two_processes_keep_one_binary_once(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with writer_process(file, 1000, 20) as one, writer_process(file, 2000, 20) as two:
        assert one.communicate()[0].count("\n") == two.communicate()[0].count("\n") == 20
    blobs, uses = rows_of_blobs(file)
    assert blobs == IMAGES
    assert uses == 40
    assert kept(file).count == IMAGES


def test_a_batch_that_fails_leaves_no_binary(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    with closing(SqliteStore(file)) as store:
        with another_writer(file):
            wrong = store.append([*turns(1, 1), new_span(9, start_time_ns=2**70)])
            right = store.append(turns(1, 2, trace=2))
        with pytest.raises(OverflowError):
            wrong.result()
        assert right.result() == 1
    assert rows_of_blobs(file) == (1, 1)


def test_deleting_leaves_no_binary_and_gives_the_room_back(file: Path) -> None:
    with closing(SqliteStore(file)) as store:
        store.append(turns(2, 5, trace=2)).result()
        before = store.used_bytes()
        assert store.delete_traces([trace_id(2)]).result() == 1
        assert store.used_bytes() < before - SIZE * 0.9
        given = 0
        while step := store.give_back(1 << 20):
            given += step
        assert given > SIZE * 0.9
        assert store.delete_oldest("Default", 2**62, 10).result() == 1
    assert rows_of_blobs(file) == (0, 0)
    assert faults(file) == []


def test_stats_say_what_they_take_and_save(file: Path) -> None:
    found = read_stats(file)
    with closing(SqliteStore(file)) as store:
        payloads = sum(len(each) for each in store.payloads(trace_id(1)))
        (old,) = store.oldest("Default", None, 5)
    assert (found.blobs.count, found.blobs.uses) == (2, 6)
    assert 60_000 < found.blobs.bytes < 60_100
    assert found.blobs.saved_bytes == 2 * found.blobs.bytes
    (experiment,) = found.experiments
    # As they came, base64 included; and what they take, each binary once.
    assert experiment.payload_bytes == payloads
    assert 0 < experiment.frame_bytes - found.blobs.bytes < 3000
    assert experiment.frame_bytes < old.kept_bytes < experiment.frame_bytes + 3000


def test_backups_and_compacted_stores_hold_them(file: Path, tmp_path: Path) -> None:
    counts, _ = back_up(file, tmp_path / "copy.db")
    assert (counts["blob"], counts["blob_use"]) == (2, 6)
    with closing(SqliteStore(file)) as store:
        wanted = sorted(store.payloads(trace_id(1)))
        store.append(turns(1, 5, trace=2)).result()
        store.delete_traces([trace_id(2)]).result()
    compact(file)
    assert rows_of_blobs(file) == (2, 6)
    compact_fully(file)
    for each in (file, tmp_path / "copy.db"):
        assert faults(each) == []
        with closing(SqliteStore(each)) as store:
            assert sorted(store.payloads(trace_id(1))) == wanted


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE blob SET content = zeroblob(60000) WHERE is_compressed = 0", "has other bytes than when"),
        ("UPDATE blob SET content = x'00' WHERE is_compressed = 1", "cannot be read"),
        ("UPDATE blob SET content = x'00' WHERE is_compressed = 0", "cannot be read (its size is wrong)"),
        ("UPDATE blob SET size = 5", "cannot be read"),
        ("DELETE FROM blob WHERE blob_id = 2", "binary 2 is not there; frame 1 lacks it"),
        ("UPDATE blob_use SET blob_id = 1", "binary 2 is used by nothing"),
        ("UPDATE blob_use SET place = 900000", "has a place in frame 1 where no span of its trace"),
        ("UPDATE blob_use SET place = 0", "where no span of its trace"),
        ("UPDATE blob_use SET trace_key = 77", "where no span of its trace lies"),
        ("UPDATE blob_use SET place = place - 1", "no payload of one span"),
        ("UPDATE blob_use SET is_base64 = 1 - is_base64", "no payload of one span"),
    ],
)
def test_what_does_not_fit_is_told(file: Path, statement: str, words: str) -> None:
    harm(file, statement)
    found = faults(file)
    assert any(words in fault for fault in found), found


@pytest.mark.parametrize(
    "statement", ["DELETE FROM blob WHERE blob_id = 1", "UPDATE blob SET content = x'28'"]
)
def test_a_damaged_binary_is_told_to_who_reads_it_and_to_nobody_else(file: Path, statement: str) -> None:
    with closing(SqliteStore(file)) as store:
        store.append([new_span(50, trace=trace_id(5))]).result()
    harm(file, statement)
    with closing(SqliteStore(file)) as store:
        with pytest.raises(DamagedError, match="outcrop db check"):
            store.span(trace_id(1), new_span(1).row.span_id)
        with pytest.raises(DamagedError, match="large binary"):
            list(store.payloads(trace_id(1)))
        assert store.span(trace_id(5), new_span(50).row.span_id) is not None
        assert len(store.spans(trace_id(1))) == 3


def test_a_store_from_before_keeps_its_frames_and_takes_binaries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "old.db"
    with made_by_version(STEP, monkeypatch):
        fill(file, 3)
        inode = file.stat().st_ino
        assert read_stats(file).blobs.count == 0
    if len(schema.MIGRATIONS) == STEP + 1:
        assert not plan_of(file).on_copy
    migrate_store(file)
    with closing(SqliteStore(file)) as store:
        assert len(list(store.payloads(trace_id(1)))) == 5
        spans = turns(2, 1, trace=70, first=7000)
        store.append(spans).result()
        assert_kept(store, spans)
    assert rows_of_blobs(file) == (1, 2)
    assert inode == file.stat().st_ino or len(schema.MIGRATIONS) > STEP + 1
