"""The part of the suite about large binaries in payloads. `conformance` has the first."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from outcrop_server.model.new_span import NewSpan
from outcrop_server.storage.api import TraceStore
from server.tests.support.binaries import base64_of, image, turn
from server.tests.support.spans import TRACE, new_span, otlp_span, request, span_id, trace_id

# Larger than what a database takes anyway.
SIZE = 300_000
ABOUT_ONE = SIZE * 0.95


def turns(count: int, *images: int, trace: int = 1, first: int = 1, **changes: object) -> list[NewSpan]:
    """Spans of one trace, each of which sends the same images again."""
    return [
        new_span(
            first + number,
            None if number == 0 else first,
            trace_id(trace),
            payload=turn(first + number, *images, size=SIZE),
            **changes,
        )
        for number in range(count)
    ]


def assert_kept(store: TraceStore, spans: list[NewSpan]) -> None:
    """Each payload by itself and all of each trace are what was appended."""
    for span in spans:
        assert store.span(span.trace_id, span.row.span_id) == (span.row, span.payload)
    for trace in {span.trace_id for span in spans}:
        wanted = sorted(span.payload for span in spans if span.trace_id == trace)
        assert sorted(store.payloads(trace)) == wanted


class BinariesConformance:
    """The suite."""

    def open(self, folder: Path) -> TraceStore:
        """Opens the store that `folder` holds, or makes one."""
        raise NotImplementedError

    def test_a_binary_that_comes_in_every_turn_takes_room_once(self, store: TraceStore) -> None:
        spans = turns(20, 1)
        before = store.used_bytes()
        for span in spans:
            store.append([span]).result()
        assert ABOUT_ONE < store.used_bytes() - before < 1.4 * SIZE
        assert_kept(store, spans)

    def test_so_it_does_in_other_traces_and_in_one_request(self, store: TraceStore) -> None:
        first, second = turns(3, 1, 2), turns(3, 2, 1, 2, trace=2, first=11)
        store.append(first).result()
        before = store.used_bytes()
        store.append(second).result()
        assert store.used_bytes() - before < SIZE / 5
        assert_kept(store, [*first, *second])

    def test_it_goes_with_the_last_trace_that_has_it(self, store: TraceStore) -> None:
        store.append(turns(1, trace=9, first=90)).result()
        before = store.used_bytes()
        spans = {number: turns(2, 7, trace=number, first=10 * number) for number in range(1, 4)}
        for each in spans.values():
            store.append(each).result()
        for number in (2, 1):
            assert store.delete_traces([trace_id(number)]).result() == 1
            assert store.used_bytes() - before > ABOUT_ONE
            assert_kept(store, spans[3])
        assert store.delete_oldest("Default", 2**62, 5).result() == 2
        assert store.used_bytes() - before < SIZE / 5
        # What comes again is kept again.
        store.append(spans[1]).result()
        assert_kept(store, spans[1])

    def test_what_is_there_already_adds_nothing_and_loses_nothing(self, store: TraceStore) -> None:
        first = turns(2, 1)
        store.append(first).result()
        before = store.used_bytes()
        other = turns(2, 3)
        assert store.append([*first, *other]).result() == 0
        assert store.append(other).result() == 0
        assert store.used_bytes() - before < SIZE / 5
        # A frame of which half is new.
        late = turns(3, 1)
        assert store.append([*other, late[2]]).result() == 1
        assert_kept(store, [*first, late[2]])
        assert store.used_bytes() - before < SIZE / 5

    def test_experiments_share_nothing(self, store: TraceStore) -> None:
        store.append(turns(1, 1, experiment="A", is_experiment_named=True)).result()
        before, bytes_before = store.used_bytes(), store.experiment_bytes("A")
        spans = turns(1, 1, trace=2, first=5, experiment="B", is_experiment_named=True)
        store.append(spans).result()
        # As much as if nobody else had it.
        assert store.used_bytes() - before > ABOUT_ONE
        assert store.experiment_bytes("A") == bytes_before
        assert store.experiment_bytes("B") == bytes_before
        store.delete_traces([trace_id(1)]).result()
        assert_kept(store, spans)

    def test_a_trace_that_moves_to_another_experiment_keeps_it(self, store: TraceStore) -> None:
        root, *children = turns(3, 1)
        store.append(children).result()
        moved = root._replace(experiment="moved", is_experiment_named=True)
        store.append([moved]).result()
        assert store.experiment_bytes("moved") > SIZE
        assert store.experiment_bytes("Default") == 0
        assert_kept(store, [moved, *children])

    def test_it_counts_once_to_the_trace_that_came_last(self, store: TraceStore) -> None:
        for number in (1, 2, 3):
            store.append(turns(2, 1, 2, trace=number, first=10 * number)).result()
        oldest = store.oldest("Default", None, 9)
        assert [old.kept_bytes > 2 * SIZE for old in oldest] == [False, False, True]
        assert store.experiment_bytes("Default") == sum(old.kept_bytes for old in oldest) < 2.2 * SIZE
        store.delete_traces([trace_id(3)]).result()
        assert [old.kept_bytes > 2 * SIZE for old in store.oldest("Default", None, 9)] == [False, True]

    @pytest.mark.parametrize(
        "payload",
        [
            b"A" * 3_000_000,
            base64_of(1, 50_000),
            b"x" + base64_of(1, 50_000) + b"=" + base64_of(1, 50_000),
            base64.encodebytes(image(1, 50_000)),
            base64_of(1, 50_000)[:-1],
            request(otlp_span(1, attributes={"a": image(1), "b": [image(1)], "c": base64_of(1).decode()})),
        ],
        ids=["one letter", "alone", "side by side", "lines", "torn", "bytes"],
    )
    def test_any_payload_comes_back_and_so_do_those_beside_it(
        self, store: TraceStore, payload: bytes
    ) -> None:
        spans = [
            new_span(number, payload=each)
            for number, each in enumerate([b"", payload, b"", payload, payload[:-1], b"{}", payload])
        ]
        store.append(spans).result()
        assert_kept(store, spans)

    def test_what_looks_like_the_stores_own_bytes_is_content_like_any_other(self, store: TraceStore) -> None:
        first = turns(1, 1)
        store.append(first).result()
        # Whatever a store leaves in the place of a binary: a sender may know it and write it.
        hostile = [
            first[0].payload.replace(base64_of(1, SIZE), mark)
            for mark in (b"", b"blob:1", b"\0\0\0\1", b'{"$blob": 1}', b"sha256:" + b"0" * 64)
        ]
        spans = [new_span(100 + number, payload=each) for number, each in enumerate(hostile)]
        store.append(spans).result()
        assert_kept(store, spans)

    def test_readers_meanwhile_see_a_payload_whole_or_not_at_all(self, store: TraceStore) -> None:
        spans = turns(4, 1)
        store.append(spans).result()
        reading = store.payloads(trace_id(1))
        assert next(reading) in {span.payload for span in spans}
        store.delete_traces([trace_id(1)]).result()
        # Another trace, another binary, in the same places.
        others = [new_span(number, trace=TRACE, payload=turn(number, 2, size=SIZE)) for number in range(1, 5)]
        store.append(others).result()
        assert set(reading) <= {span.payload for span in spans}
        assert store.span(trace_id(1), span_id(1)) is None
        assert_kept(store, others)
