"""Rendering's bounds: however large a value is, what is kept is small, says what was cut, and is JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.capture import bounded
from outcrop.capture.render import MAX_JSON_BYTES, to_json

HUGE = 10_000_000
ROOM = MAX_JSON_BYTES * 1.1


class Counting(list[int]):
    """A list whose elements are counted as they are drawn."""

    drawn = 0

    def __iter__(self) -> Iterator[int]:
        for item in super().__iter__():
            Counting.drawn += 1
            yield item


class Endless(Mapping[str, int]):
    """A mapping that never comes to an end."""

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield str(number)

    def __len__(self) -> int:
        return HUGE

    def __getitem__(self, key: str) -> int:
        return int(key)


@pytest.mark.parametrize(
    ("value", "mark"),
    [
        ("x" * HUGE, "… (cut: 10,000,000 characters in all)"),
        ("日" * HUGE, "… (cut: 10,000,000 characters in all)"),
        ("\x00" * HUGE, "… (cut: 10,000,000 characters in all)"),
        (b"\xff" * HUGE, "… (cut: 10,000,000 bytes in all)"),
        (bytearray(HUGE), "… (cut: 10,000,000 bytes in all)"),
        (memoryview(bytes(HUGE)), "… (cut: 10,000,000 bytes in all)"),
        ([0] * HUGE, "… (cut: 10,000,000 items in all)"),
        ([0.5] * HUGE, "… (cut: 10,000,000 items in all)"),
        ((None,) * HUGE, "… (cut: 10,000,000 items in all)"),
        (dict.fromkeys(range(1_000_000)), "… (cut: 1,000,000 entries in all)"),
        (set(range(1_000_000)), "… (cut: 1,000,000 items in all)"),
        (Endless(), "… (cut: 10,000,000 entries in all)"),
        ([{"text": "y" * 90}] * 1_000_000, "… (cut: 1,000,000 items in all)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_huge_is_cut_near_the_limit_with_its_size(
    value: Any, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine must not cut it earlier.
    monkeypatch.setattr(bounded, "MAX_RENDER_S", 600)
    text = to_json(value)
    assert MAX_JSON_BYTES / 5 < len(text.encode()) < ROOM
    assert mark in text
    json.loads(text)


def test_a_value_just_within_the_limit_is_whole() -> None:
    text = "x" * (MAX_JSON_BYTES - 2)
    assert json.loads(to_json(text)) == text


def test_a_huge_argument_leaves_room_for_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MAX_RENDER_S", 600)
    arguments = {"text": "x" * HUGE, "city": "Oslo", "numbers": [1] * HUGE, "days": 3}
    shown = json.loads(to_json(arguments))
    assert (shown["city"], shown["days"]) == ("Oslo", 3)
    assert shown["text"].endswith("(cut: 10,000,000 characters in all)")
    assert shown["numbers"][-1] == "… (cut: 10,000,000 items in all)"


def test_a_long_list_is_not_walked_to_its_end() -> None:
    Counting.drawn = 0
    shown = json.loads(to_json(Counting(range(1_000_000))))
    assert shown[-1] == "… (cut: 1,000,000 items in all)"
    # Not even its own iterator is asked: that would be the program's code.
    assert Counting.drawn == 0


def test_slow_values_are_cut_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    class Slow:
        def __repr__(self) -> str:
            clock[0] += bounded.MAX_RENDER_S / 4
            return "slow"

    monkeypatch.setattr(bounded, "perf_counter", lambda: clock[0])
    shown = json.loads(to_json([Slow() for _ in range(1_000)]))
    assert shown == ["slow"] * 5 + ["… (cut, it took too long: 1,000 items in all)"]


def test_numbers_that_json_has_no_word_for_are_text() -> None:
    shown = to_json({"a": math.nan, "b": [math.inf, -math.inf], "c": 0.5})
    assert shown == '{"a": "NaN", "b": ["Infinity", "-Infinity"], "c": 0.5}'
    assert to_json([math.nan] * 100) == json.dumps(["NaN"] * 100)


def test_half_a_surrogate_pair_is_shown_by_its_number() -> None:
    text = to_json({"a\ud800": "b\udfff", "whole": "\U0001f300"})
    assert json.loads(text.encode()) == {"a\\ud800": "b\\udfff", "whole": "\U0001f300"}


def test_an_integer_that_python_itself_will_not_print_is_shown_by_its_size() -> None:
    assert json.loads(to_json(10**100_000)) == "<int of 332,193 bits>"
    assert json.loads(to_json(2**70)) == 2**70


def test_keys_that_would_fall_together_are_kept_apart() -> None:
    shown = json.loads(to_json({1: "a", "1": "b", None: "c", (1, 2): "d"}))
    assert shown == {"1": "a", "1'": "b", "None": "c", "(1, 2)": "d"}


@given(
    st.recursive(st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_text_and_number_becomes_strict_json(value: Any) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(to_json(value).encode(), parse_constant=refuse)
