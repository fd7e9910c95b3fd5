from __future__ import annotations

from typing import Any

import pytest

from outcrop.terminal import told as module
from outcrop.terminal.told import Told


def trace(name: str, state: str | None = "COMPLETE", spans: int = 1) -> dict[str, Any]:
    return {"info": {"trace_id": name, "span_count": spans, **({"state": state} if state else {})}}


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["info"]["trace_id"] for each in found]


def test_each_is_given_once_however_often_it_changes() -> None:
    told = Told()
    assert names(told.due([trace("a"), trace("b", None)])) == ["a", "b"]
    assert told.due([trace("a", spans=2), trace("b", None)]) == []


def test_what_was_there_is_given_only_when_it_ends_later() -> None:
    told = Told()
    told.note(trace("a"))
    told.note(trace("b", "IN_PROGRESS"))
    assert names(told.due([trace("a"), trace("b", "IN_PROGRESS"), trace("b")])) == ["b"]


def test_one_that_runs_waits_until_nothing_more_is_heard_of_it() -> None:
    clock = Clock()
    told = Told(5.0, clock)
    assert told.due([trace("a", "IN_PROGRESS")]) == []
    assert told.knows(trace("a"))
    clock.now_s = 4
    # Each change begins the wait anew; a second look at the same one does not.
    assert told.due([trace("a", "IN_PROGRESS", spans=2)]) == []
    clock.now_s = 8
    assert told.due([trace("a", "IN_PROGRESS", spans=2)]) == []
    clock.now_s = 9
    assert names(told.due([])) == ["a"]
    clock.now_s = 100
    assert told.due([trace("a", "IN_PROGRESS", spans=3)]) == []
    assert names(told.due([trace("a")])) == ["a"]


def test_one_that_is_complete_in_time_is_given_once() -> None:
    clock = Clock()
    told = Told(5.0, clock)
    told.due([trace("a", "IN_PROGRESS")])
    assert names(told.due([trace("a")])) == ["a"]
    clock.now_s = 100
    assert told.due([]) == []


def test_one_whose_root_will_not_come_is_given_once() -> None:
    told = Told(float("inf"))
    assert names(told.due([trace("a", "INCOMPLETE")])) == ["a"]
    assert told.due([trace("a", "INCOMPLETE", spans=2)]) == []


def test_neither_what_was_given_nor_what_waits_grows_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    monkeypatch.setattr(module, "_WAITING", 2)
    told = Told(float("inf"))
    found = [told.due([trace(str(number), "IN_PROGRESS")]) for number in range(5)]
    # The oldest is given rather than forgotten.
    assert [names(each) for each in found] == [[], [], ["0"], ["1"], ["2"]]
    for number in range(5, 9):
        told.due([trace(str(number))])
    assert not told.knows(trace("2"))
    assert told.knows(trace("8"))
