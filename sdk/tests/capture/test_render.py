"""Rendering: any value becomes JSON text, and none an exception."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outcrop.capture.render import MAX_JSON_BYTES, to_json

JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Colour(Enum):
    TEAL = "teal"


@dataclass
class Point:
    x: int
    y: list[int]


class Rude:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Huge:
    def __repr__(self) -> str:
        return "x" * (MAX_JSON_BYTES + 10)


class RudeMapping(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("no")


@given(JSON_VALUES)
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert json.loads(to_json(value)) == value


@given(
    st.dictionaries(st.tuples(st.integers(), st.integers()) | st.binary(), st.binary() | st.complex_numbers())
)
def test_odd_keys_and_values_never_raise(value: Any) -> None:
    json.loads(to_json(value))


def test_values_that_are_not_json_are_shown_honestly() -> None:
    value = {
        "bytes": b"\x00\x01",
        "point": Point(1, [2]),
        "colour": Colour.TEAL,
        "time": datetime(2026, 11, 22, tzinfo=timezone.utc),
        "set": {1},
        "class": Point,
        "rude": Rude(),
    }
    shown = json.loads(to_json(value))
    assert shown["bytes"] == "AAE="
    assert shown["point"] == {"x": 1, "y": [2]}
    assert shown["colour"] == "teal"
    assert shown["time"] == "2026-11-22T00:00:00+00:00"
    assert shown["set"] == [1]
    assert "Point" in shown["class"]
    assert shown["rude"] == "<Rude whose repr raises RuntimeError>"


def test_cycles_and_depth_are_cut_with_a_note() -> None:
    cycle: dict[str, Any] = {"name": "a"}
    cycle["self"] = cycle
    assert json.loads(to_json(cycle)) == {"name": "a", "self": "<cycle: dict>"}
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert "deeper than 100 levels" in to_json(deep)


def test_a_huge_repr_is_bounded_and_says_its_length() -> None:
    shown = json.loads(to_json(Huge()))
    assert len(shown) < MAX_JSON_BYTES + 100
    assert "1,000,010 characters" in shown


def test_a_subclass_of_dict_shows_what_it_holds_whatever_its_methods_do() -> None:
    assert json.loads(to_json({"m": RudeMapping(a=1), (1,): 2})) == {"m": {"a": 1}, "(1,)": 2}
