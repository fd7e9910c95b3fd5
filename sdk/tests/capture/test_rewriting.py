"""Texts within texts: JSON stays JSON, what did not change stays as it came, pieces stay pieces."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcrop.capture.json_text import rewrite_strings
from outcrop.capture.rewriting import Change, rewrite_bytes, rewrite_text
from outcrop.capture.spread import spread
from outcrop.json_reading import as_list, as_object

SECRET = "s3cr\u00e9t/\u2713"


def _hide(text: str) -> str:
    return text.replace(SECRET, "[hidden]")


def _same(text: str) -> str:
    return text


def _same_value(text: str, _: str | None) -> str:
    return text


def _cross_out(_: str) -> str:
    return "X"


HIDE = Change(_hide)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON: st.SearchStrategy[Any] = st.recursive(
    TEXT | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def _upper(value: Any) -> Any:
    if isinstance(value, str):
        return value.upper()
    if isinstance(value, list):
        return [_upper(member) for member in as_list(value)]
    if isinstance(value, dict):
        return {name: _upper(member) for name, member in as_object(value).items()}
    return value


def _upper_word(word: str, _: str | None) -> str:
    return word.upper()


@given(JSON, st.booleans(), st.sampled_from([None, 1]))
def test_string_values_are_rewritten_and_keys_and_numbers_stay(
    value: Any, is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    assert json.loads(rewrite_strings(text, _upper_word)) == _upper(value)
    assert rewrite_strings(text, _same_value) == text


@given(st.text(max_size=200), st.integers(0, 200))
def test_half_a_json_text_is_read_as_far_as_it_goes(said: str, cut: int) -> None:
    text = json.dumps({"a": said})[:cut]
    assert rewrite_strings(text, _same_value) == text


@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_text_is_found_however_it_is_wrapped(is_ascii: bool) -> None:
    plain = f"my {SECRET}."
    in_json = json.dumps({"deep": [{"text": plain}]}, ensure_ascii=is_ascii)
    in_slashes = in_json.replace("/", "\\/")
    lines = f"data: {in_json}\n\ndata: {in_slashes}"
    for text in (plain, in_json, in_slashes, json.dumps(in_json), json.dumps([json.dumps(in_json)]), lines):
        wrapped = base64.b64encode(text.encode()).decode()
        for shown in (text, wrapped, json.dumps({"bytes": wrapped}, ensure_ascii=is_ascii)):
            changed = rewrite_text(shown, HIDE)
            assert changed != shown
            assert SECRET not in _unwrapped(changed)
            assert "[hidden]" in _unwrapped(changed)


def _unwrapped(text: str) -> str:
    """Opens what a reader can open, until nothing is left to open."""
    try:
        return _unwrapped(base64.b64decode(text, validate=True).decode())
    except ValueError:
        pass
    try:
        value = json.loads(text)
    except ValueError:
        return text.encode().decode("unicode_escape", "ignore") + text if "\\" in text else text
    if isinstance(value, str):
        return _unwrapped(value)
    members = [*as_object(value).values(), *as_list(value)]
    return " ".join(_unwrapped(json.dumps(member)) for member in members) if members else text


def test_binary_data_is_left_alone_byte_for_byte() -> None:
    picture = bytes(range(256)) * 8
    body = json.dumps({"image": base64.b64encode(picture).decode(), "text": SECRET}).encode()
    changed = json.loads(rewrite_bytes(body, Change(_cross_out)))
    assert base64.b64decode(changed["image"]) == picture
    assert changed["text"] == "X"
    assert rewrite_bytes(picture, Change(_cross_out)) == picture


def test_keys_change_where_that_is_asked_for() -> None:
    change = Change(_same, _hide)
    assert json.loads(rewrite_text(json.dumps({SECRET: {"a": 1}}), change)) == {"[hidden]": {"a": 1}}


@given(st.lists(st.text("ab", max_size=12), max_size=12), st.text("abc", max_size=60))
def test_pieces_together_are_the_changed_text(pieces: list[str], changed: str) -> None:
    spread_out = spread(pieces, changed)
    assert len(spread_out) == len(pieces)
    assert "".join(spread_out) == (changed if pieces else "")


def test_what_did_not_change_stays_in_its_piece() -> None:
    pieces = ["The key is ", "AK", "IAX", "YZ and that", " is all there is", " to say; AKIAXYZ", "!"]
    changed = "".join(pieces).replace("AKIAXYZ", "[hidden: AWS key]")
    assert spread(pieces, changed) == [
        "The key is ",
        "[hidden: AWS key]",
        "",
        " and that",
        " is all there is",
        " to say; [hidden: AWS key]",
        "!",
    ]
