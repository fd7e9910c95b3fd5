"""What one chooses in the list: columns, views, and several traces at once, over a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

import outcrop
from outcrop.testing import BedrockEmulator, Reply, Usage

pytestmark = pytest.mark.browser

SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"


@pytest.fixture
def five_traces(bedrock_emulator: BedrockEmulator, client: Any, tracing: str) -> str:
    """The address of a server with five traces: `Question 1` to `Question 5`."""
    outcrop.set_experiment("/Shared/choices")
    for number in range(1, 6):
        bedrock_emulator.script(SONNET, Reply(f"Answer {number}", usage=Usage(10 * number, 5)))
        message = {"role": "user", "content": [{"text": f"Question {number}"}]}
        client.converse(modelId=SONNET, messages=[message])
    outcrop.flush()
    return tracing


def _rows(page: Page) -> Locator:
    return page.get_by_role("rowgroup").get_by_role("row")


def _heads(page: Page) -> list[str]:
    """The columns as they stand; for what is sure to be drawn."""
    heads = page.locator("[role=columnheader][data-column]")
    return [str(heads.nth(place).get_attribute("data-column")) for place in range(heads.count())]


def _head(page: Page, column: str) -> Locator:
    return page.locator(f"[role=columnheader][data-column={column}]")


def _wait_for_heads(page: Page, first: str, *others: str) -> None:
    heads = page.locator("[role=columnheader][data-column]")
    expect(heads.first).to_have_attribute("data-column", first)
    for place, column in enumerate(others, 1):
        expect(heads.nth(place)).to_have_attribute("data-column", column)


def _width(page: Page, column: str) -> float:
    box = _head(page, column).bounding_box()
    assert box is not None
    return box["width"]


def _open(page: Page, url: str) -> None:
    page.goto(f"{url}/traces")
    expect(_rows(page)).to_have_count(5)


def test_columns_are_chosen_dragged_and_remembered(five_traces: str, page: Page) -> None:
    _open(page, five_traces)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Prompt").check()
    page.keyboard.press("Escape")
    expect(_head(page, "prompt")).to_be_visible()
    _head(page, "cost").drag_to(_head(page, "time"))
    _wait_for_heads(page, "cost")
    edge = page.get_by_role("separator", name="Width of Model")
    box = edge.bounding_box()
    assert box is not None
    before = _width(page, "model")
    page.mouse.move(box["x"] + 5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 65, box["y"] + 10)
    page.mouse.up()
    # It is drawn some time after the pointer has moved.
    page.wait_for_function(
        "least => document.querySelector('[role=columnheader][data-column=model]').clientWidth >= least",
        arg=before + 50,
    )
    assert _width(page, "model") == pytest.approx(before + 60, abs=2)
    chosen = _heads(page)
    page.reload()
    expect(_rows(page)).to_have_count(5)
    assert _heads(page) == chosen
    expect(_rows(page).first.locator("[data-column=prompt]")).to_have_text("Question 5")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Restore").click()
    _wait_for_heads(page, "time", "name", "model", "latency", "firstToken", "tokens", "cost")
    expect(_head(page, "prompt")).to_have_count(0)


def test_a_view_is_saved_for_another_visitor_renamed_and_deleted(five_traces: str, page: Page) -> None:
    page.goto(f"{five_traces}/traces?filter=Question")
    expect(_rows(page)).to_have_count(5)
    page.get_by_role("columnheader", name="Tokens").get_by_role("button").first.click()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Tags").check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Views: none chosen").click()
    page.get_by_role("menuitem", name="Save as a view").click()
    page.get_by_role("textbox", name="Name").fill("Long questions")
    page.keyboard.press("Enter")
    page.wait_for_url("**view=v-*")

    # Nothing of it is kept in the browser.
    page.evaluate("localStorage.clear()")
    page.goto(f"{five_traces}/traces")
    page.get_by_role("button", name="Views: none chosen").click()
    page.get_by_role("menuitemradio", name="Long questions").click()
    expect(page.get_by_role("combobox", name="Filter traces")).to_have_value("Question")
    expect(_rows(page).first).to_contain_text("Question 5")
    expect(_head(page, "tags")).to_be_visible()

    page.get_by_role("button", name="Views: Long questions").click()
    page.get_by_role("menuitem", name="Rename Long questions").click()
    page.get_by_role("textbox", name="Name").fill("Questions")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Views: Questions").click()
    page.get_by_role("menuitem", name="Delete Questions").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Views: none chosen").click()
    expect(page.get_by_text("No view is saved yet")).to_be_visible()


def test_several_traces_are_tagged_exported_and_deleted(five_traces: str, page: Page, tmp_path: Path) -> None:
    _open(page, five_traces)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.get_by_role("button", name="Set tag").click()
    page.get_by_role("textbox", name="Key").fill("team")
    page.get_by_role("textbox", name="Value").fill("blue")
    page.keyboard.press("Enter")
    expect(page.get_by_text("team: blue set on 2")).to_be_visible()
    page.goto(f"{five_traces}/traces?filter=tags.team = 'blue'")
    expect(_rows(page)).to_have_count(2)

    page.get_by_role("checkbox", name="Choose all that are loaded").check()
    page.get_by_role("button", name="Export the chosen traces").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="JSON Lines, as read").click()
    file = tmp_path / "traces.jsonl"
    download.value.save_as(file)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["info"]["request_preview"] for line in lines] == ["Question 5", "Question 4"]
    assert download.value.suggested_filename == "traces.jsonl"

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete 2 traces?").get_by_role("button", name="Delete 2").click()
    expect(page.get_by_role("heading", name="No trace matches")).to_be_visible()
    page.goto(f"{five_traces}/traces")
    expect(_rows(page)).to_have_count(3)


def test_a_stretch_of_rows_is_chosen_with_shift_and_the_mouse(five_traces: str, page: Page) -> None:
    _open(page, five_traces)
    boxes = page.get_by_role("checkbox", name="Choose chat")
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.get_by_text("3 chosen")).to_be_visible()
    expect(page.get_by_role("link", name="Compare")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("5 traces")).to_be_visible()
