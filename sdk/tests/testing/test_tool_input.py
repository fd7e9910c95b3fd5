"""Inputs made up from a tool's schema."""

from __future__ import annotations

from typing import Any

import pytest

from outcrop.testing.tool_input import likely_name, make_input


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("What's the weather in Tokyo?", "Tokyo"),
        ("Can I fly to New York tomorrow?", "New York"),
        ("Hello. How warm is Oslo now?", "Oslo"),
        ("東京の天気は\uff1f", "東京"),
        ("tell me a joke", "joke"),
        ("?", "example"),
    ],
)
def test_the_likeliest_name_in_a_question_is_taken(prompt: str, name: str) -> None:
    assert likely_name(prompt) == name


def test_required_properties_are_filled_by_their_types() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "ratio": {"type": ["number", "null"]},
            "unit": {"enum": ["celsius", "fahrenheit"]},
            "verbose": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "place": {"type": "object", "properties": {"country": {"const": "JP"}}},
            "either": {"anyOf": [{"type": "null"}, {"type": "string"}]},
            "optional": {"type": "string"},
        },
        "required": ["city", "days", "ratio", "unit", "verbose", "tags", "place", "either"],
    }

    assert make_input(schema, "Weather for 3 days in Kyoto") == {
        "city": "Kyoto",
        "days": 3,
        "ratio": 3.0,
        "unit": "celsius",
        "verbose": True,
        "tags": ["Kyoto"],
        "place": {"country": "JP"},
        "either": None,
    }


def test_without_required_properties_the_first_one_is_filled() -> None:
    schema = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}}

    assert make_input(schema, "hi") == {"a": 1}


@pytest.mark.parametrize("schema", [{}, {"properties": 5}, {"required": ["x"], "properties": {"y": 1}}])
def test_a_schema_without_sense_makes_an_input_all_the_same(schema: dict[str, Any]) -> None:
    assert isinstance(make_input(schema, "hi"), dict)


def test_a_schema_nested_without_end_is_cut_off() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {}, "required": ["inner"]}
    schema["properties"]["inner"] = schema

    assert "inner" in make_input(schema, "hi")
