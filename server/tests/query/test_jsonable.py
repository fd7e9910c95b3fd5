from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from outcrop_server.query.jsonable import jsonable, mended

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
)


@given(anything)
def test_anything_becomes_strict_json_in_utf8(value: object) -> None:
    json.dumps(jsonable(value), allow_nan=False, ensure_ascii=False).encode()


def test_plain_values_stay_as_they_are() -> None:
    value = {"a": [1, 2.5, True, None, "日本"]}
    assert jsonable(value) == value


def test_bytes_are_shown_by_their_size() -> None:
    assert jsonable({"body": b"12345"}) == {"body": {"$bytes": 5}}


def test_half_a_surrogate_pair_is_mended() -> None:
    assert mended("a\ud83d") == "a?"


def test_what_is_nested_too_deeply_is_cut() -> None:
    value: Any = "core"
    for _ in range(100_000):
        value = [value]
    shown = json.dumps(jsonable(value))
    assert "nested too deeply" in shown


def test_what_json_does_not_know_is_shown_as_text() -> None:
    assert jsonable({1: {2}}) == {"1": "{2}"}
