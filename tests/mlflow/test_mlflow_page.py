"""MLflow's own page shows what Outcrop sent: the tree, and the conversation as a chat."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

import outcrop
from outcrop.testing import BedrockEmulator
from tests.browser.conftest import browser
from tests.mlflow.agent_program import CLAUDE, NOVA, agent, script
from tests.mlflow.sending import sending

__all__ = ["browser", "sending"]

PATIENCE_MS = 60_000


@pytest.mark.usefixtures("sending")
def test_its_trace_view_shows_the_tree_and_the_chat(
    bedrock_emulator: BedrockEmulator, browser: Browser
) -> None:
    script(bedrock_emulator)
    client = bedrock_emulator.client()
    agent(client, "How warm is it in Oslo?")
    client.close()
    trace = outcrop.get_trace(outcrop.get_last_active_trace_id() or "")
    assert trace is not None
    assert trace.page_url is not None
    page = browser.new_page(viewport={"width": 1600, "height": 1000}, locale="en-US")
    # Its page is large, and the first request starts the server's workers.
    page.set_default_timeout(PATIENCE_MS)
    try:
        page.goto(trace.page_url)
        shown = page.locator("body")
        expect(shown).to_contain_text("get_weather", timeout=PATIENCE_MS)
        expect(shown).to_contain_text("109 tokens")
        expect(shown).to_contain_text("session-1")
        # The second call of the model: what was asked, the tool that it asked for, its result, the answer.
        page.get_by_text(CLAUDE).nth(1).click()
        expect(shown).to_contain_text("53 tokens")
        expect(page.get_by_text("User", exact=True).first).to_be_visible()
        expect(page.get_by_text("Tool calls")).to_be_visible()
        expect(page.get_by_text("Assistant", exact=True).last).to_be_visible()
        expect(page.get_by_text("Click to Expand").first).to_be_visible()
        # The merged answer of a stream, and its pieces as events.
        page.get_by_text(NOVA).first.click()
        expect(page.get_by_text("Wear a coat.").last).to_be_visible()
        page.get_by_text("Events", exact=True).first.click()
        expect(shown).to_contain_text("contentBlockDelta")
    finally:
        page.close()
