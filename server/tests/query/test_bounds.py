from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.query.bounds import Room

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=60,
)


@given(VALUES)
def test_what_fits_stays_as_it_is(value: Any) -> None:
    room = Room(100_000)
    assert room.value(value) == value
    assert not room.is_cut


@given(VALUES, st.integers(1, 300))
def test_what_is_kept_is_never_much_larger_than_the_room(value: Any, size: int) -> None:
    room = Room(size)
    kept = room.value(value)
    # The marks of each level come on top.
    assert len(json.dumps(kept, ensure_ascii=False)) < 2 * size + 1500
    assert room.is_cut or kept == value


def test_lists_objects_and_texts_say_what_is_missing() -> None:
    assert Room(30).value(list(range(10))) == [0, 1, 2, 3, {"$cut": 6}]
    assert Room(20).value({"a": "x", "b": "y", "c": 1, "d": 2}) == {"a": "x", "b": "y", "$cut": 2}
    assert Room(3).value("abcdef") == "abc… (3 more characters)"


def test_a_room_that_is_used_up_says_so_when_it_is_asked() -> None:
    room = Room(3)
    assert room.has_room
    room.value("abc")
    assert not room.is_cut
    assert not room.has_room
    assert room.is_cut
