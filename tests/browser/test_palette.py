"""The command palette and the keys that work in every view, over a real server."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import outcrop
from outcrop.testing import BedrockEmulator, Reply, Usage

pytestmark = pytest.mark.browser

SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0"


@pytest.fixture
def two_traces(bedrock_emulator: BedrockEmulator, client: Any, tracing: str) -> str:
    for experiment, words in (("/Shared/checkout", "Older"), ("/Shared/search", "Newer")):
        outcrop.set_experiment(experiment)
        bedrock_emulator.script(SONNET, Reply(f"{words} answer", usage=Usage(10, 5)))
        client.converse(modelId=SONNET, messages=[{"role": "user", "content": [{"text": words}]}])
    outcrop.flush()
    return tracing


def _open_palette(page: Page) -> None:
    """What is typed before the field has the focus is lost."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Command palette")).to_be_focused()


def test_the_palette_leads_everywhere_by_keyboard(two_traces: str, page: Page) -> None:
    page.goto(two_traces)
    expect(page.get_by_role("rowgroup").get_by_role("row")).to_have_count(2)
    # From within a field, too.
    page.keyboard.press("/")
    _open_palette(page)
    field = page.get_by_role("combobox", name="Command palette")
    page.keyboard.type("checkout")
    expect(page.get_by_role("option", selected=True)).to_have_text("/Shared/checkout")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowgroup").get_by_role("row")).to_have_count(1)
    expect(field).to_have_count(0)

    page.get_by_role("rowgroup").get_by_role("row").click()
    expect(page.get_by_role("tab", name="Chat")).to_be_visible()
    trace_id = page.url.split("/traces/")[1][:32]
    _open_palette(page)
    page.keyboard.type("all traces called")
    expect(page.get_by_role("option", selected=True)).to_contain_text("All traces called chat")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page).to_have_url(re.compile("/overview"))

    page.get_by_role("button", name="Command palette").click()
    field.fill(f"tr-{trace_id}")
    page.get_by_role("option", name="Open trace").click()
    expect(page).to_have_url(re.compile(f"/traces/{trace_id}"))

    _open_palette(page)
    page.keyboard.type("theme dark")
    expect(page.get_by_role("option", selected=True)).to_contain_text("dark", ignore_case=True)
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_the_list_of_keys_names_those_of_the_list_and_of_a_trace(two_traces: str, page: Page) -> None:
    page.goto(two_traces)
    expect(page.get_by_role("rowgroup").get_by_role("row")).to_have_count(2)
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    for words in ("Command palette", "Go to Settings", "Choose the row", "The trace above, the trace below"):
        expect(dialog.get_by_text(words, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("Newer", exact=True).click()
    expect(page.get_by_role("tabpanel")).to_contain_text("Newer answer")
    page.keyboard.press("]")
    expect(page.get_by_role("tabpanel")).to_contain_text("Older answer")
