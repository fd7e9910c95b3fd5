"""Where batches end: delivered, divided, set aside, on disk, or held; and when an endpoint is asked again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outcrop.delivery import courier as courier_module
from outcrop.delivery import spool as spool_module
from outcrop.delivery.backoff import FIRST_S, LAST_S, Backoff
from outcrop.delivery.batches import Batch, batches, halves
from outcrop.delivery.courier import Courier
from outcrop.delivery.http_sender import HttpSender
from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.sender import Sent
from outcrop.delivery.spool import Spool
from outcrop.delivery.stats import Counters
from outcrop.otlp.encode import encode_span
from outcrop.otlp.protobuf import message, text, varint
from outcrop.otlp.records import SpanRecord
from sdk.tests.delivery.collector import Collector


class Desk:
    """A courier, its spool and its counts."""

    def __init__(self, url: str, folder: Path) -> None:
        self.counters = Counters()
        self.spool = Spool(folder, lambda spans, reason: self.counters.add("dropped", spans, reason))
        self.courier = Courier(HttpSender(f"{url}/v1/traces"), self.spool, self.counters)

    def carry(self, *names: str) -> bool:
        return self.courier.carry([_batch(*names)])


OpenDesk = Callable[[str, Path], Desk]


@pytest.fixture
def open_desk() -> Iterator[OpenDesk]:
    opened: list[Desk] = []

    def make(url: str, folder: Path) -> Desk:
        opened.append(Desk(url, folder))
        return opened[-1]

    yield make
    for desk in opened:
        desk.courier.close()


def _batch(*names: str) -> Batch:
    spans = [
        SpanRecord(os.urandom(16), os.urandom(8), b"", name, 1, 1, 2, 1, "", {"k": "v"}, [], "E", "test")
        for name in names
    ]
    (batch,) = batches(map(encode_span, spans), {"service.name": "test"})
    return batch


def _names(batch: Batch) -> list[str]:
    return [span.name for span in decode_request(batch.body)]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        yield made


def test_one_poisonous_span_is_found_and_the_others_are_delivered(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector.judge = lambda spans: 400 if any(span.name == "poison" for span in spans) else 200
    desk = open_desk(collector.url, tmp_path)
    names = [f"span {number}" for number in range(20)]
    assert desk.carry(*names[:13], "poison", *names[13:])
    assert sorted(span.name for span in collector.spans) == sorted(names)
    (aside,) = tmp_path.glob("*.rejected")
    assert [span.name for span in decode_request(aside.read_bytes())] == ["poison"]
    assert str(aside) in caplog.text
    stats = desk.counters.stats(0)
    assert (stats.sent, stats.rejected) == (20, 1)


def test_a_batch_that_is_too_large_goes_in_parts(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path
) -> None:
    collector.judge = lambda spans: 413 if len(spans) > 3 else 200
    desk = open_desk(collector.url, tmp_path)
    assert desk.carry(*(f"span {number}" for number in range(10)))
    assert len(collector.spans) == 10
    assert desk.counters.stats(0).rejected == 0


def test_halves_keep_resource_scope_and_every_span() -> None:
    whole = _batch("a", "b", "c")
    first, second = halves(whole)
    assert (_names(first), _names(second)) == (["a"], ["b", "c"])
    assert (first.spans, second.spans) == (1, 2)
    assert decode_request(first.body + second.body) == decode_request(whole.body)
    assert b"service.name" in second.body


def test_spans_that_an_endpoint_takes_but_for_some_are_counted(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collector.answer = message(1, b"\x08" + varint(2) + text(2, "no trace id"))
    desk = open_desk(collector.url, tmp_path)
    assert desk.carry("a", "b", "c")
    stats = desk.counters.stats(0)
    assert (stats.sent, stats.rejected, stats.reasons) == (1, 2, {"no trace id": 2})
    assert "no trace id" in caplog.text


def test_a_connection_that_breaks_in_mid_request_loses_and_doubles_nothing(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(collector.url, tmp_path)
    assert desk.carry("before")
    collector.hangs_up = True
    assert desk.carry("during")
    collector.hangs_up = False
    desk.courier.backoff.try_now()
    assert desk.carry("after")
    assert [span.name for span in collector.spans] == ["before", "during", "after"]


def test_what_came_first_goes_out_first_when_the_endpoint_answers_again(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(collector.url, tmp_path)
    collector.status = 503
    for number in range(5):
        assert desk.carry(f"span {number}")
    collector.status = 200
    desk.courier.backoff.try_now()
    assert desk.carry("newest")
    assert [span.name for span in collector.spans] == [*(f"span {n}" for n in range(5)), "newest"]
    assert desk.spool.waiting() == []


def test_a_half_sent_segment_is_gone_on_with_where_it_was_left(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(collector.url, tmp_path)
    collector.status = 503
    for name in ("a", "b", "c"):
        assert desk.carry(name)
    collector.judge = lambda spans: 503 if spans[0].name == "b" else 200
    desk.courier.backoff.try_now()
    desk.courier.drain()
    later = open_desk(collector.url, tmp_path)
    collector.judge = lambda _: 200
    later.courier.drain()
    assert [span.name for span in collector.spans] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("header", "bounds_s"),
    [
        ("120", (119, 120)),
        ("Wed, 21 Oct 2099 07:28:00 GMT", (299, 300)),
        ("soon", (0, FIRST_S)),
        ("99999", (299, 300)),
    ],
)
def test_the_endpoint_says_when_to_come_again(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path, header: str, bounds_s: tuple[float, float]
) -> None:
    collector.status, collector.headers = 503, {"Retry-After": header}
    desk = open_desk(collector.url, tmp_path)
    assert desk.carry("kept")
    assert bounds_s[0] <= desk.courier.backoff.remaining_s <= bounds_s[1]


def test_waits_grow_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)

    def waits() -> list[float]:
        backoff = Backoff()
        found: list[float] = []
        for _ in range(8):
            backoff.failed(None)
            found.append(backoff.remaining_s)
        return found

    first, second = waits(), waits()
    assert first != second
    for number, wait_s in enumerate(first):
        longest = min(FIRST_S * 2**number, LAST_S)
        assert longest / 2 <= wait_s <= longest


def test_while_neither_endpoint_nor_disk_takes_it_a_batch_is_held(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    desk = open_desk(collector.url, tmp_path / "file" / "below")
    collector.status = 503
    assert not desk.carry("held")
    assert desk.courier.held_spans == 1
    collector.status = 200
    desk.courier.backoff.try_now()
    assert desk.carry("next")
    assert sorted(span.name for span in collector.spans) == ["held", "next"]
    assert desk.counters.stats(0).dropped == 0


@pytest.mark.parametrize("limit", ["spans", "bytes"])
def test_what_is_held_is_bounded_and_the_oldest_is_kept(  # noqa: PLR0917  # fixtures
    collector: Collector,
    open_desk: OpenDesk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    limit: str,
) -> None:
    (tmp_path / "file").write_text("in the way")
    desk = open_desk(collector.url, tmp_path / "file" / "below")
    most = {"spans": ("_MAX_HELD_SPANS", 6), "bytes": ("_MAX_HELD_BYTES", 3 * len(_batch("a 0", "b 0").body))}
    monkeypatch.setattr(courier_module, *most[limit])
    collector.status = 503
    for number in range(8):
        desk.carry(f"a {number}", f"b {number}")
    assert desk.courier.held_spans == 6
    assert desk.counters.stats(0).dropped == 10
    assert caplog.text.count("spans are lost") == 1
    collector.status = 200
    desk.courier.backoff.try_now()
    assert desk.courier.carry([])
    assert [span.name for span in collector.spans] == [f"{name} {n}" for n in range(3) for name in "ab"]
    # There is room again.
    collector.status = 503
    desk.carry("a 9", "b 9")
    assert desk.courier.held_spans == 2


def test_a_disk_that_takes_nothing_is_asked_once_a_round(
    collector: Collector, open_desk: OpenDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    desk = open_desk(collector.url, tmp_path / "file" / "below")
    collector.status = 503
    for number in range(50):
        desk.carry(f"span {number}")
    asked: list[Batch] = []

    def put(batch: Batch) -> None:
        asked.append(batch)
        raise OSError("no room")

    monkeypatch.setattr(desk.spool, "put", put)
    desk.courier.carry([])
    assert len(asked) == 1
    kept: list[Batch] = []
    monkeypatch.setattr(desk.spool, "put", kept.append)
    assert desk.courier.carry([])
    assert (len(kept), desk.courier.held_spans) == (50, 0)


def test_bodies_are_compressed_for_an_endpoint_on_another_machine(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = HttpSender(f"{collector.url}/v1/traces")
    monkeypatch.setattr(sender, "_compresses", True)
    batch = _batch(*("name " * 20 for _ in range(50)))
    assert sender.post(batch.body) == Sent(True)
    sender.close()
    assert collector.bodies == [batch.body]


def test_the_spool_keeps_the_newest_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 300)
    monkeypatch.setattr(spool_module, "MAX_BYTES", 1_000)
    dropped: list[tuple[int, str]] = []
    spool = Spool(tmp_path, lambda spans, reason: dropped.append((spans, reason)))
    for number in range(12):
        spool.put(_batch(f"span {number}"))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1_000
    kept = len(dropped)
    assert dropped == [(1, "the spool is full")] * kept
    spool.release()
    collected: list[str] = []
    for path in spool.waiting():
        collected += [line for line in (f"span {n}" for n in range(12)) if line.encode() in path.read_bytes()]
    assert "span 11" in collected
    assert "span 0" not in collected


def test_old_segments_go_but_not_because_a_clock_jumped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[str] = []
    spool = Spool(tmp_path, lambda _, reason: dropped.append(reason))
    spool.put(_batch("first"))
    spool.release()
    now = time.time
    # The clock jumps a year ahead: the other clock, which counts from the start, knows better.
    monkeypatch.setattr(time, "time", lambda: now() + 365 * 86_400)
    spool.put(_batch("second"))
    assert dropped == []
    spool.release()
    monkeypatch.undo()
    (first, _) = spool.waiting()
    week_ago = now() - 8 * 86_400
    os.utime(first, (week_ago, week_ago))
    spool.put(_batch("third"))
    assert dropped == ["older than the spool keeps"]
