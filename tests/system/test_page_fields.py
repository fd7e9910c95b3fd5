"""What the page offers while a filter is typed is what the filter language has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outcrop.filter.fields import STATUSES
from outcrop.filter.parser import parse_filter

SOURCE = Path(__file__, "../../../web/src/model/filterFields.ts").resolve().read_text(encoding="utf-8")
FIELD = re.compile(r"""\{ name: "([^"]+)", kind: "(\w+)", example: "([^"]+)\"""")
FIELDS = FIELD.findall(SOURCE)


def test_the_page_offers_fields() -> None:
    assert len(FIELDS) > 20


@pytest.mark.parametrize(("name", "kind", "example"), FIELDS)
def test_each_field_and_its_example_are_understood(name: str, kind: str, example: str) -> None:
    # The user's own keys follow the dot: there the example is the whole condition.
    parse_filter(example if name.endswith(".") else f"{name} {example}")
    if not name.endswith("."):
        parse_filter(f"{name} LIKE 'a%'" if kind == "text" else f"{name} >= 1")


@pytest.mark.parametrize("entity", ["trace", "span"])
def test_statuses_are_those_of_the_language(entity: str) -> None:
    name = "status" if entity == "trace" else "span.status"
    found = re.search(rf'name: "{re.escape(name)}".*values: \[([^\]]+)\]', SOURCE)
    assert found is not None
    offered = set(re.findall(r'"(\w+)"', found[1]))
    known = set(STATUSES["trace" if entity == "trace" else "span"])
    assert offered <= known
