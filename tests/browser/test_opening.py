"""How the page opens: what it asks for, and what is loaded only once it is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

import outcrop
from outcrop.testing import BedrockEmulator, Reply

pytestmark = pytest.mark.browser

MODEL = "anthropic.claude-3-5-sonnet-20241022-v2:0"
# A view's own, what several views share, and what all need.
_MOST_SCRIPTS = 3


def _paths(page: Page) -> list[str]:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url.split("/", 3)[3])

    page.on("request", note)
    return asked


@pytest.fixture
def one_trace(bedrock_emulator: BedrockEmulator, client: Any, tracing: str) -> str:
    """The page's address, with a trace of one call behind it."""
    bedrock_emulator.script(MODEL, Reply("It **rains**."))
    client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "How is it outside?"}]}])
    outcrop.flush()
    return tracing


def test_a_trace_comes_in_few_files_and_asks_for_nothing_twice(one_trace: str, page: Page) -> None:
    page.goto(one_trace)
    page.get_by_text("How is it outside?").first.click()
    expect(page.get_by_role("tabpanel")).to_contain_text("It rains.")
    address = page.url.partition("?")[0]
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text))
    asked = _paths(page)
    page.goto(address)
    expect(page.get_by_role("tabpanel")).to_contain_text("It rains.")
    scripts = [path for path in asked if path.endswith(".js") and "Markdown" not in path]
    assert len(scripts) <= _MOST_SCRIPTS
    # What the head of the page names is what the page takes up: a browser says so where it is not.
    answers = Counter(path for path in asked if path.startswith("api/") and not path.startswith("api/tail"))
    assert set(answers.values()) == {1}
    assert not [each for each in warnings if "preload" in each]


def test_the_list_asks_for_its_first_page_before_its_script_has_come(
    one_trace: str, page: Page, block: Callable[[str], None]
) -> None:
    asked = _paths(page)
    block("*/assets/TracesView-*.js")
    with page.expect_event("requestfailed", lambda request: "TracesView" in request.url):
        page.goto(f"{one_trace}/traces")
    for path in (
        "api/traces?limit=100",
        "api/timeline?steps=100",
        "api/views",
        "api/session",
        "api/experiments",
    ):
        assert path in asked


def test_menus_are_loaded_when_they_are_wanted_and_give_the_focus_back(one_trace: str, page: Page) -> None:
    asked = _paths(page)
    page.goto(one_trace)
    expect(page.get_by_text("How is it outside?").first).to_be_visible()
    assert not [path for path in asked if "controls" in path]
    theme = page.get_by_role("button", name="Theme")
    theme.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitemradio", name="Dark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(theme).to_be_focused()
    theme.click()
    page.get_by_role("menuitemradio", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")

    columns = page.get_by_role("button", name="Columns")
    columns.click()
    expect(page.get_by_role("dialog", name="Columns")).to_be_visible()
    page.keyboard.press("Escape")
    expect(columns).to_be_focused()
    columns.click()
    expect(page.get_by_role("dialog", name="Columns")).to_be_visible()
    columns.click()
    expect(page.get_by_role("dialog", name="Columns")).to_have_count(0)


def test_the_experiment_field_opens_under_the_first_click_and_takes_what_is_typed(
    one_trace: str, page: Page
) -> None:
    page.goto(one_trace)
    field = page.get_by_role("combobox", name="Experiment")
    expect(field).to_have_value("All experiments")
    field.click()
    expect(page.get_by_role("option", name="Default")).to_be_visible()
    page.keyboard.type("defa")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{one_trace}/traces?experiment=Default")
    expect(page.get_by_text("How is it outside?").first).to_be_visible()


def test_a_window_gives_the_focus_back_the_first_time_too(one_trace: str, page: Page) -> None:
    page.goto(one_trace)
    expect(page.get_by_text("How is it outside?").first).to_be_visible()
    button = page.get_by_role("button", name="Language")
    button.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    expect(button).to_be_focused()
