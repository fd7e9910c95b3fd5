"""What waits to be committed: what is urgent goes at once, and takes along what may wait."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from outcrop_server.storage.common import commit_queue
from outcrop_server.storage.common.commit_queue import CommitQueue


class Clock:
    """Goes on by waiting alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        monkeypatch.setattr(commit_queue, "time", SimpleNamespace(monotonic=lambda: self.now_s))


def queue_of(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, gather_s: float = 0.0
) -> tuple[CommitQueue[str], list[float | None]]:
    """A queue, and for how long it waited each time; nobody wakes it."""
    queue, waits = CommitQueue[str](1_000, gather_s=gather_s), list[float | None]()

    class Changed(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            waits.append(timeout)
            clock.now_s += timeout
            return False

    monkeypatch.setattr(queue, "_changed", Changed())
    return queue, waits


def test_what_is_urgent_is_not_kept_waiting_and_takes_the_others_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue, waits = queue_of(Clock(monkeypatch), monkeypatch)
    queue.put("note", 10, may_wait=True)
    queue.put("spans", 10)
    assert (queue.take(), waits) == (["note", "spans"], [])


def test_what_may_wait_waits_once_and_goes_when_nobody_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    queue, waits = queue_of(clock, monkeypatch)
    queue.put("first", 10, may_wait=True)
    clock.now_s += 0.015
    queue.put("second", 10, may_wait=True)
    # From the first one's coming, however many come after it.
    assert queue.take() == ["first", "second"]
    assert waits == pytest.approx([0.005])


def test_a_closed_queue_gives_at_once_what_waits_and_then_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, waits = queue_of(Clock(monkeypatch), monkeypatch)
    queue.put("note", 10, may_wait=True)
    queue.close()
    assert (queue.take(), queue.take(), waits) == (["note"], [], [])


def test_what_did_not_fit_into_a_transaction_goes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_queue, "_COMMIT_BYTES", 15)
    queue, waits = queue_of(Clock(monkeypatch), monkeypatch)
    queue.put("one", 10)
    queue.put("two", 10, may_wait=True)
    assert (queue.take(), queue.take(), waits) == (["one"], ["two"], [])


def test_what_gathers_goes_in_a_lull_or_when_it_is_enough_or_has_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    queue, waits = queue_of(clock, monkeypatch, gather_s=0.5)
    queue.put("a", 10, count=20)
    clock.now_s += 0.04
    queue.put("b", 10, count=20)
    # Nobody else came for a while.
    assert queue.take() == ["a", "b"]
    assert waits == pytest.approx([0.05])
    waits.clear()
    queue.put("c", 10, count=1_000)
    queue.put("d", 10, count=1_000)
    assert (queue.take(), waits) == (["c", "d"], [])
    for number in range(13):
        queue.put(str(number), 10, count=1)
        clock.now_s += 0.04
    # They came one by one for more than half a second.
    assert (queue.take(), waits) == ([str(number) for number in range(13)], [])
    queue.put("spans", 10, count=1)
    queue.put("edit", 10)
    assert (queue.take(), waits) == (["spans", "edit"], [])
