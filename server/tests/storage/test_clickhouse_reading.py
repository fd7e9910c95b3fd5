"""What readers of the ClickHouse store see while traces move, over many days, and in deep trees."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from outcrop_server.model.rows import OldTrace, StoredTrace, TracePosition
from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.lives import find_homes
from outcrop_server.storage.clickhouse.store import ClickhouseStore
from server.tests.support.spans import TRACE, new_span, span_id, trace_id

if TYPE_CHECKING:
    from server.tests.support.clickhouse import Clickhouse

_DAY_NS = 86_400 * 1_000_000_000


@pytest.fixture
def store(clickhouse: Clickhouse) -> Iterator[ClickhouseStore]:
    uri = clickhouse.new_database()
    opened = ClickhouseStore(uri, gather_s=0.0, patience_s=0.5, is_durable=False)
    yield opened
    opened.close()
    clickhouse.drop(uri)


def test_pages_go_over_days_and_gaps_in_both_directions(store: ClickhouseStore) -> None:
    now_ns = time.time_ns()
    # Some in one hour, then weeks without any, one of a year ago, of before all days, and of the future.
    ages_s = [*range(0, 3000, 600), 86_400, 90_000, *(86_400 * day for day in (2, 3, 30, 31, 390, 3000, -9))]
    starts = {number: now_ns - age_s * 1_000_000_000 for number, age_s in enumerate(ages_s, 1)}
    store.append(
        [
            new_span(1, trace=trace_id(number), start_time_ns=start_ns, end_time_ns=start_ns)
            for number, start_ns in starts.items()
        ]
    ).result()
    expected = sorted(((start_ns, trace_id(number)) for number, start_ns in starts.items()))
    for limit in (1, 3, 50):
        newest: list[StoredTrace] = []
        oldest: list[OldTrace] = []
        while page := store.traces(None, _position(newest), limit):
            newest += page
        after = None
        while old := store.oldest("Default", after, limit):
            oldest += old
            after = old[-1].position
        assert [(each.row.start_time_ns, each.row.trace_id) for each in newest] == expected[::-1]
        assert [(each.start_time_ns, each.trace_id) for each in oldest] == expected


def _position(found: list[StoredTrace]) -> TracePosition | None:
    return TracePosition(found[-1].row.start_time_ns, found[-1].row.trace_id) if found else None


def test_a_trace_that_moves_is_found_where_its_row_still_is(store: ClickhouseStore) -> None:
    store.append([new_span(2, 1)]).result()
    before = store.trace(TRACE)
    client = store._client  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no method of a store leaves a commit half applied
    home = find_homes(client, [TRACE])[TRACE]
    # A commit that is half applied: it says where the row will be, and the row is not there yet.
    ahead = home._replace(version=home.version + 1, start_time_ns=home.start_time_ns - 5, day=19_000)
    client.insert("trace_home", encoded("trace_home", [ahead]))
    assert store.trace(TRACE) == before is not None
    assert [each.span_id for each in store.spans(TRACE)] == [span_id(2)]


def test_a_deep_tree_is_summed_up_to_its_end_and_one_that_goes_round_ends(store: ClickhouseStore) -> None:
    chain = [new_span(number, number - 1 or None) for number in range(1, 60)]
    round_and_round = [new_span(number, 100 + number % 30, trace=trace_id(7)) for number in range(100, 131)]
    store.append([*chain, *round_and_round]).result()
    whole = store.subtree(TRACE, span_id(1), 1000)
    assert (whole.child_count, whole.span_count, whole.is_partial) == (1, 58, False)
    part = store.subtree(TRACE, span_id(1), 40)
    assert (part.span_count, part.is_partial) == (40, True)
    assert store.subtree(trace_id(7), span_id(101), 1000).is_partial


def test_a_page_of_changes_is_full_though_many_traces_were_deleted(store: ClickhouseStore) -> None:
    start = store.last_change()
    store.append([new_span(1, trace=trace_id(number)) for number in range(1, 9)]).result()
    store.delete_traces([trace_id(number) for number in range(1, 7)]).result()
    found = store.changes(start, 2)
    assert found is not None
    assert [each.trace.row.trace_id for each in found] == [trace_id(7), trace_id(8)]
