"""A span's words: what was said in it, each text a line, without what is no word."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from outcrop.genai.content import MAX_CHARACTERS, content_of, content_of_view, without_binaries
from outcrop.genai.messages import (
    Chat,
    Message,
    blob_part,
    generic_part,
    reasoning_part,
    text_part,
    tool_call_part,
    tool_result_part,
    uri_part,
)
from outcrop.genai.view import SpanView


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("as it is", "as it is"),
        ({"city": "Rome", "days": 3, "is_warm": True, "none": None}, "Rome\n3"),
        ([["a", {"b": ["c", 0.5]}], "d"], "a\nc\n0.5\nd"),
        ([0.1] * 33, None),
        ([1] * 32, "\n".join(["1"] * 32)),
        (2**63, None),
        ({}, None),
        ("  \n ", None),
    ],
)
def test_texts_and_numbers_of_json_are_words_and_names_are_not(value: Any, words: str | None) -> None:
    assert content_of((), value, None) == words
    assert content_of((), None, value) == words


def test_a_conversation_is_read_part_by_part() -> None:
    chat = Chat(
        system=[text_part("be kind")],
        messages=[
            Message("user", [text_part("hello"), blob_part("image", "image/png", "QUJD", name="cat.png")]),
            Message("assistant", [tool_call_part("t-1", "get_weather", {"type": "now", "city": "Rome"})]),
            Message(
                "tool", [tool_result_part("t-1", [text_part("sunny"), {"degrees": 21}], status="success")]
            ),
            Message("user", [uri_part("image", None, "s3://b/k"), generic_part({"odd": "thing"})]),
        ],
        output=[Message("assistant", [reasoning_part("let me see", signature="c2ln"), text_part("bye")])],
    )
    view = SpanView("CHAT_MODEL", inputs={"modelId": "m"}, outputs={"stopReason": "end"}, chat=chat)
    words = content_of_view(view)
    assert words is not None
    assert words.split("\n") == [
        *("be kind", "hello", "cat.png", "t-1", "get_weather", "now", "Rome", "t-1", "sunny", "21"),
        *("s3://b/k", "thing", "let me see", "bye"),
    ]


def test_deep_json_is_read_to_its_end() -> None:
    deep: Any = "down here"
    for _ in range(50_000):
        deep = [deep]
    assert content_of((), deep, None) == "down here"


@pytest.mark.parametrize("before", [0, 1, 500, 935, 936, 937, 3_000])
def test_base64_is_left_out_wherever_it_stands(before: int) -> None:
    picture = base64.b64encode(bytes(range(256)) * 4).decode()
    text = "ab " * (before // 3) + picture + " and words"
    assert without_binaries(text) == "ab " * (before // 3) + " and words"


def test_text_without_blanks_is_no_base64() -> None:
    text = "東京タワー" * 400
    assert without_binaries(text) == text
    assert without_binaries("a" * 999) == "a" * 999


def test_a_span_has_so_many_characters_at_most() -> None:
    words = content_of((), ["a b " * 200_000, "c d " * 200_000], None)
    assert words is not None
    assert len(words) == MAX_CHARACTERS
