"""What the ClickHouse store removes from its tables, and what it never does."""

# ruff: noqa: S608 - statements of a test's own values.

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import orjson
import pytest
import zstandard

from outcrop_server.model.annotations import TraceEdit
from outcrop_server.storage.clickhouse import forgetting, leases
from outcrop_server.storage.clickhouse.changes import HISTORY
from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.schema import LOG_PART, PLACES, TABLES
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.support.annotations import judgement
from server.tests.support.binaries import turn
from server.tests.support.spans import new_span, span_id, trace_id

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client
    from server.tests.support.clickhouse import Clickhouse

_DAY_NS = 86_400 * 1_000_000_000
_ZSTD = b"\x28\xb5\x2f\xfd"


@pytest.fixture
def store(clickhouse: Clickhouse) -> Iterator[ClickhouseStore]:
    uri = clickhouse.new_database()
    opened = ClickhouseStore(uri, gather_s=0.0, patience_s=0.5, is_durable=False)
    yield opened
    opened.close()
    clickhouse.drop(uri)


def _all_given(store: ClickhouseStore, *, is_thorough: bool = False) -> int:
    given = 0
    while step := store.give_back(1 << 30, is_thorough=is_thorough):
        given += step
    return given


def _client(store: ClickhouseStore) -> Client:
    return store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - what lies in the tables no method of a store tells


def _rows(store: ClickhouseStore, table: str, condition: str = "1") -> int:
    ((count,),) = _client(store).query(f"SELECT count() FROM {table} WHERE {condition}")
    return int(count)


def _put(store: ClickhouseStore, number: int, age_days: int) -> None:
    """A trace of a day, with a payload that hardly shrinks."""
    start_ns = time.time_ns() - age_days * _DAY_NS
    span = new_span(
        1,
        trace=trace_id(number),
        start_time_ns=start_ns,
        end_time_ns=start_ns,
        # Words, so that it is no binary that lies elsewhere.
        payload=b" - ".join(os.urandom(20).hex().encode() for _ in range(1000)),
    )
    store.append([span]).result()


def _gone(number: int) -> str:
    return f"trace_id = unhex('{trace_id(number).hex()}')"


def test_a_day_of_which_nothing_lives_goes_as_a_whole(store: ClickhouseStore) -> None:
    for number, age_days in ((1, 3), (2, 3), (3, 1)):
        _put(store, number, age_days)
    store.delete_traces([trace_id(1), trace_id(2)]).result()
    assert _rows(store, "span") == 3
    assert _all_given(store) > 2 * 20_000
    for table in ("span", "frame", "trace"):
        assert _rows(store, table, _gone(1)) == _rows(store, table, _gone(2)) == 0
        assert _rows(store, table, _gone(3)) == 1
    assert _rows(store, "doomed FINAL") == 0
    # No part of it was rewritten: that would cost as much as it holds.
    assert not _client(store).query(
        "SELECT 1 FROM system.mutations WHERE database = currentDatabase() AND table = 'frame'"
    )
    assert [old.trace_id for old in store.oldest("Default", None, 9)] == [trace_id(3)]
    assert store.span(trace_id(3), span_id(1)) is not None


def test_of_a_day_that_lives_the_dead_rows_go_and_no_others(store: ClickhouseStore) -> None:
    for number in (1, 2, 3):
        _put(store, number, 1)
    store.delete_traces([trace_id(1), trace_id(2)]).result()
    # One of them begins anew before it was removed.
    _put(store, 2, 1)
    again = store.span(trace_id(2), span_id(1))
    kept = store.span(trace_id(3), span_id(1))
    assert _all_given(store) > 2 * 20_000
    assert (_rows(store, "span"), _rows(store, "frame")) == (2, 2)
    assert _rows(store, "trace", _gone(1)) == 0
    assert (store.span(trace_id(2), span_id(1)), store.span(trace_id(3), span_id(1))) == (again, kept)
    assert again is not None
    assert kept is not None
    assert store.trace(trace_id(1)) is None
    _put(store, 1, 1)
    assert len(store.spans(trace_id(1))) == 1
    assert store.give_back(1 << 30) == 0


def test_a_binary_that_comes_again_before_it_was_removed_stays(store: ClickhouseStore) -> None:
    payload = turn(1, 1, size=300_000)
    store.append([new_span(1, trace=trace_id(1), payload=payload)]).result()
    store.delete_traces([trace_id(1)]).result()
    store.append([new_span(1, trace=trace_id(2), payload=payload)]).result()
    _all_given(store)
    found = store.span(trace_id(2), span_id(1))
    assert found is not None
    assert found[1] == payload
    store.delete_traces([trace_id(2)]).result()
    assert _all_given(store) > 200_000
    assert _rows(store, "blob") == 0


def test_rows_of_commits_that_came_to_nothing_go_an_hour_later(store: ClickhouseStore) -> None:
    _put(store, 1, 1)
    for number, age_s in ((500, 7200), (501, 60)):
        _client(store).command(f"INSERT INTO span SELECT * REPLACE({number} AS number) FROM span LIMIT 1")
        row = (number, "void", 1, time.time_ns() - age_s * 1_000_000_000, 0, b"")
        _client(store).insert("log", encoded("log", [row]))
    assert len(store.spans(trace_id(1))) == 1
    _all_given(store)
    assert (_rows(store, "span", "number = 500"), _rows(store, "span", "number = 501")) == (0, 1)
    assert len(store.spans(trace_id(1))) == 1


def test_old_parts_of_the_log_and_of_changes_go(
    store: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = store.last_change()
    _put(store, 1, 1)
    seen = store.last_change()
    row = (3 * LOG_PART, "applied", 1, time.time_ns(), 3 * LOG_PART * PLACES + 200_000, b"")
    _client(store).insert("log", encoded("log", [row]))
    _client(store).command(
        f"INSERT INTO change SELECT {3 * LOG_PART * PLACES} + number, unhex('{trace_id(1).hex()}') "
        f"FROM numbers({HISTORY - 1})"
    )
    assert store.changes(seen, 5) is not None
    # Two more than a reader is told of.
    _client(store).command(
        f"INSERT INTO change SELECT {seen.number + 1} + number, toFixedString('', 16) FROM numbers(2)"
    )
    assert store.changes(seen, 5) is None
    assert _all_given(store) > 0
    assert _rows(store, "log", f"number < {LOG_PART}") == 0
    # Too few changes behind them, and too new.
    assert _rows(store, "change", f"change < {LOG_PART * PLACES}") > 0
    monkeypatch.setattr(forgetting, "HISTORY", 1000)
    monkeypatch.setattr(forgetting, "_DAY_NS", -_DAY_NS)
    assert _all_given(store) > 0
    assert _rows(store, "change", f"change < {LOG_PART * PLACES}") == 0
    assert store.changes(start, 5) is None
    _put(store, 2, 1)
    assert len(store.oldest("Default", None, 9)) == 2


def test_a_lease_ends_by_itself_and_is_renewed_while_it_is_held(
    store: ClickhouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Behind those of any commit here, and before the one that comes.
    versions = itertools.count(1)

    def put(until_ns: int) -> None:
        # As a process leaves it that was killed.
        text = orjson.dumps({"holder": "another", "until_ns": until_ns}).decode()
        row = ("lease", "keeping", next(versions), 0, text)
        _client(store).insert("record", encoded("record", [row]))

    put(time.time_ns() + 20_000_000_000)
    with store.keeping() as is_mine:
        assert not is_mine
    put(time.time_ns() - 1_000_000_000)
    for number in (1, 2, 3):
        _put(store, number, 1)
    monkeypatch.setattr(leases, "_RENEWED_S", 0.05)
    with store.keeping() as is_mine:
        assert is_mine
        first = _until(store)
        deadline = time.monotonic() + 10
        while _until(store) == first and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _until(store) > first
    assert _rows(store, "record FINAL", "kind = 'lease' AND NOT gone") == 0


def _until(store: ClickhouseStore) -> int:
    ((text,),) = _client(store).query("SELECT value FROM record FINAL WHERE kind = 'lease'")
    return int(orjson.loads(text)["until_ns"])


def test_asked_for_all_nothing_of_a_deleted_trace_stays(store: ClickhouseStore) -> None:
    secret = b"Xq7 the secret words"
    for number in range(30):
        _put(store, number, 1)
    start_ns = time.time_ns() - _DAY_NS
    store.append(
        [
            new_span(
                1,
                trace=trace_id(99),
                start_time_ns=start_ns,
                end_time_ns=start_ns,
                name="Xq7 name",
                payload=secret * 9,
                session_id="Xq7 session",
            )
        ]
    ).result()
    store.edit_trace(trace_id(99), TraceEdit({"tag": "Xq7"})).result()
    store.add_assessment(judgement(1, trace=trace_id(99), value="Xq7")).result()
    store.fill_words()
    store.delete_traces([trace_id(99)]).result()
    # One in thirty is not worth it.
    _all_given(store)
    assert _holds(store, b"Xq7") >= {"log", "span", "frame", "trace", "session", "assessment"}
    _all_given(store, is_thorough=True)
    _put(store, 30, 1)
    assert _holds(store, b"Xq7") == set()
    assert len(store.traces(None, None, 100)) == 31


def _holds(store: ClickhouseStore, words: bytes) -> set[str]:
    """The tables of whose rows one holds some words in any column."""
    found: set[str] = set()
    for table in TABLES:
        for values in _client(store).query(f"SELECT * FROM {table}", raw=True):
            if words in _flat(values):
                found.add(table)
    return found


def _flat(value: Any) -> bytes:
    """All bytes of a row, what is packed unpacked."""
    if isinstance(value, (list, tuple)):
        return b" ".join(_flat(each) for each in cast("Sequence[Any]", value))
    if isinstance(value, dict):
        return b" ".join(_flat(each) for each in cast("dict[Any, Any]", value).items())
    held = value if isinstance(value, bytes) else str(value).encode()
    if held.startswith(_ZSTD):
        return held + zstandard.ZstdDecompressor().decompressobj().decompress(held)
    return held
