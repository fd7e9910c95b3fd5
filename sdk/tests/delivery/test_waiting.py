"""The queue: what it holds, what it notes down on the program's thread, and what it does when it is full."""

from __future__ import annotations

import errno
import threading
import time
from collections import deque
from pathlib import Path

import pytest

from outcrop.delivery import waiting as waiting_module
from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.waiting import JOURNAL_EVERY, Waiting
from outcrop.otlp.encode import encode_request, label_of
from outcrop.otlp.flat import FlatSpan, flat_span
from outcrop.otlp.records import EncodedSpan, EndedSpan, SpanGroup
from outcrop.recording.ids import root_ids
from outcrop.recording.span import LiveSpan
from outcrop.spooling.segment import NotedRequest, read_segment
from outcrop.spooling.writer import SegmentWriter


class Yard:
    """A queue, its journal's folder, and what it said."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        self.folder = folder
        self.dropped: list[str] = []
        self.full = 0
        self.opened = 0
        self.waiting = Waiting(
            {"service.name": "test"},
            self.open_journal,
            is_durable=is_durable,
            on_drop=lambda spans, reason: self.dropped.extend([reason] * spans),
            on_full=self._note_full,
        )

    def open_journal(self) -> SegmentWriter:
        self.opened += 1
        return SegmentWriter(self.folder / f"{self.opened}.segment")

    def end_spans(self, *names: str) -> None:
        for name in names:
            LiveSpan(self, name, root_ids(), SpanGroup("Default", "test")).end()

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:  # noqa: ARG002  # the sink's interface
        self.waiting.submit(ended)

    def on_disk(self) -> list[str]:
        return [
            span.name
            for path in sorted(self.folder.iterdir())
            for request in read_segment(path.read_bytes()).requests
            for span in decode_request(request.body)
        ]

    def _note_full(self) -> None:
        self.full += 1


def _names(count: int) -> list[str]:
    return [f"span {number}" for number in range(count)]


def test_fewer_spans_than_may_be_lost_touch_no_disk(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.end_spans(*_names(JOURNAL_EVERY - 1))
    assert yard.opened == 0
    assert len(yard.waiting.take().spans) == JOURNAL_EVERY - 1


def test_all_but_the_last_few_are_on_disk_before_the_thread_comes(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    yard.end_spans(*_names(57))
    assert yard.on_disk() == _names(50)
    assert len(yard.waiting) == 57


def test_a_durable_queue_has_each_span_on_disk(tmp_path: Path) -> None:
    yard = Yard(tmp_path, is_durable=True)
    yard.end_spans("only")
    assert yard.on_disk() == ["only"]


def test_a_durable_queue_notes_down_what_the_delivery_thread_came_first_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = Yard(tmp_path, is_durable=True)
    submit = yard.waiting.submit

    class Raw(deque[EndedSpan]):
        """Has the delivery thread come between the two steps of `submit`."""

        def append(self, span: EndedSpan) -> None:
            super().append(span)
            yard.waiting.take()

    monkeypatch.setattr(yard.waiting, "_raw", Raw())
    assert submit == yard.waiting.submit
    yard.end_spans("only")
    assert yard.on_disk() == ["only"]


def test_the_journal_forgets_what_is_delivered_and_keeps_what_came_meanwhile(tmp_path: Path) -> None:
    yard = Yard(tmp_path, is_durable=True)
    yard.end_spans("early")
    taken = yard.waiting.take()
    yard.end_spans("late")
    assert yard.on_disk() == ["early", "late"]
    yard.waiting.delivered(taken)
    assert yard.on_disk() == ["late"]
    yard.waiting.delivered(yard.waiting.take())
    yard.end_spans("again", "and again")
    yard.waiting.delivered(yard.waiting.take())
    assert yard.opened == 2  # the two files take turns
    yard.waiting.close()
    assert list(tmp_path.iterdir()) == []


def test_a_full_queue_drops_what_is_new_and_counts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_module, "MAX_SPANS", 4)
    yard = Yard(tmp_path, is_durable=True)
    yard.end_spans(*_names(7))
    assert yard.dropped == ["the queue was full"] * 3
    assert len(yard.waiting.take().spans) == 4
    assert yard.full > 0  # the delivery thread was asked to come before it was too late


def test_bytes_are_bounded_as_well_as_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_module, "MAX_BYTES", 2_000)
    yard = Yard(tmp_path)
    yard.end_spans(*("x" * 400 for _ in range(20)))
    assert sum(span.size for span in yard.waiting.take().spans) <= 2_000
    assert len(yard.dropped) > 10


def test_a_journal_that_cannot_be_written_is_given_up_and_no_span_with_it(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "missing")
    yard.end_spans(*_names(25))
    assert len(yard.waiting.take().spans) == 25
    assert yard.opened == 1


def test_megabytes_are_left_to_the_delivery_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_module, "_MAX_JOURNALLED_BYTES", 2_000)
    yard = Yard(tmp_path)
    yard.end_spans(*("x" * 400 for _ in range(10)))
    assert yard.opened == 0
    assert yard.full == 1


def test_a_span_that_cannot_be_encoded_takes_no_other_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OUTCROP_RAISE_FAULTS")

    class Broken:
        is_costly = False
        is_local_root = True

        def flat(self) -> None:
            return

        def encode(self) -> EncodedSpan:
            raise RuntimeError("our own fault")

    yard = Yard(tmp_path)
    yard.end_spans("before")
    yard.waiting.submit(Broken())
    yard.end_spans("after")
    assert len(yard.waiting.take().spans) == 2
    assert "fault of Outcrop's own" in caplog.text


def test_a_disk_without_room_is_no_disk(tmp_path: Path) -> None:
    yard = Yard(tmp_path)

    class Full(SegmentWriter):
        def note(self, *requests: NotedRequest) -> None:  # noqa: ARG002  # as the base's
            raise OSError(errno.ENOSPC, "No space left on device")

    yard.waiting = Waiting(
        {},
        lambda: Full(tmp_path / "full.segment"),
        is_durable=False,
        on_drop=lambda _, reason: yard.dropped.append(reason),
        on_full=lambda: None,
    )
    yard.end_spans(*_names(30))
    assert len(yard.waiting.take().spans) == 30
    assert yard.dropped == []


def test_the_programs_thread_steps_aside_for_a_delivery_thread_that_gets_no_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[float] = []
    monkeypatch.setattr(waiting_module, "_STARVING_SPANS", 40)
    monkeypatch.setattr(time, "sleep", steps.append)
    yard = Yard(tmp_path)
    yard.end_spans(*_names(30))
    assert steps == []
    yard.end_spans(*_names(40))
    assert 3 <= len(steps) <= 5
    yard.waiting.take()
    before = len(steps)
    yard.end_spans(*_names(30))
    assert len(steps) == before


class HeldLock:
    """A lock that the delivery thread holds until somebody waits for it, if it ever lets go."""

    def __init__(self, *, lets_go: bool) -> None:
        self._lets_go = lets_go
        self.asked: list[float] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if blocking:
            self.asked.append(timeout)
        return blocking and self._lets_go

    def release(self) -> None:
        """What was waited for is given back."""


def test_the_tenth_span_waits_for_a_thread_that_keeps_it_from_being_noted_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the delivery thread does that is put aside in the midst of taking what waits."""
    yard = Yard(tmp_path)
    lock = HeldLock(lets_go=True)
    monkeypatch.setattr(yard.waiting, "_lock", lock)
    yard.end_spans(*_names(9))
    assert lock.asked == []
    yard.end_spans("10th", "11th")
    # It waits a moment, and not for ever.
    assert [0 < patience < 1 for patience in lock.asked] == [True]
    assert len(yard.on_disk()) == 10


def test_a_thread_that_goes_on_for_long_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard = Yard(tmp_path)
    lock = HeldLock(lets_go=False)
    monkeypatch.setattr(yard.waiting, "_lock", lock)
    yard.end_spans(*_names(35))
    # Once for every ten: a program is not held up at each span.
    assert len(lock.asked) == 3
    assert len(yard.waiting) == 35


class Costly:
    """A span whose encoding takes long, as with redaction."""

    is_costly = True
    is_local_root = True

    def __init__(self, span: LiveSpan, encoders: list[str]) -> None:
        self._span = span
        self._encoders = encoders

    def flat(self) -> None:
        return

    def encode(self) -> EncodedSpan:
        self._encoders.append(threading.current_thread().name)
        return self._span.encode()


def _costly_spans(yard: Yard, count: int, encoders: list[str]) -> None:
    for name in _names(count):
        span = LiveSpan(yard, name, root_ids(), SpanGroup("Default", "test"))
        span.end_as(Costly(span, encoders))


def test_what_takes_long_to_encode_is_left_to_the_delivery_thread(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    encoders: list[str] = []
    _costly_spans(yard, 50, encoders)
    assert encoders == []
    assert yard.opened == 0
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(len(yard.waiting.take().spans)), name="delivery")
    thread.start()
    thread.join()
    assert taken == [50]
    assert set(encoders) == {"delivery"}


def test_a_durable_queue_encodes_even_that_at_once(tmp_path: Path) -> None:
    yard = Yard(tmp_path, is_durable=True)
    encoders: list[str] = []
    _costly_spans(yard, 1, encoders)
    assert yard.on_disk() == ["span 0"]


def test_a_stream_that_is_collected_while_spans_are_taken_stops_nothing(tmp_path: Path) -> None:
    yard = Yard(tmp_path, is_durable=True)

    class EndsAnother:
        """Encoding it ends another span, as the collector may within any statement."""

        is_costly = False
        is_local_root = True

        def flat(self) -> None:
            return

        def encode(self) -> EncodedSpan:
            yard.end_spans("collected")
            span = LiveSpan(yard, "outer", root_ids(), SpanGroup("Default", "test"))
            return span.encode()

    yard.waiting.submit(EndsAnother())
    assert len(yard.waiting.take().spans) == 2


class FlatCall:
    """A call that has its parts, in an experiment of its own."""

    is_costly = False
    is_local_root = True

    def __init__(self, name: str, experiment: str) -> None:
        parts = b"", b"body", b"", b"", b"", b""
        group, label = SpanGroup(experiment, "test"), label_of(name, 3)
        self._flat = flat_span(group, root_ids(), (1, 2, 3, 4), 200, 1, 1, label, parts)

    def flat(self) -> FlatSpan:
        return self._flat

    def encode(self) -> EncodedSpan:
        raise AssertionError("Calls that have their parts are encoded by the delivery thread.")


def test_calls_are_noted_down_as_their_parts_beside_others(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    names = [f"{experiment} {number}" for number in range(3) for experiment in ("a", "b")]
    for name in names:
        yard.waiting.submit(FlatCall(name, name[0]))
    yard.end_spans(*_names(4))
    assert sorted(yard.on_disk()) == sorted([*names, *_names(4)])
    (segment,) = tmp_path.iterdir()
    found = [
        (span.experiment, span.name)
        for request in read_segment(segment.read_bytes()).requests
        for span in decode_request(request.body)
    ]
    assert {name: experiment for experiment, name in found if experiment != "Default"} == {
        name: name[0] for name in names
    }
    taken = yard.waiting.take().spans
    request = decode_request(encode_request(taken, {}))
    assert sorted(span.name for span in request) == sorted([*names, *_names(4)])
